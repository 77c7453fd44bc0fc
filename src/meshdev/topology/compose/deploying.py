"""``deploy`` and the older keys of the same meaning: replicas, limits and reservations, restarts."""

from typing import Any

from meshdev.kernel.quantity import QuantityError, parse_duration
from meshdev.topology.compose import keys
from meshdev.topology.compose.keys import meant
from meshdev.topology.compose.mounting import device_requests
from meshdev.topology.compose.nodes import Node
from meshdev.topology.compose.sheet import Page, number

_CONDITIONS = {"none": "no", "on-failure": "on-failure", "any": "always"}
_NO_END = "365d"


def memory(page: Page, _key: str, node: Node) -> None:
    """``mem_limit``."""
    _limit(page, "memory", node.value if isinstance(node.value, int) else page.sheet.text(node), node)


def cpus(page: Page, _key: str, node: Node) -> None:
    """``cpus``; 0 is no limit."""
    value = number(node)
    if value is None:
        page.refuse(node, "cpus", "a number such as 0.5")
    elif value:
        _limit(page, "cpus", value, node)


def _limit(page: Page, key: str, value: Any, node: Node) -> None:
    page.put("limits", {**page.table.get("limits", {}), key: value}, node)


def scale(page: Page, _key: str, node: Node) -> None:
    """``scale`` is ``replicas``."""
    page.whole("replicas", node)


def deploy(page: Page, _key: str, node: Node) -> None:
    """What a swarm would do, as far as one machine can."""
    path = f"{page.shown}.deploy"
    for name, entry in meant(node, keys.DEPLOY, path, page.report):
        match name:
            case "replicas":
                page.whole("replicas", entry)
            case "mode":
                _mode(page, entry)
            case "resources":
                _resources(page, entry, path)
            case _:
                _restarts(page, entry, path)


def _mode(page: Page, node: Node) -> None:
    if node.text.endswith("-job"):
        page.put("one_shot", value=True, node=node)
    if node.text.startswith("global"):
        message = f"{page.shown}.deploy.mode: there is one machine, so global is one instance"
        page.report.note(node.where, message, "instead: replicas")


def _resources(page: Page, node: Node, path: str) -> None:
    for part, table in meant(node, keys.RESOURCES, f"{path}.resources", page.report):
        known = keys.RESOURCE_LIMITS if part == "limits" else keys.RESERVATIONS
        for name, entry in meant(table, known, f"{path}.resources.{part}", page.report):
            _resource(page, part, name, entry)


def _resource(page: Page, part: str, name: str, entry: Node) -> None:
    match part, name:
        case "limits", "memory":
            memory(page, name, entry)
        case "limits", "cpus":
            cpus(page, name, entry)
        case "limits", "pids":
            page.whole("pids_limit", entry)
        case "reservations", "memory":
            page.put(
                "mem_reservation",
                entry.value if isinstance(entry.value, int) else page.sheet.text(entry),
                entry,
            )
        case "reservations", "cpus":
            value = number(entry)
            if value is None or value <= 0:
                page.refuse(entry, "deploy.resources.reservations.cpus", "a number > 0")
            else:
                page.put("cpu_reservation", value, entry)
        case _:
            page.put("gpus", device_requests(page, entry, "deploy.resources.reservations.devices"), entry)


def _restarts(page: Page, node: Node, path: str) -> None:
    """``restart_policy``: so many attempts in the time, with a pause before each."""
    entries = dict(meant(node, keys.RESTART_POLICY, f"{path}.restart_policy", page.report))
    table: dict[str, Any] = {"policy": "always"}
    if "condition" in entries:
        word = entries["condition"].text
        if word not in _CONDITIONS:
            page.refuse(entries["condition"], "deploy.restart_policy.condition", " | ".join(_CONDITIONS))
        table["policy"] = _CONDITIONS.get(word, "always")
    attempts = number(entries["max_attempts"]) if "max_attempts" in entries else None
    if attempts is not None and attempts >= 0:
        table["burst"] = int(attempts) + 1
        table["window"] = _NO_END
    if "delay" in entries:
        table["backoff"] = page.sheet.text(entries["delay"])
    if "window" in entries and _seconds(entries["window"]):
        table["healthy_after"] = page.sheet.text(entries["window"])
    page.put("restart", table["policy"] if set(table) == {"policy"} else table, node)


def _seconds(node: Node) -> float:
    try:
        return parse_duration(node.text)
    except QuantityError:
        return 1.0  # refused where durations are read
