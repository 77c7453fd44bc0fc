"""Two files as one, by Compose's rules of merging. Both are canonical already (`canonical`).

- A mapping takes the entries of the later one, key by key; null takes nothing away.
- A list is appended to, without what it has already. Mounts, secrets, configs and devices are known by their target,
  ports by address, both numbers and protocol: a later one takes the place of the same.
- ``command``, ``entrypoint`` and a healthcheck's ``test`` are replaced. So are the options of ``logging`` when the
  driver is another.
- ``!reset`` takes away what an earlier file said, ``!override`` replaces it.
"""

from collections.abc import Callable, Mapping

from meshdev.topology.compose.nodes import Node, Report, Tag, plain

Path = tuple[str, ...]


def merge(base: Node | None, over: Node, report: Report, path: Path = ()) -> Node | None:
    """``over`` laid over ``base``; None when nothing is left of it."""
    if over.tag is Tag.RESET:
        return None
    if over.tag is Tag.OVERRIDE or base is None:
        return without_tags(Node(over.value, over.where, raw=over.raw))
    if isinstance(base.value, dict) and isinstance(over.value, dict):
        return _mappings(base, over, report, path)
    if isinstance(base.value, tuple) and isinstance(over.value, tuple) and not _replaced(path):
        return _lists(base, over, path)
    return _instead(base, over, report, path)


def _instead(base: Node, over: Node, report: Report, path: Path) -> Node:
    """The later of two values of which at least one is a scalar."""
    if over.value is None and not _null_counts(path):
        return base
    if _kind(base) != _kind(over) and not _replaced(path):
        message = f"{'.'.join(path)}: another kind of value than at {base.where}"
        report.complain(over.where, message, "!override replaces it")
        return base
    return over


def _kind(node: Node) -> type:
    return type(node.value) if isinstance(node.value, dict | tuple) else str


def without_tags(node: Node) -> Node | None:
    """``node`` where there was nothing before: what is reset in it is not there."""
    if node.tag is Tag.RESET:
        return None
    match node.value:
        case dict():
            kept = {name: without_tags(entry) for name, entry in node.value.items()}
            return Node({name: entry for name, entry in kept.items() if entry is not None}, node.where)
        case tuple():
            items = (without_tags(entry) for entry in node.value)
            return Node(tuple(entry for entry in items if entry is not None), node.where)
        case _:
            return Node(node.value, node.where, raw=node.raw)


def _mappings(base: Node, over: Node, report: Report, path: Path) -> Node:
    before: Mapping[str, Node] = base.entries
    if path[2:] == ("logging",) and _text(base, "driver") != (_text(over, "driver") or _text(base, "driver")):
        before = {name: entry for name, entry in before.items() if name != "options"}
    merged = dict(before)
    for name, entry in over.entries.items():
        made = merge(merged.get(name), entry, report, (*path, name))
        if made is None:
            merged.pop(name, None)
        else:
            merged[name] = made
    return Node(merged, base.where)


def _lists(base: Node, over: Node, path: Path) -> Node:
    key = _KEYS.get(path[2:], _whole) if path[:1] == ("services",) else _whole
    merged: dict[object, Node] = {}
    for node in (*base.elements, *over.elements):
        made = without_tags(node)
        if made is not None:
            merged[key(node)] = made
    return Node(tuple(merged.values()), base.where)


def _text(node: Node, key: str) -> str:
    found = node.get(key)
    return "" if found is None else found.text


def _whole(node: Node) -> object:
    return repr(plain(node))


def _target(node: Node) -> object:
    return _text(node, "target") or _whole(node)


def _secret(node: Node) -> object:
    return (_text(node, "target") or f"/run/secrets/{_text(node, 'source')}").removeprefix("/run/secrets/")


def _config(node: Node) -> object:
    return _text(node, "target") or f"/{_text(node, 'source')}"


def _port(node: Node) -> object:
    protocol = _text(node, "protocol") or "tcp"
    return (_text(node, "host_ip"), _text(node, "published"), _text(node, "target"), protocol)


def _device(node: Node) -> object:
    return _target(node) if node.entries else (node.text.split(":") * 2)[1]


def _env_file(node: Node) -> object:
    return _text(node, "path")


_KEYS: Mapping[Path, Callable[[Node], object]] = {
    ("volumes",): _target,
    ("ports",): _port,
    ("secrets",): _secret,
    ("configs",): _config,
    ("devices",): _device,
    ("env_file",): _env_file,
}
_REPLACED = (("command",), ("entrypoint",), ("healthcheck", "test"))


def _replaced(path: Path) -> bool:
    return path[:1] == ("services",) and path[2:] in _REPLACED


def _null_counts(path: Path) -> bool:
    """Where null is a value: a variable that comes from outside, a command that is the image's again."""
    return path[2:3] == ("environment",) or path[2:4] == ("build", "args") or _replaced(path)
