"""What a service shares: mounts, secrets and configs, devices, networks."""

from typing import Any

from meshdev.topology.compose import keys
from meshdev.topology.compose.keys import meant
from meshdev.topology.compose.nodes import Node
from meshdev.topology.compose.sheet import Page, number, pairs, truth

_SHORT = {"type", "source", "target", "read_only"}


def volumes(page: Page, key: str, node: Node) -> None:
    """Each mount in its short form, where that says everything."""
    found = [_mount(page, item) for item in node.elements]
    page.put(key, [entry for entry in found if entry is not None], node)


def _mount(page: Page, node: Node) -> str | dict[str, Any] | None:
    path = f"{page.shown}.volumes"
    entries = dict(meant(node, keys.MOUNT, path, page.report))
    kind = entries["type"].text if "type" in entries else "volume"
    if "target" not in entries:
        page.refuse(node, "volumes", "a mount with its target")
        return None
    if kind not in ("bind", "volume", "tmpfs"):
        message = f"{path}: mounts of type {kind} are not made"
        page.report.note(node.where, message, "instead: bind, volume or tmpfs")
        return None
    table: dict[str, Any] = {"type": kind}
    if "source" in entries:
        source = entries["source"]
        table["source"] = (
            page.sheet.relative(source.text, dotted=True) if kind == "bind" else page.sheet.text(source)
        )
    table["target"] = page.sheet.text(entries["target"])
    if "read_only" in entries and truth(entries["read_only"]):
        table["read_only"] = True
    for name, known in (("bind", keys.BIND), ("volume", keys.VOLUME_OPTIONS), ("tmpfs", keys.TMPFS)):
        more = _options(page, entries[name], known, f"{path}.{name}") if name in entries else {}
        if more:
            table[name] = more
    return _short(table) if _is_short(table) else table


def _options(page: Page, node: Node, known: Any, path: str) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for name, entry in meant(node, known, path, page.report):
        said = truth(entry)
        if name in ("create_host_path", "nocopy") and said is not None:
            if said is not (name == "create_host_path"):
                table[name] = said
        elif isinstance(entry.value, int) and not isinstance(entry.value, bool):
            table[name] = entry.value
        else:
            table[name] = page.sheet.text(entry)
    return table


def _is_short(table: dict[str, Any]) -> bool:
    source = table.get("source", "")
    return (
        set(table) <= _SHORT
        and table["type"] != "tmpfs"
        and ":" not in source + table["target"].replace("$$", "")
    )


def _short(table: dict[str, Any]) -> str:
    source = f"{table['source']}:" if table.get("source") else ""
    return f"{source}{table['target']}{':ro' if table.get('read_only') else ''}"


def grants(page: Page, key: str, node: Node) -> None:
    """Secrets and configs by name, or with where they lie."""
    found = [grant(page, key, item) for item in node.elements]
    page.put(key, [entry for entry in found if entry is not None], node)


def grant(page: Page, key: str, node: Node) -> str | dict[str, Any] | None:
    """One grant; its name alone when nothing else is said."""
    table: dict[str, Any] = {}
    for name, entry in meant(node, keys.GRANT, f"{page.shown}.{key}", page.report):
        if name == "mode" and isinstance(entry.value, int):
            table[name] = f"0{entry.value:o}"
        else:
            table[name] = page.sheet.text(entry)
    if "source" not in table:
        return None
    return str(table["source"]) if set(table) == {"source"} else table


def devices(page: Page, key: str, node: Node) -> None:
    """Devices in their short form; those of CDI have no other."""
    found = []
    for item in node.elements:
        source, target, permissions = (item.get(it) for it in ("source", "target", "permissions"))
        if not item.entries:
            found.append(page.sheet.text(item))
        elif source is None:
            page.refuse(item, key, "a device with its source")
        else:
            parts = [source, target or source, *([permissions] if permissions else [])]
            found.append(":".join(page.sheet.text(part) for part in parts))
    if found:
        page.put(key, found, node)


def gpus(page: Page, key: str, node: Node) -> None:
    """Devices by capability."""
    found = device_requests(page, node, key)
    if found:
        page.put(key, "all" if found == [{"count": "all"}] else found, node)


def device_requests(page: Page, node: Node, path: str) -> list[dict[str, Any]]:
    """The requests of ``gpus``, or of ``deploy.resources.reservations.devices``."""
    found = []
    for item in node.elements:
        table: dict[str, Any] = {}
        for name, entry in meant(item, keys.DEVICE_REQUEST, f"{page.shown}.{path}", page.report):
            if name == "options":
                table[name] = pairs(page.sheet, entry)
            elif name == "count":
                count = number(entry)
                table[name] = "all" if count is None else int(count)
            elif isinstance(entry.value, tuple):
                table[name] = [page.sheet.text(part) for part in entry.elements]
            else:
                table[name] = page.sheet.text(entry)
        found.append(table)
    return found


def networks(page: Page, key: str, node: Node) -> None:
    """Names alone, unless one of them says more."""
    found: dict[str, dict[str, Any]] = {}
    for name, entry in node.entries.items():
        table: dict[str, Any] = {}
        for inner, value in meant(entry, keys.NETWORK_LINK, f"{page.shown}.networks.{name}", page.report):
            if inner in ("priority", "gw_priority"):
                table[inner] = int(number(value) or 0)
            elif inner == "driver_opts":
                table[inner] = pairs(page.sheet, value)
            elif isinstance(value.value, tuple):
                table[inner] = [page.sheet.text(part) for part in value.elements]
            else:
                table[inner] = page.sheet.text(value)
        found[name] = table
    if found:
        page.put(key, found if any(found.values()) else list(found), node)
