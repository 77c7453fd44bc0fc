"""What a person decides about matching: places that are data or noise whatever the evidence says, ends of sequences.

A place is written as a route and a place within the request, ``POST /orders body/created_at``; the route may
be left out or be ``*`` (everywhere). Places: ``query.NAME``, ``form.NAME``, ``header.NAME``, ``text.NAME``,
``body/JSON/POINTER`` with ``*`` for any index.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class OnEnd(StrEnum):
    """What a sequence gives when all of it was given."""

    LAST = "last"  # the last answer again: a job that is done stays done
    CYCLE = "cycle"
    FAIL = "fail"  # a miss


class Reads(StrEnum):
    """When a read whose answer changed because of a write in between gives its next answer."""

    AUTO = "auto"  # after the write, as long as calls come in about the recorded order; else in order of the reads
    ORDER = "order"  # in order of the reads, whatever else is asked


@dataclass(frozen=True, slots=True)
class MatchOptions:
    """``pinned`` and ``noise`` are places (see above), and add to those of the recordings' `Meta`."""

    pinned: tuple[str, ...] = ()
    noise: tuple[str, ...] = ()
    on_end: OnEnd = OnEnd.LAST
    reads: Reads = Reads.AUTO
    callee: str = ""  # only calls to this service; everything when empty
    endpoint: str = ""
    closest: int = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """One such sentence, taken apart."""

    method: str
    route: str
    place: str

    def covers(self, method: str, route: str, path: str = "") -> bool:
        """Whether the rule is about calls of this method to this route (or to this very path)."""
        return self.method in {"*", method} and self.route in {"*", route, path}


def rule_of(text: str) -> Rule:
    """``POST /orders body/created_at``, ``/orders query.x`` or ``header.x-tenant``."""
    words = text.split()
    place = words[-1] if words else ""
    method = next((word for word in words[:-1] if not word.startswith("/")), "*").upper()
    route = next((word for word in words[:-1] if word.startswith("/")), "*")
    return Rule(method, route, place)


@dataclass(frozen=True, slots=True)
class Rules:
    """Pins and noise of options and recordings together."""

    pinned: tuple[Rule, ...] = field(default=())
    noise: tuple[Rule, ...] = field(default=())

    def whole(self, method: str, route: str, known: Iterable[str]) -> list[str]:
        """Places called noise within which there are others: an object, a list, a whole body."""
        return [
            rule.place
            for rule in self.noise
            if rule.covers(method, route) and any(place.startswith(rule.place + "/") for place in known)
        ]

    def header(self, method: str, route: str, name: str) -> bool | None:
        """What was decided about a header; cookies are ``header.cookie:NAME``."""
        return self.of(method, route, f"header.{name}")

    def of(self, method: str, route: str, place: str) -> bool | None:
        """True for noise, False for data, None when nobody decided; a pin wins over noise."""
        if any(rule.place == place and rule.covers(method, route) for rule in self.pinned):
            return False
        if any(rule.place == place and rule.covers(method, route) for rule in self.noise):
            return True
        return None
