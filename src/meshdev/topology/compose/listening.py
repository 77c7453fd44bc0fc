"""Endpoints and published ports of a service, from ``ports``, ``expose`` and the edges that lead to it."""

import re
from collections.abc import Mapping
from typing import Any

from meshdev.topology.compose import keys
from meshdev.topology.compose.keys import meant
from meshdev.topology.compose.nodes import Node
from meshdev.topology.compose.protocols import guess, of_image
from meshdev.topology.compose.sheet import Page, number
from meshdev.topology.listening import PROTOCOLS
from meshdev.topology.model import Inferred

_LOOPBACK = ("", "127.0.0.1", "localhost", "::1", "0.0.0.0", "::")  # noqa: S104 -- what is written, not what is bound
_EXPOSE = re.compile(r"^\s*EXPOSE\s+(.+)$", re.IGNORECASE | re.MULTILINE)
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 -- as above


def said_ports(node: Node) -> dict[int, str]:
    """The TCP ports that a service says it listens on, and their protocols where written."""
    found: dict[int, str] = {}
    for item in _elements(node, "ports"):
        target = number(item.entries["target"]) if "target" in item.entries else None
        protocol = item.get("protocol")
        if target is not None and (protocol is None or protocol.text == "tcp"):
            written = item.get("app_protocol")
            found.setdefault(int(target), written.text if written and written.text in PROTOCOLS else "")
    for item in _elements(node, "expose"):
        port, _, protocol_text = item.text.partition("/")
        first, _, last = port.partition("-")
        if protocol_text in ("", "tcp") and first.isdecimal() and (last or first).isdecimal():
            for inner in range(int(first), min(int(last or first), int(first) + 20) + 1):
                found.setdefault(inner, "")
    return found


def exposed_ports(text: str) -> tuple[int, ...]:
    """The TCP ports of a Dockerfile's EXPOSE lines, as far as they are numbers."""
    found = (word.partition("/") for row in _EXPOSE.findall(text) for word in row.split())
    return tuple(int(port) for port, _, protocol in found if port.isdecimal() and protocol in ("", "tcp"))


def _elements(node: Node, key: str) -> tuple[Node, ...]:
    found = node.get(key)
    return found.elements if found else ()


def listen(page: Page, node: Node, said: Mapping[int, str], edges: tuple[Inferred, ...]) -> None:
    """Put ``endpoints`` and ``ports`` on the page: those that edges lead to, then those that are ``said``."""
    image = found.text if (found := node.get("image")) else ""
    wanted: dict[int, str] = {}
    for edge in edges:
        if edge.port is not None:
            wanted.setdefault(edge.port, edge.protocol)
    for port, protocol in said.items():
        wanted.setdefault(port, protocol or guess(port, image))
    known = of_image(image)
    if not wanted and known is not None:
        wanted[known[1]] = known[0]
    names = _names(node, wanted)
    endpoints = {names[port]: _endpoint(names[port], protocol, port) for port, protocol in wanted.items()}
    _put_endpoints(page, node, endpoints)
    published = node.get("ports")
    if published is not None:
        _publish(page, published)


def _put_endpoints(page: Page, node: Node, endpoints: dict[str, dict[str, Any]]) -> None:
    """In the shortest way: none, one (by protocol and port), or a table."""
    place = node.get("ports") or node.get("expose") or Node(None, node.where)
    if not endpoints:
        page.put("protocol", "none", Node(None, place.where))
    elif len(endpoints) == 1 and (entry := next(iter(endpoints.values())))["protocol"] in endpoints:
        page.put("protocol", entry["protocol"], Node(None, place.where))
        page.put("port", entry["port"], Node(None, place.where))
    else:
        page.put("endpoints", endpoints, Node(None, place.where))


def _names(node: Node, wanted: dict[int, str]) -> dict[int, str]:
    """A name for each port: as written, the protocol's, or that with the number."""
    found: dict[int, str] = {}
    for item in _elements(node, "ports"):
        name, target = item.get("name"), number(item.entries["target"]) if "target" in item.entries else None
        if (
            name is not None
            and target is not None
            and int(target) in wanted
            and name.text not in found.values()
        ):
            found[int(target)] = name.text
    for port, protocol in wanted.items():
        taken = protocol in found.values()
        found.setdefault(port, f"{protocol}-{port}" if taken else protocol)
    return found


def _endpoint(_name: str, protocol: str, port: int) -> dict[str, Any]:
    return {"protocol": protocol, "port": port}


def _publish(page: Page, node: Node) -> None:
    found: dict[str, Node] = {}
    for item in node.elements:
        entries = dict(meant(item, keys.PORT, f"{page.shown}.ports", page.report))
        shown = _shown(entries)
        protocol = entries["protocol"].text if "protocol" in entries else "tcp"
        outer = entries["published"].text if "published" in entries else ""
        host = entries["host_ip"].text if "host_ip" in entries else ""
        if protocol != "tcp":
            message = f"{page.shown}.ports: {shown} is not published, edges carry TCP"
            page.report.note(item.where, message, "its containers still reach it by name")
        elif not outer or outer == "0":
            message = f"{page.shown}.ports: {shown} has no fixed port outside"
            page.report.note(item.where, message, f'instead: "8080:{entries["target"].text}"')
        else:
            _note_host(page, item, host, shown)
            first, dash, _ = outer.partition("-")
            if dash:
                message = f"{page.shown}.ports: {shown}: the first port of the range is taken"
                page.report.note(item.where, message, f'instead: "{first}:{entries["target"].text}"')
            found.setdefault(f"{first}:{entries['target'].text}", item)
    if found:
        page.put("ports", list(found), Node(tuple(found.values()), node.where))


def _note_host(page: Page, node: Node, host: str, shown: str) -> None:
    """Ports are published to this machine, whatever the file says: a development system is nobody else's."""
    if host in _EVERYWHERE or host not in _LOOPBACK:
        message = f"{page.shown}.ports: {shown} is published on 127.0.0.1, not on {host}"
        page.report.note(node.where, message, "ports are published to this machine only")


def _shown(entries: dict[str, Node]) -> str:
    outer = f"{entries['published'].text}:" if "published" in entries else ""
    protocol = entries["protocol"].text if "protocol" in entries else "tcp"
    return f"{outer}{entries['target'].text}" + ("" if protocol == "tcp" else f"/{protocol}")
