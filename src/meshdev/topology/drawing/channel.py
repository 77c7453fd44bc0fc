"""The lines between two layers: in which column each caller's vertical line runs.

A net is what one caller has in a channel: the rows where it touches the left side and the rows where it touches the
right side, joined by one vertical line, its track. Rules:

- where one net ends at a row on the left and another at the same row on the right, the left one's track is left of the
  right one's (else both would run over each other on that row);
- tracks that overlap have different columns, in the order that crosses least;
- where the first rule goes in a circle, one net takes two tracks, joined by a row that nobody else uses.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

MANY = 80
"""Above so many nets, the order of tracks is by rows alone: counting crossings of pairs would take too long."""


@dataclass(frozen=True, slots=True)
class Net:
    """The rows, sorted, where a caller's lines touch the left and the right side of the channel."""

    left: tuple[int, ...]
    right: tuple[int, ...]

    @property
    def straight(self) -> bool:
        """Whether it needs no track."""
        return len(self.left) == 1 and self.left == self.right


@dataclass(frozen=True, slots=True)
class Wiring:
    """The columns of a net's tracks (the same one, unless it turns on row ``turn``); -1 for a straight net."""

    left: int = -1
    right: int = -1
    turn: int | None = None


def wire(nets: Sequence[Net]) -> tuple[list[Wiring], int]:
    """How each net runs, and how many columns that takes."""
    wirings = [Wiring() for _ in nets]
    pieces: list[Net] = []
    owners: list[int] = []
    for number, net in enumerate(nets):
        if not net.straight:
            pieces.append(net)
            owners.append(number)
    turns: dict[int, int] = {}
    taken = {row for net in nets for row in (*net.left, *net.right)}
    after: dict[int, int] = {}
    while isinstance(stuck := _order(pieces, after), int):
        net = pieces[stuck]
        row = _free_row(net, taken)
        taken.add(row)
        turns[owners[stuck]] = row
        pieces[stuck] = Net(net.left, (row,))
        pieces.append(Net((row,), net.right))
        owners.append(owners[stuck])
        after[len(pieces) - 1] = stuck
    columns = _columns(pieces, stuck, after)
    for piece, owner in enumerate(owners):
        known = wirings[owner]
        if piece in after:
            wirings[owner] = Wiring(known.left, columns[piece], turns[owner])
        else:
            wirings[owner] = Wiring(columns[piece], columns[piece], None)
    return wirings, max(columns, default=-1) + 1


def _order(nets: Sequence[Net], after: dict[int, int]) -> list[int] | int:
    """The nets from left to right; or the net at which a circle is best cut."""
    ends = {row: number for number, net in enumerate(nets) for row in net.right}
    blocked = [0] * len(nets)
    frees: list[list[int]] = [[] for _ in nets]
    for number, net in enumerate(nets):
        for row in net.left:
            other = ends.get(row, number)
            if other != number and after.get(number) != other:
                frees[number].append(other)
                blocked[other] += 1
        if number in after:
            frees[after[number]].append(number)
            blocked[number] += 1
    worth = _worth(nets)
    score = [sum(row) for row in worth]
    left = set(range(len(nets)))
    order: list[int] = []
    while left:
        free = [number for number in left if not blocked[number]]
        if not free:
            whole = [number for number in left if number not in after and number not in after.values()]
            return min(whole, key=lambda number: (len(nets[number].left) + len(nets[number].right), number))
        best = min(free, key=lambda number: (score[number], nets[number].left, nets[number].right, number))
        order.append(best)
        left.remove(best)
        for other in left:
            score[other] -= worth[other][best]
        for other in frees[best]:
            blocked[other] -= 1
    return order


def _worth(nets: Sequence[Net]) -> list[list[int]]:
    """For each pair: how many crossings more it costs to put the first one left of the second than the other way."""
    if len(nets) > MANY:
        return [[_slope(net)] + [0] * (len(nets) - 1) for net in nets]
    worth = [[0] * len(nets) for _ in nets]
    for one, net in enumerate(nets):
        for two in range(one):
            other = nets[two]
            if _span(net)[0] <= _span(other)[1] and _span(other)[0] <= _span(net)[1]:
                worth[one][two] = _crossed(net, other) - _crossed(other, net)
                worth[two][one] = -worth[one][two]
    return worth


def _slope(net: Net) -> int:
    """For lines that go down, the lowest first; for lines that go up, the highest first."""
    middle = net.left[0] if net.left else net.right[0]
    down = bool(net.right) and sum(net.right) / len(net.right) > middle
    return -middle if down else middle


def _span(net: Net) -> tuple[int, int]:
    rows = (*net.left, *net.right)
    return min(rows), max(rows)


def _crossed(first: Net, second: Net) -> int:
    """Crossings of two nets when the first one's track is left of the second one's."""
    top, bottom = _span(first)
    crossed = bisect_left(second.left, bottom) - bisect_right(second.left, top)
    top, bottom = _span(second)
    return max(0, crossed) + max(0, bisect_left(first.right, bottom) - bisect_right(first.right, top))


def _free_row(net: Net, taken: set[int]) -> int:
    """The row nearest to the net's middle on which nothing runs in this channel."""
    top, bottom = _span(net)
    middle = (top + bottom) // 2
    row, distance = middle, 0
    while row in taken or row < 0:
        distance += 1
        row = middle + distance if middle + distance not in taken else middle - distance
    return row


def _columns(nets: Sequence[Net], order: Sequence[int], after: dict[int, int]) -> list[int]:
    columns = [-1] * len(nets)
    spans = [_span(net) for net in nets]
    done: list[int] = []
    for number in order:
        top, bottom = spans[number]
        column = 0 if number not in after else columns[after[number]] + 1
        for other in done:
            if columns[other] >= column and spans[other][0] <= bottom and top <= spans[other][1]:
                column = columns[other] + 1
        columns[number] = column
        done.append(number)
    return columns
