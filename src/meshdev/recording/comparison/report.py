"""Many differences summed up: one line for each route and field, with how often and an example."""

from collections.abc import Iterable

from msgspec import Struct

from meshdev.kernel.quantity import format_count
from meshdev.recording.comparison.compare import Difference
from meshdev.recording.comparison.fields import general


class Line(Struct, frozen=True):
    """One field of one route; ``expected`` and ``actual`` are those of the first difference."""

    route: str
    place: str
    count: int
    expected: str | None
    actual: str | None

    def __str__(self) -> str:
        often = f"{self.count} times " if self.count > 1 else ""
        if self.expected is None:
            return f"{self.place}: {often}new, {self.actual}"
        if self.actual is None:
            return f"{self.place}: {often}gone, was {self.expected}"
        return f"{self.place}: {often}expected {self.expected}, got {self.actual}"


class Report(Struct, frozen=True):
    """``compared`` answers, ``different`` of them in ``lines``; by route, the most frequent first."""

    compared: int
    different: int
    lines: tuple[Line, ...] = ()

    def __str__(self) -> str:
        if not self.compared:
            return "no answers to compare"
        if not self.lines:
            return f"{format_count(self.compared, 'answer')} compared, {'all ' if self.compared > 1 else ''}as recorded"
        verb = "differs" if self.different == 1 else "differ"
        text = [f"{self.different} of {format_count(self.compared, 'answer')} {verb}"]
        route = None
        for line in self.lines:
            if line.route != route:
                route = line.route
                text.append(f"\n{route}")
            text.append(f"  {line}")
        return "\n".join(text)


def report(answers: Iterable[tuple[Difference, ...]]) -> Report:
    """Sums up the differences of many answers (`compare` of each, also when empty)."""
    found: dict[tuple[str, str], list[Difference]] = {}
    compared = different = 0
    for differences in answers:
        compared += 1
        different += bool(differences)
        for key, difference in {
            (one.route, general(one.place)): one for one in reversed(differences)
        }.items():
            found.setdefault(key, []).append(difference)
    lines = [
        Line(route, place, len(several), several[0].expected, several[0].actual)
        for (route, place), several in found.items()
    ]
    return Report(
        compared, different, tuple(sorted(lines, key=lambda line: (line.route, -line.count, line.place)))
    )
