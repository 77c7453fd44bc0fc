"""Why nothing recorded answers a request, in words and field by field."""

from dataclasses import dataclass

from meshdev.recording.model import Exchange


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One place where a request differs from a recorded one: values as JSON, None where it is missing."""

    place: str  # in the notation of `options`, or ``method``, ``path``
    recorded: str | None
    asked: str | None

    def __str__(self) -> str:
        return f"{self.place}: recorded {_shown(self.recorded)}, asked {_shown(self.asked)}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recorded call that is close to what was asked."""

    exchange: Exchange
    differences: tuple[FieldDifference, ...]


@dataclass(frozen=True, slots=True)
class Miss:
    """No answer: ``reason`` is a sentence for a person, ``closest`` begins with the closest."""

    reason: str
    closest: tuple[Candidate, ...] = ()

    def __str__(self) -> str:
        lines = [self.reason]
        for candidate in self.closest:
            request = candidate.exchange.request
            lines.append(f"  {request.method} {request.target} ({candidate.exchange.id})")
            lines += [f"    {difference}" for difference in candidate.differences]
        return "\n".join(lines)


def _shown(value: str | None) -> str:
    return "nothing" if value is None else value
