"""``[faults.NAME]``: read by the faults' own rules, checked against the system; and what editors are told of it.

Everything is made from the catalogue (`traffic.faults`), so a new kind of fault is known here by itself.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from meshdev.errors import Problem
from meshdev.topology.assembly import Assembly
from meshdev.topology.findings import dotted
from meshdev.topology.lines import Path as KeyPath
from meshdev.topology.model import Service
from meshdev.topology.nearest import did_you_mean
from meshdev.traffic.faults.catalogue import CATALOGUE
from meshdev.traffic.faults.common import MATCH
from meshdev.traffic.faults.kinds import PERCENTAGE, Direction, FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.reading import Toggle, examine
from meshdev.traffic.faults.target import is_host, means
from meshdev.wire.faults import EdgePattern

OUTSIDE: Final = "outside"
Schema = dict[str, Any]


def faults_of(
    assembly: Assembly,
    tables: Mapping[str, Mapping[str, Any]],
    services: Mapping[str, Service],
    known: set[str],
) -> tuple[dict[str, Toggle], list[Problem], list[Problem]]:
    """The toggles by name, problems, and warnings. ``known`` are all names that nodes have, active or not."""
    toggles: dict[str, Toggle] = {}
    problems: list[Problem] = []
    warnings: list[Problem] = []
    keys: dict[str, str] = {}
    teams = {node.team for node in services.values() if node.team}
    for name, table in tables.items():
        path: KeyPath = ("faults", name)
        toggle, findings = examine(name, table)
        toggles[name] = toggle
        for finding in findings:
            at = (*path, *finding.path)
            problems.append(Problem(assembly.where(at), f"{dotted(at)}: {finding.message}", finding.hint))
        for at, message, hint in _unknown(toggle, path, table, known, teams):
            problems.append(Problem(assembly.where(at), f"{dotted(at)}: {message}", hint))
        if toggle.key and keys.setdefault(toggle.key, name) != name:
            at = (*path, "key")
            message = f'{dotted(at)}: "{toggle.key}" is already the key of {keys[toggle.key]}'
            problems.append(Problem(assembly.where(at), message, "give one of them another key"))
        for pattern in toggle.target.edges:
            if is_host(pattern.callee) and not _sees(pattern.caller, services):
                at = _place(path, table, "edge", "edges")
                message = f"{dotted(at)}: {pattern.caller} has no name proxy that leads to {pattern.callee}"
                hint = f"services.{pattern.caller}: proxy_env = true"
                warnings.append(Problem(assembly.where(at), message, hint))
            elif not _is_declared(pattern, services):
                at = _place(path, table, "edge", "edges")
                message = f'{dotted(at)}: "{pattern}" is no declared edge'
                hint = f'services.{pattern.caller}: calls = ["{pattern.callee}"], or it acts only once somebody calls'
                warnings.append(Problem(assembly.where(at), message, hint))
    return toggles, problems, warnings


def _unknown(
    toggle: Toggle, path: KeyPath, table: Mapping[str, Any], known: set[str], teams: set[str]
) -> Iterator[tuple[KeyPath, str, str]]:
    """Names in the target that nobody has."""
    target = toggle.target
    edge = _place(path, table, "edge", "edges")
    for pattern in target.edges:
        for name, more in ((pattern.caller, {OUTSIDE}), (pattern.callee, set[str]())):
            if (
                "*" not in name
                and name not in known | more
                and not (name == pattern.callee and is_host(name))
            ):
                yield edge, f'there is no service "{name}"', did_you_mean(name, known | more)
    for name in target.services:
        if "*" not in name and name not in known:
            at = _place(path, table, "service", "services")
            yield at, f'there is no service "{name}"', did_you_mean(name, known)
    for team in target.teams:
        if "*" not in team and team not in teams:
            yield (*path, "team"), f'there is no team "{team}"', did_you_mean(team, teams)
    for group in target.partition:
        for name in group:
            if "*" not in name and name not in known:
                yield (*path, "partition"), f'there is no service "{name}"', did_you_mean(name, known)


def _place(path: KeyPath, table: Mapping[str, Any], one: str, several: str) -> KeyPath:
    return (*path, one if one in table else several)


def _sees(caller: str, services: Mapping[str, Service]) -> bool:
    """Whether the calls of some such service that lead out of the system are seen."""
    pattern = EdgePattern(caller, "*")
    return any(node.proxy_env and means(pattern, name, "") for name, node in services.items())


def _is_declared(pattern: EdgePattern, services: Mapping[str, Service]) -> bool:
    """Whether it has a pattern, is a published port's, or an edge of the topology; unknown names are told elsewhere."""
    caller = services.get(pattern.caller)
    if caller is None or "*" in pattern.callee or pattern.callee not in services:
        return True
    return pattern.callee in (*caller.calls, *caller.uses) or caller.proxy_env


# --- for editors --------------------------------------------------------------------------------------

_TEXTS: Final[Schema] = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_DURATION: Final[Schema] = {"type": "string", "examples": ["30s"]}
_WHOLE: Final[Schema] = {"type": "integer", "minimum": 0}
_PERCENTAGE: Final[Schema] = {
    "anyOf": [
        {"type": "number", "minimum": 0, "maximum": 100},
        {"type": "string", "examples": ["20%", "0%..50%"]},
    ]
}
_UNITS: Final[Mapping[Unit, Schema]] = {
    Unit.DURATION: {"anyOf": [{"type": "string", "examples": ["300ms"]}, {"const": 0}]},
    Unit.SIZE: {"anyOf": [{"type": "string", "examples": ["64k"]}, {"type": "integer", "minimum": 0}]},
    Unit.RATE: {"anyOf": [{"type": "string", "examples": ["100k", "8mbit"]}, {"type": "number"}]},
    Unit.SHARE: {"anyOf": [{"type": "string", "examples": ["20%"]}, {"type": "number", "maximum": 1}]},
    Unit.NUMBER: {"type": "number"},
    Unit.COUNT: {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[0-9]+(\\.\\.[0-9]+)?$"}]},
    Unit.FLAG: {"type": "boolean"},
    Unit.TEXT: {"type": "string"},
    Unit.TABLE: {"type": "object", "additionalProperties": {"type": "string"}},
}


def fault_schema() -> Schema:
    """The JSON Schema of one ``[faults.NAME]``."""
    said: Schema = {
        "edge": _told(_TEXTS, 'whom it is for: "orders -> payments"; "*" stands for anybody'),
        "edges": _told(_TEXTS, "several of them"),
        "service": _told(_TEXTS, "all edges to this service; or its instances"),
        "services": _told(_TEXTS, "several of them"),
        "team": _told(_TEXTS, "the same for all services of a team"),
        "partition": {
            "type": "array",
            "items": _TEXTS,
            "description": "groups of services that do not reach each other; one alone: nobody else",
        },
        "percentage": _told(_PERCENTAGE, "of the requests (HTTP), messages or connections (100)"),
        "direction": {"enum": [*Direction], "description": "which way the bytes go that it acts on"},
        "match": _match_schema(),
        "once": {"type": "boolean", "description": "hits once"},
        "times": _told(_WHOLE, "hits so often"),
        "start_after": _told(_DURATION, "time until it begins to act"),
        "duration": _told(_DURATION, "after this time it is over by itself"),
        "repeat": _told(_DURATION, "acts for `duration` in each such time"),
        "rounds": _told(_WHOLE, "repeats so often"),
        "ramp": _told(_DURATION, 'time in which it grows: from nothing, or as in latency = "10ms..2s"'),
        "seed": _told(_WHOLE, "the same seed and the same order of requests: the same decisions (0)"),
        "description": {"type": "string", "description": "one line for people"},
        "key": {"type": "string", "description": "the key that toggles it in the dashboard"},
    }
    kinds = {name: _kind_schema(kind) for kind in CATALOGUE.values() for name in (kind.name, *kind.aliases)}
    return {
        "type": "object",
        "properties": {**said, **kinds},
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }


def _told(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


def _match_schema() -> Schema:
    said: dict[str, Schema] = {
        "method": _told(_TEXTS, "GET, POST, …"),
        "path": {"type": "string", "description": '"/charges/*"; "**" goes over slashes'},
        "header": {
            "anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}],
            "description": '{ x-user = "test-*" }',
        },
        "subject": {"type": "string", "description": '"order.*"; of messages; "**" goes over tokens'},
        "statement": _told(_TEXTS, "UPDATE, INSERT, COMMIT, …; of SQL's statements"),
        "table": {"type": "string", "description": '"orders", "order_*"; of SQL\'s statements'},
        "caller": {"type": "string", "description": "only this caller's"},
        "after": _told(_WHOLE, "not the first so many"),
        "first": _told(_WHOLE, "only the first so many"),
        "every": _told(_WHOLE, "each so-many-th"),
        "times": _told(_WHOLE, "hits so often"),
        "once": {"type": "boolean", "description": "hits once"},
    }
    properties = {key: said[key] for key in MATCH}
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "description": "which requests or connections",
    }


def _kind_schema(kind: FaultKind) -> Schema:
    properties = {parameter.name: _parameter_schema(parameter) for parameter in kind.parameters}
    common: Schema = {"percentage": _PERCENTAGE, "seed": _WHOLE}
    if kind.directed and kind.layer is not Layer.INSTANCE:
        common["direction"] = {"enum": [*Direction]}
    table = {"type": "object", "properties": {**properties, **common}, "additionalProperties": False}
    main = kind.parameter(kind.main)
    forms: list[Schema] = [table, {"type": "boolean"}]
    if main is not None:
        forms.append(_value_schema(main))
    elif kind.main == PERCENTAGE:
        forms.append(_PERCENTAGE)
    return {"anyOf": forms, "description": kind.doc}


def _parameter_schema(parameter: Parameter) -> Schema:
    schema = {"enum": list(parameter.choices)} if parameter.choices else _value_schema(parameter)
    return _told(schema, parameter.doc)


def _value_schema(parameter: Parameter) -> Schema:
    if parameter.form is None:
        return _UNITS[parameter.unit]
    return {"anyOf": [{"type": "string", "pattern": f"^(?:{parameter.form[0]})$"}, {"type": "integer"}]}
