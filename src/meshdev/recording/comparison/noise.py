"""Places of answers that differ from call to call, whatever is asked: learnt, and kept as data.

Learnt from calls that are equal but for noise: what the callee drew, counted or read off its clock differs among them.
What differs otherwise (a state, a name, a price) is no noise: it is what a comparison is for.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from msgspec import Struct, field

from meshdev.recording.comparison.fields import fields_of, general
from meshdev.recording.matching.entry import Entry, small
from meshdev.recording.matching.learn import learn
from meshdev.recording.matching.names import Hint, hint
from meshdev.recording.matching.options import Rules
from meshdev.recording.matching.shape import STRONG, TIMES, Shape, near, shape_of
from meshdev.recording.model import Exchange

_TIMING: Final = frozenset(
    ["ms", "millis", "milliseconds", "micros", "seconds", "duration", "elapsed", "took", "latency", "uptime"]
)


class Noise(Struct, frozen=True):
    """Places by route, in the notation of `fields` (``*`` for any index); ``*`` as the route stands for all."""

    places: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def covers(self, route: str, place: str) -> bool:
        """Whether differences there are nothing to tell."""
        wanted = general(place)
        return any(
            wanted == noise or wanted.startswith(noise + "/")
            for key in (route, "*")
            for noise in self.places.get(key, ())
        )

    def joined(self, places: Iterable[str]) -> "Noise":
        """With places that a person named: ``POST /orders response.body/id``, or without a route."""
        found = defaultdict(set, {route: set(known) for route, known in self.places.items()})
        for text in places:
            *route, place = text.split()
            if place.startswith("response."):
                found[" ".join(route) or "*"].add(place.removeprefix("response."))
        return Noise({route: tuple(sorted(known)) for route, known in found.items()})


def learn_noise(exchanges: Iterable[Exchange]) -> Noise:
    """The places of answers that hold noise, by the routes of the exchanges."""
    answered = [one for one in exchanges if one.response is not None]
    entries = [Entry(number, 0, one, small(one.request.headers)) for number, one in enumerate(answered)]
    tries = learn(entries, Rules())
    groups: dict[object, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.masked(tries.get(entry.family)).key()].append(entry)
    places: dict[str, set[str]] = defaultdict(set)
    for group in groups.values():
        for place in _alone(group) | (_together(group) if len(group) > 1 else set()):
            places[route_of(group[0])].add(place)
    return Noise({route: tuple(sorted(found)) for route, found in sorted(places.items())})


def route_of(entry: Entry) -> str:
    """As an exchange says it, guessed when it does not."""
    return entry.exchange.route or " ".join(entry.family)


def _rows(group: Sequence[Entry]) -> list[Mapping[str, Any]]:
    return [
        fields_of(entry.exchange.response).values for entry in group if entry.exchange.response is not None
    ]


def _alone(group: Sequence[Entry]) -> set[str]:
    """Times that are now, and durations."""
    found = set()
    for entry, row in zip(group, _rows(group), strict=True):
        for place, value in row.items():
            if place.startswith("body/"):
                name = place.rpartition("/")[2]
                now = shape_of(value) in TIMES and near(value, entry.exchange.started)
                if now or hint(name) is Hint.NOISE or (isinstance(value, int | float) and _is_duration(name)):
                    found.add(general(place))
    return found


def _is_duration(name: str) -> bool:
    return any(
        word in _TIMING for word in name.lower().replace("-", "_").split("_")
    ) or name.lower().endswith("ms")


def _together(group: Sequence[Entry]) -> set[str]:
    """Drawn values, and numbers that only count up, where equal calls differ."""
    rows = _rows(group)
    found = set()
    for place in set(rows[0]).intersection(*rows[1:]):
        values = [row[place] for row in rows]
        if len(set(map(repr, values))) == 1 or not place.startswith(("body/", "header.location")):
            continue
        shapes = {shape_of(value) for value in values}
        counting = all(type(value) is int for value in values) and all(
            before < after for before, after in pairwise(values)
        )
        if counting or shapes <= STRONG | TIMES | {Shape.SHORT}:
            found.add(general(place))
    return found
