"""Did you mean: the name that was probably meant, among those that exist."""

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like ``name``, or None when none does."""
    lowered = {candidate.lower(): candidate for candidate in sorted(known, reverse=True)}
    matches = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[matches[0]] if matches else None


def did_you_mean(name: str, known: Iterable[str], *, what: str = "known") -> str:
    """A hint that a person can act on: the nearest name, else all the names there are."""
    names = sorted(set(known))
    match = nearest(name, names)
    if match is not None:
        return f'did you mean "{match}"?'
    return f"{what}: {', '.join(names)}" if names else f"{what}: none"
