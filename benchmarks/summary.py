"""From single runs to what the table says: median, smallest, largest, and how many times meshdev's."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """Of one figure of one tool over all rounds."""

    median: float
    least: float
    most: float
    count: int


def summarise(values: Sequence[float]) -> Summary | None:
    """None without values."""
    if not values:
        return None
    return Summary(statistics.median(values), min(values), max(values), len(values))


def ratio(other: Summary | None, ours: Summary | None) -> float | None:
    """How many times ours; None if either is missing or ours is nothing."""
    if other is None or ours is None or ours.median == 0:
        return None
    return other.median / ours.median


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that so many percent of them don't exceed (nearest rank).

    >>> percentile([4.0, 1.0, 3.0, 2.0], 50), percentile([1.0, 2.0], 99)
    (2.0, 2.0)
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def shown(value: float) -> str:
    """Three significant digits at most, whole numbers whole."""
    if value == int(value):
        return f"{int(value):,}"
    if abs(value) >= 100:  # noqa: PLR2004 -- from here on digits behind the point say nothing
        return f"{value:,.0f}"
    return f"{value:.3g}"
