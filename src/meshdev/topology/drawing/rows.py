"""At which row each item of a layer stands: as straight as its lines allow, never over its neighbour.

Each item would like to stand where its lines run straight; the order of the layer and the room that each needs are
kept by isotonic regression in the L1 norm (pools of neighbours take the median of what they would like), which leaves
exactly straight what can be. Rows that nobody needs are taken out at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Joint:
    """A line from row ``left_offset`` of item ``left`` to row ``right_offset`` of item ``right``."""

    left: int
    left_offset: int
    right: int
    right_offset: int


def placed(layers: Sequence[Sequence[int]], room: Sequence[int], joints: Sequence[Joint]) -> list[int]:
    """The top row of each item; ``room`` is its height with the gap below it. The least is 0."""
    top = [0] * len(room)
    heights = [sum(room[item] for item in layer) for layer in layers]
    tallest = max(heights, default=0)
    for layer, height in zip(layers, heights, strict=True):
        row = (tallest - height) // 2
        for item in layer:
            top[item] = row
            row += room[item]
    from_left: list[list[tuple[int, int]]] = [[] for _ in room]
    from_right: list[list[tuple[int, int]]] = [[] for _ in room]
    for joint in joints:
        from_left[joint.right].append((joint.left, joint.left_offset - joint.right_offset))
        from_right[joint.left].append((joint.right, joint.right_offset - joint.left_offset))
    for _ in range(ROUNDS):
        for layer in layers:
            _settle(layer, room, top, from_left)
        for layer in reversed(layers):
            _settle(layer, room, top, from_right)
    both = [[*a, *b] for a, b in zip(from_left, from_right, strict=True)]
    for layer in layers:
        _settle(layer, room, top, both)
    return _without_empty_rows(top, room)


def _without_empty_rows(top: Sequence[int], room: Sequence[int]) -> list[int]:
    """The same with every row taken out on which no layer has anything."""
    used = sorted(
        {row for start, height in zip(top, room, strict=True) for row in range(start, start + height)}
    )
    place = {row: number for number, row in enumerate(used)}
    return [place[row] for row in top]


def _settle(
    layer: Sequence[int], room: Sequence[int], top: list[int], towards: Sequence[list[tuple[int, int]]]
) -> None:
    """Move the items of one layer to where their lines on one side run straight."""
    pools: list[
        tuple[list[int], int]
    ] = []  # what its members would like (without the room before them), how many
    before = 0
    for item in layer:
        rows = sorted(top[other] + offset for other, offset in towards[item])
        liked = rows[(len(rows) - 1) // 2] if rows else top[item]
        pool, count = [liked - before], 1
        while pools and _middle(pools[-1][0]) > _middle(pool):
            above, more = pools.pop()
            pool = sorted((*above, *pool))
            count += more
        pools.append((pool, count))
        before += room[item]
    members = iter(layer)
    before = 0
    for pool, count in pools:
        at = _middle(pool)
        for _ in range(count):
            item = next(members)
            top[item] = at + before
            before += room[item]


def _middle(values: Sequence[int]) -> int:
    return values[(len(values) - 1) // 2]
