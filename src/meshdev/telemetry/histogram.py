"""A log-linear histogram of non-negative whole numbers (latencies in microseconds): small, exact to 2 %, mergeable.

Numbers below 64 have a bucket each; above, every power of two is cut into 32 buckets of equal width, so the middle of
a bucket is at most 1/64 away from any number in it. Only buckets that were hit take room; adding two histograms
is adding counts, so workers, seconds and instances can be summed in any order.
"""

from collections.abc import Mapping
from math import ceil
from typing import Final

SUB_BITS: Final = 5
EXACT: Final = 1 << (SUB_BITS + 1)
SHIFTED: Final = SUB_BITS + 1


def bucket(value: int) -> int:
    """The number of the bucket that ``value`` falls into; negative values count as 0."""
    if value < EXACT:
        return max(value, 0)
    shift = value.bit_length() - SHIFTED
    return (shift << SUB_BITS) + (value >> shift)


def middle(index: int) -> float:
    """What a bucket stands for: itself while buckets are exact, then the middle of its range."""
    if index < EXACT:
        return float(index)
    shift = (index >> SUB_BITS) - 1
    return float(((index - (shift << SUB_BITS)) << shift) + (1 << shift >> 1))


class Histogram:
    """Counts by bucket.

    >>> latency = Histogram()
    >>> for microseconds in (100, 200, 300, 10_000):
    ...     latency.record(microseconds)
    >>> round(latency.quantile(0.5))
    202
    """

    __slots__ = ("counts",)

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self.counts: dict[int, int] = dict(counts or {})

    def __repr__(self) -> str:
        return f"Histogram({self.total} values, median {self.quantile(0.5):.0f})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self.counts == other.counts

    __hash__ = None  # type: ignore[assignment] # it changes

    def record(self, value: int) -> None:
        """Count one value."""
        index = bucket(value)
        self.counts[index] = self.counts.get(index, 0) + 1

    def add(self, counts: Mapping[int, int]) -> None:
        """Add the counts of another histogram."""
        mine = self.counts
        for index, count in counts.items():
            mine[index] = mine.get(index, 0) + count

    @property
    def total(self) -> int:
        """How many values were counted."""
        return sum(self.counts.values())

    def quantile(self, q: float) -> float:
        """The value at or below which the share ``q`` of all values lies, within 2 %; 0 when nothing was counted."""
        rank = max(1, ceil(q * self.total))
        seen = 0
        for index in sorted(self.counts):
            seen += self.counts[index]
            if seen >= rank:
                return middle(index)
        return 0.0
