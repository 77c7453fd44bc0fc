"""The sections beside the services: networks, volumes, secrets, configs, and the project's name."""

from collections.abc import Callable, Mapping
from typing import Any

from meshdev.topology.compose import keys
from meshdev.topology.compose.keys import Unmeant, meant
from meshdev.topology.compose.nodes import Node
from meshdev.topology.compose.sheet import Sheet, pairs, truth
from meshdev.topology.nearest import did_you_mean

_FLAGS = ("internal", "attachable", "enable_ipv4", "enable_ipv6")


def sections(sheet: Sheet, tree: Node) -> None:
    """Put every section that is not empty on the sheet."""
    _section(sheet, tree, "networks", _network)
    _section(sheet, tree, "volumes", _volume)
    _section(sheet, tree, "secrets", _secret)
    _section(sheet, tree, "configs", _config)
    _declared(sheet, tree)


def _section(
    sheet: Sheet, tree: Node, section: str, table: Callable[[Sheet, str, Node], dict[str, Any]]
) -> None:
    written = tree.get(section)
    for name, entry in written.entries.items() if written else ():
        if name.startswith("x-"):
            continue
        sheet.tree.setdefault(section, {})[name] = table(sheet, f"{section}.{name}", entry)
        sheet.place((section, name), entry)


def _table(sheet: Sheet, path: str, node: Node, known: Mapping[str, Unmeant | None]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for key, entry in meant(node, known, path, sheet.report):
        if key == "external":
            _external(table, sheet, entry)
        elif key in _FLAGS:
            said = truth(entry)
            if said or (said is False and key.startswith("enable")):
                table[key] = said
        elif key in ("driver_opts", "labels"):
            if entry.entries:
                table[key] = pairs(sheet, entry)
        elif key == "file":
            table[key] = sheet.relative(entry.text)
        elif key == "ipam":
            table[key] = _ipam(sheet, path, entry)
        else:
            table[key] = sheet.text(entry)
    return table


def _external(table: dict[str, Any], sheet: Sheet, node: Node) -> None:
    """True, or in the older form a mapping with the name."""
    name = node.get("name")
    if name is not None:
        table["name"] = sheet.text(name)
    if node.entries or truth(node):
        table["external"] = True


def _network(sheet: Sheet, path: str, node: Node) -> dict[str, Any]:
    return _table(sheet, path, node, keys.NETWORK)


def _volume(sheet: Sheet, path: str, node: Node) -> dict[str, Any]:
    return _table(sheet, path, node, keys.VOLUME)


def _secret(sheet: Sheet, path: str, node: Node) -> dict[str, Any]:
    return _table(sheet, path, node, keys.SECRET)


def _config(sheet: Sheet, path: str, node: Node) -> dict[str, Any]:
    return _table(sheet, path, node, keys.CONFIG)


def _ipam(sheet: Sheet, path: str, node: Node) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for key, entry in meant(node, keys.IPAM, f"{path}.ipam", sheet.report):
        if key == "config":
            table[key] = [_pool(sheet, path, item) for item in entry.elements]
        else:
            table[key] = pairs(sheet, entry) if entry.entries else sheet.text(entry)
    return table


def _pool(sheet: Sheet, path: str, node: Node) -> dict[str, Any]:
    return {
        key: pairs(sheet, entry) if entry.entries else sheet.text(entry)
        for key, entry in meant(node, keys.IPAM_POOL, f"{path}.ipam.config", sheet.report)
    }


def _declared(sheet: Sheet, tree: Node) -> None:
    """A named volume must be declared, as in Compose."""
    volumes = tree.get("volumes")
    known = set(volumes.entries) if volumes else set()
    services = tree.get("services")
    for name, service in services.entries.items() if services else ():
        mounts = service.get("volumes")
        for item in mounts.elements if mounts else ():
            source = item.get("source")
            kind = item.get("type")
            if source is not None and kind is not None and kind.text == "volume" and source.text not in known:
                message = f'services.{name}.volumes: there is no volume "{source.text}"'
                hint = did_you_mean(source.text, known) if known else f"volumes: {{ {source.text}: }}"
                sheet.report.complain(item.where, message, hint)
