"""What all faults have in common in a toggle's table: target, match, schedule. Reads them; see `reading`."""

from collections.abc import Mapping, Sequence
from typing import Final

from meshdev.kernel.nearest import did_you_mean
from meshdev.kernel.quantity import DURATION, parse_duration
from meshdev.traffic.faults.target import parse_edge
from meshdev.wire.faults import EdgePattern, FaultMatch, FaultSchedule, FaultTarget

TARGETS: Final = ("edge", "edges", "service", "services", "team", "partition")
SCHEDULE: Final = ("start_after", "duration", "repeat", "rounds", "ramp")
MATCH: Final = (
    "method", "path", "header", "subject", "statement", "table",
    "caller", "after", "first", "every", "times", "once",
)  # fmt: skip
OWN: Final = ("description", "key")

Path = tuple[str, ...]
Table = Mapping[str, object]


class ReadError(ValueError):
    """What is wrong, and where in the table."""

    def __init__(self, path: Path, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.hint = hint


def as_target(table: Table) -> FaultTarget:
    """For whom the faults are. Raises ReadError."""
    edges: list[EdgePattern] = []
    for key in ("edge", "edges"):
        for text in _words(table, key):
            pattern = parse_edge(text)
            if pattern is None:
                raise ReadError((key,), f'"{text}" is no edge', 'write "orders -> payments"')
            edges.append(pattern)
    services = [name for key in ("service", "services") for name in _words(table, key)]
    return FaultTarget(tuple(edges), tuple(services), tuple(_words(table, "team")), _partition(table))


def as_match(table: Table) -> FaultMatch:
    """Whom the faults hit: ``match``, and ``once`` and ``times`` beside it. Raises ReadError."""
    match = table.get("match", {})
    if not isinstance(match, Mapping):
        hint = 'match = { method = "POST", path = "/charges/*" }'
        raise ReadError(("match",), "accepted: a table", hint)
    for key in match:
        if key not in MATCH:
            hint = did_you_mean(str(key), MATCH, what="accepted keys")
            raise ReadError(("match", str(key)), f'unknown key "{key}"', hint)
    path: Path = ("match",)
    methods = tuple(word.upper() for word in _words(match, "method", path))
    return FaultMatch(
        methods=methods,
        path=_text(match, "path", path),
        headers=_headers(match),
        caller=_text(match, "caller", path),
        subject=_text(match, "subject", path),
        statements=tuple(
            " ".join(kind.upper().split())
            for word in _words(match, "statement", path)
            for kind in word.split(",")
        ),
        table=_text(match, "table", path),
        after=_count(match, "after", path),
        first=_count(match, "first", path),
        every=_count(match, "every", path),
        times=1
        if _flag(table, "once") or _flag(match, "once", path)
        else _count(table, "times") or _count(match, "times", path),
    )


def as_schedule(table: Table) -> FaultSchedule:
    """When the faults act. Raises ReadError."""
    schedule = FaultSchedule(
        start_after=_seconds(table, "start_after") or 0.0,
        duration=_seconds(table, "duration"),
        repeat=_seconds(table, "repeat"),
        times=_count(table, "rounds"),
        ramp=_seconds(table, "ramp") or 0.0,
    )
    if schedule.repeat is not None and schedule.duration is None:
        raise ReadError(("repeat",), "needs duration: how long it acts each time", 'duration = "5s"')
    if schedule.times and not schedule.repeat:
        raise ReadError(("rounds",), "needs repeat: how often it begins anew", 'repeat = "1m"')
    return schedule


def _words(table: Table, key: str, path: Path = ()) -> Sequence[str]:
    value = table.get(key, ())
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return list(value)
    raise ReadError((*path, key), "accepted: text, or an array of text")


def _partition(table: Table) -> tuple[tuple[str, ...], ...]:
    value = table.get("partition", ())
    groups: list[tuple[str, ...]] = []
    for group in value if isinstance(value, list | tuple) else (None,):
        if isinstance(group, str):
            groups.append((group,))
        elif isinstance(group, list | tuple) and group and all(isinstance(name, str) for name in group):
            groups.append(tuple(group))
        else:
            hint = 'partition = [["orders", "storefront"], ["payments"]]'
            raise ReadError(("partition",), "accepted: an array of groups", hint)
    return tuple(groups)


def _text(table: Table, key: str, path: Path = ()) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ReadError((*path, key), "accepted: text")
    return value


def _headers(match: Table) -> Mapping[str, str]:
    value = match.get("header", {})
    if isinstance(value, str):
        name, _, pattern = value.partition(":")
        value = {name.strip(): pattern.strip() or "**"}
    if isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values()):
        return {str(name).lower(): pattern for name, pattern in value.items()}
    raise ReadError(("match", "header"), 'accepted: a table such as { x-user = "test-*" }')


def _count(table: Table, key: str, path: Path = ()) -> int:
    value = table.get(key, 0)
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ReadError((*path, key), "accepted: a whole number ≥ 0")
    return value


def _flag(table: Table, key: str, path: Path = ()) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise ReadError((*path, key), "accepted: true or false")
    return value


def _seconds(table: Table, key: str) -> float | None:
    value = table.get(key)
    if value is None:
        return None
    try:
        seconds = parse_duration(value) if isinstance(value, str) else None
    except ValueError:
        seconds = None
    if not seconds:
        if key == "start_after" and seconds == 0:
            return seconds
        raise ReadError((key,), f"accepted: {DURATION}")
    return seconds
