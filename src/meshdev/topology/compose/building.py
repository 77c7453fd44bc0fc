"""``build`` of a service as the table of meshdev.toml: paths from the project's folder, secrets as grants."""

from typing import Any

from meshdev.topology.compose import keys
from meshdev.topology.compose.keys import meant
from meshdev.topology.compose.mounting import grant
from meshdev.topology.compose.nodes import Node
from meshdev.topology.compose.sheet import Page, Sheet, pairs, truth

_FLAGS = ("no_cache", "pull", "privileged")
_LISTS = ("cache_from", "cache_to", "ssh", "tags", "platforms", "extra_hosts")


def build(page: Page, key: str, node: Node) -> None:
    """A folder alone when nothing else is said."""
    table: dict[str, Any] = {}
    for name, entry in meant(node, keys.BUILD, f"{page.shown}.build", page.report):
        value = _value(page, name, entry)
        if value not in (None, [], {}):
            table[name] = value
    page.put(key, table["context"] if set(table) == {"context"} else table, node)


def _value(page: Page, name: str, entry: Node) -> Any:
    sheet = page.sheet
    match name:
        case "context":
            kept = sheet.references and entry.raw is not None
            value: Any = sheet.text(entry) if kept else sheet.relative(entry.text)
        case "args":
            value = _arguments(sheet, entry)
        case "additional_contexts":
            value = {key: sheet.relative(it.text) for key, it in entry.entries.items()}
        case "labels":
            value = pairs(sheet, entry)
        case "secrets":
            value = [
                found for it in entry.elements if (found := grant(page, "build.secrets", it)) is not None
            ]
        case _ if name in _LISTS:
            value = [sheet.text(item) for item in entry.elements]
        case _ if name in _FLAGS:
            value = truth(entry) or None
            if truth(entry) is None:
                page.refuse(entry, f"build.{name}", "true or false")
        case _:
            value = sheet.text(entry)
    return value


def _arguments(sheet: Sheet, entry: Node) -> dict[str, str]:
    """An argument without a value comes from outside, if it is set there."""
    found = {}
    for name, value in entry.entries.items():
        if value.value is not None:
            found[name] = sheet.text(value)
        elif name in sheet.variables:
            found[name] = (
                f"${{{name}-}}" if sheet.references else sheet.text(Node(sheet.variables[name], value.where))
            )
    return found
