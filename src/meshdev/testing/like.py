"""Values that change from call to call, in what a test expects: equal to everything of the same shape.

>>> {"id": "7d8a5f6e-0c1b-4f7e-9a39-1f2e3d4c5b6a", "total": 3} == {"id": uuid, "total": number}
True

`differences` says where an answer is not what was expected; the plugin shows them when an ``assert`` fails.
"""

import re
from collections.abc import Callable, Iterator

_UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_TIMESTAMP = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?"
    r"|[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT"
)


class Like:
    """Equal to whatever ``takes`` accepts; shown by its name."""

    __slots__ = ("_name", "_takes")

    def __init__(self, name: str, takes: Callable[[object], bool]) -> None:
        self._name = name
        self._takes = takes

    def __eq__(self, other: object) -> bool:
        return self is other or self._takes(other)

    __hash__ = None  # type: ignore[assignment]  # equal to many

    def __repr__(self) -> str:
        return self._name


class items:  # noqa: N801 -- reads as a value: like.items(24, first={...})
    """A list of so many, of which only the first is compared."""

    __hash__ = None  # type: ignore[assignment]  # equal to many

    def __init__(self, count: int, *, first: object) -> None:
        self.count = count
        self.first = first

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list) and len(other) == self.count and (not other or other[0] == self.first)

    def __repr__(self) -> str:
        return f"like.items({self.count}, first={self.first!r})"


uuid = Like("like.uuid", lambda value: isinstance(value, str) and bool(_UUID.fullmatch(value)))
timestamp = Like("like.timestamp", lambda value: isinstance(value, str) and bool(_TIMESTAMP.fullmatch(value)))
text = Like("like.text", lambda value: isinstance(value, str))
number = Like("like.number", lambda value: isinstance(value, int | float) and not isinstance(value, bool))
anything = Like("like.anything", lambda _value: True)


def has_likes(expected: object) -> bool:
    """Whether there is one of these in it."""
    if isinstance(expected, dict):
        return any(has_likes(inner) for inner in expected.values())
    if isinstance(expected, list):
        return any(has_likes(inner) for inner in expected)
    return isinstance(expected, Like | items)


def differences(actual: object, expected: object, place: str = "$") -> Iterator[str]:
    """A line for each place: ``$.lines[0].total: is 12, expected 10``."""
    if isinstance(expected, items) and isinstance(actual, list) and actual:
        if len(actual) != expected.count:
            yield f"{place}: has {len(actual)} items, expected {expected.count}"
        yield from differences(actual[0], expected.first, f"{place}[0]")
    elif isinstance(actual, dict) and isinstance(expected, dict):
        for key in [*expected, *(key for key in actual if key not in expected)]:
            inner = f"{place}.{key}"
            if key not in actual:
                yield f"{inner}: is missing, expected {expected[key]!r}"
            elif key not in expected:
                yield f"{inner}: is {actual[key]!r}, expected nothing here"
            else:
                yield from differences(actual[key], expected[key], inner)
    elif isinstance(actual, list) and isinstance(expected, list):
        if len(actual) != len(expected):
            yield f"{place}: has {len(actual)} items, expected {len(expected)}"
        for number_, (mine, theirs) in enumerate(zip(actual, expected, strict=False)):
            yield from differences(mine, theirs, f"{place}[{number_}]")
    elif actual != expected:
        yield f"{place}: is {actual!r}, expected {expected!r}"
