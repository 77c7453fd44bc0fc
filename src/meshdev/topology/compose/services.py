"""One service of a Compose project as a node of meshdev.toml. Most keys have the same name and the same meaning.

`_RULES` says what becomes of each key; those with a room of their own are in `mounting`, `deploying`, `listening`,
`building`. What a Compose file leaves unsaid is said here as Compose means it: no restart, ten seconds to stop.
"""

from collections.abc import Callable

from meshdev.kernel.quantity import QuantityError, parse_duration
from meshdev.topology.compose import building, deploying, keys, mounting, watching
from meshdev.topology.compose.keys import meant
from meshdev.topology.compose.nodes import Node, plain
from meshdev.topology.compose.sheet import Page, Sheet, number, pairs, truth

Rule = Callable[[Page, str, Node], None]
_CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")
_PROBE_DEFAULTS = {"interval": "30s", "timeout": "30s"}
_PROBE_SECONDS = 30.0
_SLOWEST_START = "10m"


def node_name(name: str) -> str:
    """A service's name as a node's: Compose also allows dots."""
    return name.replace(".", "-")


def service(sheet: Sheet, name: str, node: Node) -> None:
    """Put the service on the sheet."""
    key = node_name(name)
    page = Page(sheet, key, f"services.{name}", {})
    sheet.tree.setdefault("services", {})[key] = page.table
    sheet.places["services", key] = node.where
    if key != name:
        page.report.note(
            node.where, f'services.{name}: is called "{key}" here', "its containers are still found by both"
        )
    for rule_key, entry in meant(node, keys.SERVICE, page.shown, page.report):
        rule = _RULES.get(rule_key)
        if rule is not None:
            rule(page, rule_key, entry)
    image = node.get("image")
    if not (image and image.text) and "build" not in page.table and not _runs_otherwise(node):
        plugin = node.get("provider") is not None
        message = "is run by a plugin of Compose" if plugin else "has neither image nor build"
        hint = "x-meshdev: { url: http://… } for what runs elsewhere" if plugin else "image: nginx"
        page.report.complain(node.where, f"{page.shown}: {message}", hint)
        page.table["image"] = ""  # told once
    _defaults(page, node)


def _runs_otherwise(node: Node) -> bool:
    """Whether ``x-meshdev`` says what it is instead."""
    more = node.entries.get(keys.EXTENSION)
    return more is not None and any(
        key in more.entries for key in ("url", "command", "image", "build", "stub")
    )


def _defaults(page: Page, node: Node) -> None:
    """What a Compose file does not say, and means otherwise than meshdev.toml."""
    if "restart" not in page.table:
        page.put("restart", "no", Node(None, node.where))
    if "stop_grace_period" not in page.table:
        page.put("stop_grace_period", "10s", Node(None, node.where))
    if "healthcheck" not in page.table:
        page.put("ready_timeout", _SLOWEST_START, Node(None, node.where))


def _text(page: Page, key: str, node: Node) -> None:
    page.text(key, node)


def _texts(page: Page, key: str, node: Node) -> None:
    page.texts(key, node)


def _pairs(page: Page, key: str, node: Node) -> None:
    page.pairs(key, node)


def _flag(page: Page, key: str, node: Node) -> None:
    page.flag(key, node)


def _whole(page: Page, key: str, node: Node) -> None:
    page.whole(key, node)


def _size(page: Page, key: str, node: Node) -> None:
    page.put(key, node.value if isinstance(node.value, int) else page.sheet.text(node), node)


def _microseconds(page: Page, key: str, node: Node) -> None:
    """A number of microseconds, or a duration."""
    value = number(node)
    try:
        page.put(key, int(value) if value is not None else round(parse_duration(node.text) * 1_000_000), node)
    except QuantityError:
        page.refuse(node, key, "microseconds, or a duration such as 400ms")


def _line(page: Page, key: str, node: Node) -> None:
    """A command: a line or a list; an empty one takes away the image's."""
    if isinstance(node.value, dict):
        page.refuse(node, key, "a line, or a list of words")
    elif isinstance(node.value, tuple):
        page.put(key, [page.sheet.text(item) for item in node.elements], node)
    elif not node.text.strip():
        page.put(key, [], node)
    else:
        page.text(key, node)


def _environment(page: Page, key: str, node: Node) -> None:
    """A table; as a list when some variable comes from outside, which only a list can say."""
    if any(entry.value is None for entry in node.entries.values()):
        listed = [
            name if entry.value is None else f"{name}={page.sheet.text(entry)}"
            for name, entry in node.entries.items()
        ]
        page.put(key, listed, Node(tuple(node.entries.values()), node.where))
    elif node.entries:
        page.pairs(key, node)


def _env_files(page: Page, key: str, node: Node) -> None:
    files = []
    for item in node.elements:
        entries = dict(meant(item, keys.ENV_FILE, f"{page.shown}.env_file", page.report))
        form = "raw" if "format" in entries and entries["format"].text == "raw" else "compose"
        table: dict[str, object] = {"path": page.sheet.relative(entries["path"].text), "format": form}
        if "required" in entries and truth(entries["required"]) is False:
            table["required"] = False
        files.append(table)
    page.put(key, files, node)


def _dependencies(page: Page, key: str, node: Node) -> None:
    found: dict[str, object] = {}
    places = {}
    for name, entry in node.entries.items():
        if name.startswith("x-"):
            continue
        table: dict[str, object] = {}
        for inner, value in meant(entry, keys.DEPENDENCY, f"{page.shown}.depends_on.{name}", page.report):
            if inner == "condition":
                if value.text not in _CONDITIONS:
                    page.refuse(value, f"depends_on.{name}.condition", " | ".join(_CONDITIONS))
                else:
                    table["condition"] = _condition(value.text)
            elif (said := truth(value)) is None:
                page.refuse(value, f"depends_on.{name}.{inner}", "true or false")
            elif said is not (inner == "required"):
                table[inner] = said
        short = table.get("condition", "started") if set(table) <= {"condition"} else table
        found[node_name(name)] = short
        places[node_name(name)] = entry
    if found:
        page.put(key, found, Node(places, node.where))


def _condition(word: str) -> str:
    return "completed" if word.startswith("service_completed") else word.removeprefix("service_")


def _healthcheck(page: Page, key: str, node: Node) -> None:
    entries = dict(meant(node, keys.HEALTHCHECK, f"{page.shown}.healthcheck", page.report))
    test = entries.get("test")
    disabled = "disable" in entries and truth(entries["disable"])
    if disabled or (test is not None and plain(test) in ("NONE", ["NONE"])):
        page.put(key, value=False, node=node)
        return
    table: dict[str, object] = {}
    for name, entry in entries.items():
        if name == "retries":
            value = number(entry)
            if value is None or value < 1:
                page.refuse(entry, "healthcheck.retries", "a whole number")
            else:
                table[name] = int(value)
        elif name == "test":
            listed = [page.sheet.text(item) for item in entry.elements]
            table[name] = listed if isinstance(entry.value, tuple) else page.sheet.text(entry)
        elif name != "disable":
            table[name] = page.sheet.text(entry)
    if test is not None:
        table = {**_PROBE_DEFAULTS, **table}
        if (patience := _patience(entries)) != "60s":
            table["ready_timeout"] = patience
    page.put(key, table, node)


def _patience(entries: dict[str, Node]) -> str:
    """As long as Compose would wait until it is unhealthy, and no less than a minute."""

    def seconds(key: str, default: float) -> float:
        try:
            return parse_duration(entries[key].text) if key in entries else default
        except QuantityError:
            return default

    tries = (number(entries["retries"]) if "retries" in entries else None) or 3
    longest = seconds("start_period", 0.0) + tries * seconds("interval", _PROBE_SECONDS)
    return f"{max(60, round(longest))}s"


def _restart(page: Page, key: str, node: Node) -> None:
    if node.value is False:  # a plain no, as YAML 1.1 read it
        page.put(key, "no", node)
    else:
        page.put(key, page.sheet.text(node), node)


def _network_mode(page: Page, key: str, node: Node) -> None:
    """``bridge`` is what a container has without a word, on a network of the system."""
    if node.text in ("bridge", "default"):
        hint = "instead: networks; containers find each other by name there"
        page.report.note(node.where, f"{page.shown}.{key}: the engine's own bridge is not used", hint)
    else:
        page.text(key, node)


def _ulimits(page: Page, key: str, node: Node) -> None:
    found: dict[str, object] = {}
    for name, entry in node.entries.items():
        values = dict(meant(entry, keys.ULIMIT, f"{page.shown}.ulimits.{name}", page.report))
        soft, hard = (number(values[it]) if it in values else None for it in ("soft", "hard"))
        if soft is None or hard is None:
            page.refuse(entry, f"ulimits.{name}", "a number, or soft and hard")
        else:
            found[name] = int(soft) if soft == hard else {"soft": int(soft), "hard": int(hard)}
    if found:
        page.put(key, found, node)


def _logging(page: Page, key: str, node: Node) -> None:
    table: dict[str, object] = {}
    for name, entry in meant(node, keys.LOGGING, f"{page.shown}.logging", page.report):
        table[name] = page.sheet.text(entry) if name == "driver" else pairs(page.sheet, entry)
    page.put(key, table, node)


def _links(page: Page, key: str, node: Node) -> None:
    """``db:database``; the service may have another name here."""
    found = []
    for item in node.elements:
        name, _, alias = item.text.partition(":")
        found.append(f"{node_name(name)}:{alias or name}" if alias or node_name(name) != name else name)
    if found:
        page.put(key, found, node)


_RULES: dict[str, Rule] = {
    **dict.fromkeys(("image", "user", "working_dir", "hostname", "domainname", "container_name"), _text),
    **dict.fromkeys(("mac_address", "platform", "runtime", "stop_signal", "stop_grace_period"), _text),
    **dict.fromkeys(("pid", "ipc", "uts", "cgroup", "cgroup_parent", "userns_mode", "cpuset"), _text),
    "pull_policy": _text,
    **dict.fromkeys(
        ("group_add", "dns", "dns_search", "dns_opt", "cap_add", "cap_drop", "security_opt"), _texts
    ),
    **dict.fromkeys(("device_cgroup_rules", "volumes_from", "external_links", "tmpfs", "profiles"), _texts),
    **dict.fromkeys(("expose", "extra_hosts"), _texts),
    **dict.fromkeys(("labels", "annotations", "sysctls", "storage_opt"), _pairs),
    **dict.fromkeys(("init", "privileged", "read_only", "tty", "stdin_open", "oom_kill_disable"), _flag),
    **dict.fromkeys(("pids_limit", "mem_swappiness", "oom_score_adj", "cpu_shares"), _whole),
    **dict.fromkeys(("cpu_quota", "cpu_period", "cpu_rt_runtime", "cpu_rt_period"), _microseconds),
    **dict.fromkeys(("shm_size", "mem_reservation", "memswap_limit"), _size),
    **dict.fromkeys(("command", "entrypoint"), _line),
    "environment": _environment,
    "env_file": _env_files,
    "depends_on": _dependencies,
    "healthcheck": _healthcheck,
    "restart": _restart,
    "network_mode": _network_mode,
    "ulimits": _ulimits,
    "logging": _logging,
    "links": _links,
    "build": building.build,
    "secrets": mounting.grants,
    "configs": mounting.grants,
    "volumes": mounting.volumes,
    "devices": mounting.devices,
    "gpus": mounting.gpus,
    "networks": mounting.networks,
    "mem_limit": deploying.memory,
    "cpus": deploying.cpus,
    "scale": deploying.scale,
    "deploy": deploying.deploy,
    "develop": watching.develop,
}
