"""Whether two answers say the same: less the echo of what each caller chose, and less what the callee drew or counted.

An answer's `signature` is equal for answers that agree. It is made only for calls that are otherwise equal.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Any, Final

import msgspec

from meshdev.recording.matching.parts import Place, split
from meshdev.recording.matching.shape import STRONG, TIMES, shape_of
from meshdev.recording.model import Exchange, Response

_encode = msgspec.json.Encoder(order="sorted").encode
_LEAST_WITHIN: Final = 5  # characters of an echo within a longer text
_LEAST_NUMBER: Final = 3
_COUNTED: Final = re.compile(r"(.*?)(\d{1,18})")


def signature(exchange: Exchange, echoes: Sequence[str], counters: Collection[Place] = ()) -> bytes:
    """What an answer says, hashed. ``echoes`` are the noise values of its request, in the order of their places."""
    response = exchange.response
    if response is None:
        return b"error " + exchange.error.encode()
    tree = _tree(response)
    content = [_neutral(tree, echoes, (), counters), len(exchange.messages)]
    location = next((value for name, value in response.headers if name.lower() == "location"), "")
    content.append(_text(location, echoes))
    return blake2b(_encode([response.status, *content]), digest_size=16).digest()


def _tree(response: Response) -> Any:
    headers = {name.lower(): value for name, value in response.headers if name.lower() == "content-type"}
    parts = split("", "/", headers, response.body.data)
    return [parts.kind, parts.tree]


def _neutral(node: Any, echoes: Sequence[str], place: Place, counters: Collection[Place]) -> Any:  # noqa: PLR0911 - by type
    if isinstance(node, dict):
        return {name: _neutral(value, echoes, (*place, name), counters) for name, value in node.items()}
    if isinstance(node, list):
        return [_neutral(value, echoes, (*place, str(at)), counters) for at, value in enumerate(node)]
    if place in counters:
        return "\0count"
    if isinstance(node, str):
        return _text(node, echoes)
    if isinstance(node, int | float) and not isinstance(node, bool):
        text = str(node)
        if len(text) >= _LEAST_NUMBER and text in echoes:
            return f"\0echo{echoes.index(text)}"
        if shape_of(node) in TIMES:
            return "\0time"
    return node


def _text(text: str, echoes: Sequence[str]) -> str:
    for at, echo in enumerate(echoes):
        if text == echo:
            return f"\0echo{at}"
        if len(echo) >= _LEAST_WITHIN and echo in text:
            text = text.replace(echo, f"\0echo{at}\0")
    shape = shape_of(text)
    if shape in STRONG or shape in TIMES:
        return f"\0{shape.value}"
    return text


def counters_of(exchanges: Iterable[Exchange]) -> frozenset[Place]:
    """Places of the answers that only ever count up: order numbers, versions, totals of calls."""
    rows = [dict(_numbers(_tree(one.response), ())) for one in exchanges if one.response is not None]
    if len(rows) < 2:  # noqa: PLR2004 - one number counts nothing
        return frozenset()
    common = set(rows[0]).intersection(*rows[1:])
    return frozenset(place for place in common if _counts([row[place] for row in rows]))


def _counts(values: list[tuple[str, int]]) -> bool:
    numbers = [number for _, number in values]
    steps = {after - before for before, after in pairwise(numbers)}
    same = len({prefix for prefix, _ in values}) == 1
    return same and min(steps) > 0 and (len(numbers) > 2 or steps == {1})  # noqa: PLR2004 - two may be chance


def _numbers(node: Any, place: Place) -> Iterator[tuple[Place, tuple[str, int]]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _numbers(value, (*place, name))
    elif isinstance(node, list):
        for at, value in enumerate(node):
            yield from _numbers(value, (*place, str(at)))
    elif isinstance(node, int) and not isinstance(node, bool):
        yield place, ("", node)
    elif isinstance(node, str):
        match = _COUNTED.fullmatch(node)
        if match is not None:
            yield place, (match[1], int(match[2]))
