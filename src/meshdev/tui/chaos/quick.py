"""The fault that one key puts on whatever is selected, and how that is found again to end it. Pure."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meshdev.errors import UsageError
from meshdev.traffic.faults.target import parse_edge
from meshdev.wire.fault_views import FaultPartView, FaultView
from meshdev.wire.faults import ALWAYS

ADDED = "ad hoc"
TEAM = "team:"


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form's fields say; empty is not said."""

    target: str = ""
    faults: str = "latency=1s"
    duration: str = "2m"
    percentage: str = ""
    ramp: str = ""
    direction: str = ""
    match: str = ""
    seed: str = ""
    name: str = ""

    def table(self) -> dict[str, object]:
        """What would stand in ``[faults.NAME]``. Raises UsageError."""
        from meshdev.traffic.faults.typed import table_of  # noqa: PLC0415 -- the whole catalogue, which the first picture needs not

        table = table_of(self.target.strip(), _words(self.faults), _words(self.match))
        said = {
            "duration": self.duration,
            "percentage": self.percentage,
            "ramp": self.ramp,
            "direction": self.direction,
            "seed": self.seed,
        }
        return table | {key: text.strip() for key, text in said.items() if text.strip()}


def added_for(faults: Sequence[FaultView], target: str) -> list[FaultView]:
    """Those that somebody added by hand for exactly this target, and that are on."""
    return [
        fault for fault in faults if fault.on and fault.origin == ADDED and same_target(fault.target, target)
    ]


def same_target(one: str, other: str) -> bool:
    """Whether two ways to write a target mean the same."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    text = text.strip()
    edge = parse_edge(text)
    if edge is not None:
        return str(edge)
    if text.startswith(TEAM):
        return f"team {text.removeprefix(TEAM).strip()}"
    return text


def like(fault: FaultView) -> Typed:
    """The form's fields for another one that does the same."""
    first = fault.parts[0] if fault.parts else None
    match = first.match if first is not None else {}
    return Typed(
        target=fault.target,
        faults=" ".join(_quoted(short_of(part)) for part in fault.parts),
        match=" ".join(_quoted(f"{key}={_plain_value(value)}") for key, value in match.items()),
    )


def short_of(part: FaultPartView) -> str:
    """One fault as it is typed: ``latency=300ms±50ms@10%``."""
    from meshdev.traffic.faults.catalogue import find_kind  # noqa: PLC0415 -- as above

    kind = find_kind(part.kind)
    values = dict(part.values)
    text = part.kind
    more: list[str] = []
    if kind is not None and kind.main in values:
        text += f"={values.pop(kind.main)}"
        if kind.spread in values:
            text += f"±{values.pop(kind.spread)}"
    more = [f"{key}={value}" for key, value in values.items()]
    if more:
        text += ("," if "=" in text else "=") + ",".join(more)
    return text if part.percentage == ALWAYS else f"{text}@{part.percentage:g}%"


def command_of(fault: FaultView) -> str:
    """The command line that switches it on."""
    if fault.origin == "topology":
        return f"meshdev fault on {shlex.quote(fault.name)}"
    typed = like(fault)
    matches = [f"--match {shlex.quote(word)}" for word in _words(typed.match)]
    faults = [shlex.quote(word) for word in _words(typed.faults)]
    return " ".join(("meshdev fault add", shlex.quote(fault.target), *faults, *matches))


def _quoted(text: str) -> str:
    return shlex.quote(text) if any(letter.isspace() for letter in text) else text


def _plain_value(value: object) -> str:
    if isinstance(value, Mapping):
        return next((f"{key}: {text}" for key, text in value.items()), "")
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _words(text: str) -> list[str]:
    """``text`` in words, quotes as in a shell. Raises UsageError."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageError(f"{text}: a quote is open") from error
