"""``develop.watch`` as watches: each rule has a folder, patterns in it, what its change sets off, and where it goes."""

import shlex
from pathlib import Path
from typing import Any

from meshdev.topology.compose import keys
from meshdev.topology.compose.keys import meant
from meshdev.topology.compose.nodes import Node
from meshdev.topology.compose.sheet import Page, truth

_ACTIONS = ("rebuild", "restart", "sync", "sync+exec", "sync+restart")


def develop(page: Page, _key: str, node: Node) -> None:
    """The rules, in the file's order."""
    for _name, entry in meant(node, keys.DEVELOP, f"{page.shown}.develop", page.report):
        found = [_watch(page, item) for item in entry.elements]
        page.put("watch", [rule for rule in found if rule is not None], entry)


def _watch(page: Page, node: Node) -> dict[str, Any] | None:
    path = f"{page.shown}.develop.watch"
    entries = dict(meant(node, keys.WATCH, path, page.report))
    action = entries["action"].text if "action" in entries else ""
    if action not in _ACTIONS:
        page.refuse(entries.get("action", node), "develop.watch.action", " | ".join(_ACTIONS))
        return None
    if action.startswith("sync") and "target" not in entries:
        page.refuse(node, "develop.watch", "a target for what is synced")
        return None
    place = Path(entries["path"].text)
    is_file = place.is_file()
    base = place.parent if is_file else place
    table: dict[str, Any] = {"base": page.sheet.relative(str(base)), "paths": _patterns(page, entries, place)}
    if "ignore" in entries:
        table["ignore"] = [page.sheet.text(item) for item in entries["ignore"].elements]
    table["action"] = (
        action if action != "sync+exec" else f"sync+exec:{_command(page, entries.get('exec'), path)}"
    )
    if "target" in entries and action.startswith("sync"):
        table["target"] = _target(page, entries["target"], place)
    if "initial_sync" in entries and truth(entries["initial_sync"]):
        table["initial_sync"] = True
    return table


def _patterns(page: Page, entries: dict[str, Node], place: Path) -> list[str]:
    if place.is_file():
        return [place.name]
    if "include" in entries:
        return [page.sheet.text(item) for item in entries["include"].elements]
    return ["**"]


def _target(page: Page, node: Node, place: Path) -> str:
    """The folder that it goes to; a single file keeps its name there."""
    target = page.sheet.text(node)
    if not place.is_file():
        return target
    folder, _, name = target.rpartition("/")
    if name and name != place.name:
        message = f"{page.shown}.develop.watch.target: a file that is synced keeps its name"
        page.report.note(node.where, message, f"instead: {folder}/{place.name}")
    return folder or "/"


def _command(page: Page, node: Node | None, path: str) -> str:
    command = None
    for _name, entry in meant(node, keys.WATCH_EXEC, f"{path}.exec", page.report) if node else ():
        command = entry
    if command is None:
        page.refuse(
            node or Node(None, page.sheet.places["services", page.name]), "develop.watch.exec", "a command"
        )
        return "true"
    if isinstance(command.value, tuple):
        return shlex.join(item.text for item in command.elements)
    return command.text
