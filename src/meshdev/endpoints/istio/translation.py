"""A VirtualService's ``fault`` blocks as tables that could stand in ``[faults.NAME]``. Pure.

| Istio | here |
|---|---|
| ``hosts: [ratings.shop.svc.cluster.local]`` | ``edge = "* -> ratings"`` |
| ``gateways`` other than ``mesh`` | from ``outside`` to the route's destinations |
| ``match`` entries (one or the other) | a toggle each |
| ``sourceLabels: {app: reviews}`` | the caller |
| ``uri``, ``headers``, ``method`` | ``match``; ``exact`` and ``prefix``, a ``method`` only ``exact`` |
| ``delay.fixedDelay`` | ``delay`` |
| ``abort.httpStatus`` | ``status`` |
| ``percentage.value``, of 100 and with fractions; unset is all | ``percentage`` |

What would hit more requests than it does there is not translated, and said, with its line.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from meshdev.endpoints.istio.documents import Block, documents
from meshdev.traffic.faults.kinds import FaultError
from meshdev.traffic.faults.reading import read_toggle

Table = dict[str, object]
_GROUP: Final = "networking.istio.io/"
_MESH: Final = "mesh"
_OUTSIDE: Final = "outside"
_SOURCE_LABELS: Final = ("app", "app.kubernetes.io/name")
_MATCHES: Final = frozenset({"name", "uri", "headers", "method", "sourceLabels"})
_GLOB: Final = frozenset("*?")


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """Something of the file that is not, or not quite, taken over."""

    line: int
    text: str


@dataclass(slots=True)
class Translation:
    """Toggles by name, and what a person should know."""

    faults: dict[str, Table] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


class _Untranslatable(Exception):  # noqa: N818 - it is caught where it belongs, and told as a note
    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.note = Note(line, text)


def translate(text: str, into: Translation | None = None) -> Translation:
    """The faults of a file; names in ``into`` are taken. Raises UsageError when it is no YAML."""
    found = Translation(dict(into.faults)) if into is not None else Translation()
    for document in documents(text):
        items = document.blocks("items") if document.text("kind").endswith("List") else [document]
        for item in items:
            if item.text("kind") == "VirtualService" and item.text("apiVersion").startswith(_GROUP):
                _service(item, found)
    found.notes.sort()
    return found


def _service(item: Block, found: Translation) -> None:
    name = item.block("metadata").text("name") or "istio"
    spec = item.block("spec")
    before: Block | None = None
    for route in spec.blocks("http"):
        if "fault" in route:
            if before is not None:
                text = f"requests that the route at line {before.line} takes first are hit by this fault, too"
                found.notes.append(Note(route.line_of("fault"), text))
            _route(name, spec, route, found)
        before = before or route


def _route(name: str, spec: Block, route: Block, found: Translation) -> None:
    try:
        injected = _injected(route.block("fault"), found)
    except _Untranslatable as error:
        found.notes.append(error.note)
        return
    if not injected:
        return
    for match in route.blocks("match") or [Block({}, {}, route.line)]:
        try:
            table = _targeted(spec, route, match) | injected
            conditions = _conditions(match)
            toggle = {**table, "match": conditions} if conditions else table
            free = _free(name, found)
            read_toggle(free, toggle)
        except _Untranslatable as error:
            found.notes.append(error.note)
        except FaultError as error:
            found.notes.append(Note(match.line, str(error)))
        else:
            found.faults[free] = toggle


def _injected(fault: Block, found: Translation) -> Table:
    table: Table = {}
    for kind, key, ours, main in (
        ("delay", "fixedDelay", "delay", "delay"),
        ("abort", "httpStatus", "status", "code"),
    ):
        if kind not in fault:
            continue
        block = fault.block(kind)
        for other in sorted(set(block.values) - {key, "percentage", "percent"}):
            found.notes.append(Note(block.line_of(other), f"{kind}.{other} has no counterpart"))
        if key not in block:
            found.notes.append(Note(block.line, f"{kind} without {key} is left out"))
            continue
        share = _percentage(block)
        value = block.values[key]
        table[ours] = value if share is None else {main: value, "percentage": share}
    for other in sorted(set(fault.values) - {"delay", "abort"}):
        found.notes.append(Note(fault.line_of(other), f"fault.{other} has no counterpart"))
    return table


def _percentage(block: Block) -> float | None:
    """Of 100 requests; None for all of them."""
    if "percentage" in block:
        value = block.block("percentage").values.get("value", 0.0)
        line = block.line_of("percentage")
    elif "percent" in block:
        value, line = block.values["percent"], block.line_of("percent")
    else:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:  # noqa: PLR2004
        raise _Untranslatable(line, f"{value!r} is no percentage")
    return None if value == 100 else value  # noqa: PLR2004


def _targeted(spec: Block, route: Block, match: Block) -> Table:
    gateways = [str(one) for one in spec.listed("gateways")] or [_MESH]
    edges: list[str] = []
    if _MESH in gateways:
        edges += [f"{_caller(match)} -> {_service_of(str(host))}" for host in spec.listed("hosts")]
    if any(gateway != _MESH for gateway in gateways):
        hosts = [one.block("destination").text("host") for one in route.blocks("route")]
        edges += [f"{_OUTSIDE} -> {_service_of(host)}" for host in hosts if host]
    if not edges:
        raise _Untranslatable(route.line_of("fault"), "there is no host or destination to find its edge by")
    edges = list(dict.fromkeys(edges))
    return {"edge": edges[0]} if len(edges) == 1 else {"edges": edges}


def _caller(match: Block) -> str:
    labels = match.block("sourceLabels")
    for label in labels.values:
        if label not in _SOURCE_LABELS:
            raise _Untranslatable(
                labels.line_of(label), f"sourceLabels.{label}: only {_SOURCE_LABELS[0]} names a caller"
            )
    return next((str(labels.values[label]) for label in _SOURCE_LABELS if label in labels), "*")


def _service_of(host: str) -> str:
    """``ratings`` of ``ratings.shop.svc.cluster.local``."""
    return host.partition(".")[0] or "*"


def _conditions(match: Block) -> Table:
    for key in match.values:
        if key not in _MATCHES:
            raise _Untranslatable(
                match.line_of(key), f"match.{key} has no counterpart, so this fault is left out"
            )
    conditions: Table = {}
    if "method" in match:
        conditions["method"] = _pattern(match, "method", prefix=None)
    if "uri" in match:
        conditions["path"] = _pattern(match, "uri", prefix="**")
    headers = match.block("headers")
    if headers.values:
        conditions["header"] = {name: _pattern(headers, name, prefix="*") for name in headers.values}
    return conditions


def _pattern(block: Block, key: str, *, prefix: str | None) -> str:
    """What a StringMatch says, as a glob; ``prefix`` stands behind one, None if there can be none."""
    match = block.block(key)
    if not match.values and key in block.lines and prefix is not None:
        return prefix  # it only has to be there
    for kind, behind in (("exact", ""), ("prefix", prefix)):
        if kind in match and behind is not None:
            text = str(match.values[kind])
            if not _GLOB & set(text):
                return text + behind
    said = next(iter(match.values), "nothing")
    raise _Untranslatable(
        block.line_of(key), f"{key} by {said} has no counterpart, so this fault is left out"
    )


def _free(name: str, found: Translation) -> str:
    return next(one for one in _names(name) if one not in found.faults)


def _names(name: str) -> Iterator[str]:
    clean = "".join(it if it.isalnum() or it in "-_" else "-" for it in name)
    yield clean
    number = 1
    while True:
        number += 1
        yield f"{clean}-{number}"
