"""One answer against the recorded one: what differs and means something.

Not told are: places of `Noise`; secrets of the recording (their placeholders stand for anything); values that the
caller or the callee chose anew (``bindings``, recorded → actual); values that the callee drew (a UUID for a UUID) or
read off its clock, unless they stood in the request.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from meshdev.recording.comparison.fields import fields_of, general, shown
from meshdev.recording.comparison.noise import Noise
from meshdev.recording.matching.names import Hint, hint
from meshdev.recording.matching.parts import split
from meshdev.recording.matching.shape import STRONG, TIMES, near, shape_of
from meshdev.recording.model import Exchange, Response

NO_NOISE: Final = Noise()
_MOST: Final = 200
_MOST_SHOWN: Final = 300


@dataclass(frozen=True, slots=True)
class Difference:
    """``expected`` and ``actual`` as JSON; None where there is nothing."""

    route: str
    place: str
    expected: str | None
    actual: str | None

    def __str__(self) -> str:
        return f"{self.route}  {self.place}: expected {self.expected or 'nothing'}, got {self.actual or 'nothing'}"


def compare(
    recorded: Exchange,
    actual: Response | None,
    noise: Noise = NO_NOISE,
    bindings: Mapping[str, str] | None = None,
    redact: Callable[[str], str] | None = None,
) -> tuple[Difference, ...]:
    """What is different in ``actual``; empty when nothing is. ``redact`` takes secrets out of what is told."""
    route = recorded.route or _guessed(recorded)
    expected = recorded.response
    if expected is None or actual is None:
        if expected is actual:
            return ()
        before = shown(expected.status) if expected is not None else None
        return (Difference(route, "answer", before, shown(actual.status) if actual is not None else None),)
    eyes = _Eyes(recorded, route, noise, bindings or {})
    theirs, ours = fields_of(expected).values, fields_of(actual).values
    found = []
    for place in [*theirs, *(place for place in ours if place not in theirs)]:
        missing = place not in theirs or place not in ours
        if not missing and eyes.same(place, theirs[place], ours[place]):
            continue
        if eyes.ignores(place):
            continue
        before = _told(theirs[place], redact) if place in theirs else None
        found.append(Difference(route, place, before, _told(ours[place], redact) if place in ours else None))
        if len(found) >= _MOST:
            break
    return tuple(found)


def _guessed(exchange: Exchange) -> str:
    parts = split(exchange.request.method, exchange.request.target, {}, b"")
    return f"{parts.method} {parts.route}"


def _told(value: object, redact: Callable[[str], str] | None) -> str:
    text = shown(value)
    text = text if redact is None else redact(text)
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…"


class _Eyes:
    """What counts as the same in one exchange."""

    def __init__(self, recorded: Exchange, route: str, noise: Noise, bindings: Mapping[str, str]) -> None:
        self._recorded = recorded
        self._route = route
        self._noise = noise
        self._bindings = bindings
        self._secrets = {
            place.removeprefix("response.") for place in recorded.redacted if place.startswith("response.")
        }
        request = recorded.request
        self._asked = request.target + "\n" + request.body.data.decode("utf-8", "replace")

    def ignores(self, place: str) -> bool:
        """Whether a place says nothing."""
        return self._noise.covers(self._route, place)

    def same(self, place: str, expected: object, actual: object) -> bool:
        """Whether two values of a place mean the same."""
        if expected == actual and type(expected) is type(actual):
            return True
        if place in self._secrets or "body" in self._secrets or general(place) in self._secrets:
            return type(expected) is type(actual)
        if isinstance(expected, str) and isinstance(actual, str):
            return self._same_text(place, expected, actual)
        if isinstance(expected, int | float) and isinstance(actual, int | float):
            bound = self._bindings.get(str(expected))
            return bound == str(actual) if bound is not None else self._is_drawn(place, expected, actual)
        return False

    def _same_text(self, place: str, expected: str, actual: str) -> bool:
        for recorded, bound in self._bindings.items():
            if recorded in expected:
                expected = expected.replace(recorded, bound)
        if expected == actual:
            return True
        if place.startswith(("line ", "header.location", "header.link")):
            return self._bones(expected) == self._bones(actual)
        return self._is_drawn(place, expected, actual)

    def _bones(self, text: str) -> object:
        """A text without what was drawn in it."""
        tree = split("", "/", {"content-type": "text/plain"}, text.encode()).tree
        kept = tree.get("t", {})
        drawn = {name: value for name, value in kept.items() if name and str(value) in self._asked}
        return kept.get("", text), drawn

    def _is_drawn(self, place: str, expected: str | float, actual: str | float) -> bool:
        shape = shape_of(expected)
        if shape is not shape_of(actual) or str(expected) in self._asked:
            return False
        name = place.rpartition("/")[2].rpartition(".")[2]
        if shape in TIMES:
            return near(expected, self._recorded.started) or hint(name) in {Hint.TIME, Hint.NOISE}
        return shape in STRONG and hint(name) is not Hint.DATA
