"""Who stands above whom in each layer: barycentre sweeps over nodes and the lines that pass a layer.

A line that passes a layer is an item there as a box is. One caller has one such item per layer and direction, shared by
all its lines.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from meshdev.topology.drawing.layering import Arrow

SWEEPS = 12
"""Sweeps at most; it ends earlier when three in a row bring nothing."""

_PATIENCE = 3


@dataclass(slots=True)
class Items:
    """What stands in the layers. An item is a number; node items come first and have their node's number.

    ``source`` is whose line an item is (the node itself for boxes); ``feeds`` are pairs of items of neighbouring
    layers that a line joins, the left one first; ``beside`` are pairs of one layer that a line going back joins.
    """

    layer: list[int]
    source: list[int]
    feeds: list[tuple[int, int]] = field(default_factory=list)
    beside: list[tuple[int, int]] = field(default_factory=list)
    forward: dict[tuple[int, int], int] = field(default_factory=dict)
    backward: dict[tuple[int, int], int] = field(default_factory=dict)

    def add(self, layer: int, source: int) -> int:
        """A line of ``source`` that passes ``layer``."""
        self.layer.append(layer)
        self.source.append(source)
        return len(self.layer) - 1


def items_of(count: int, arrows: Sequence[Arrow], layer: Sequence[int], back: frozenset[int]) -> Items:
    """Boxes, and the lines that pass layers on their way."""
    items = Items(list(layer), list(range(count)))
    for number, (caller, callee) in enumerate(arrows):
        at, to = layer[caller], layer[callee]
        if number in back:
            before = caller
            for step in range(at, to - 1, -1):
                item = items.backward.get((caller, step))
                if item is None:
                    item = items.backward[caller, step] = items.add(step, caller)
                    (items.beside if step == at else items.feeds).append((item, before))
                before = item
            items.beside.append((before, callee))
        else:
            before = caller
            for step in range(at + 1, to):
                item = items.forward.get((caller, step))
                if item is None:
                    item = items.forward[caller, step] = items.add(step, caller)
                    items.feeds.append((before, item))
                before = item
            items.feeds.append((before, callee))
    return items


def ordered(items: Items) -> list[list[int]]:
    """The items of each layer from top to bottom."""
    layers: list[list[int]] = [[] for _ in range(max(items.layer, default=-1) + 1)]
    for item, layer in enumerate(items.layer):
        layers[layer].append(item)
    left: list[list[int]] = [[] for _ in items.layer]
    right: list[list[int]] = [[] for _ in items.layer]
    same: list[list[int]] = [[] for _ in items.layer]
    for one, other in items.feeds:
        right[one].append(other)
        left[other].append(one)
    for line, node in items.beside:
        same[line].append(node)
    _begin(layers, left, same)
    best, fewest, idle = [list(layer) for layer in layers], crossings(layers, right), 0
    for sweep in range(SWEEPS):
        if not fewest or idle >= _PATIENCE:
            break
        rightwards = sweep % 2 == 0
        for each in layers if rightwards else reversed(layers):
            _sort(each, left if rightwards else right, same, layers, items.layer)
        found = crossings(layers, right)
        idle = idle + 1
        if found < fewest:
            best, fewest, idle = [list(layer) for layer in layers], found, 0
    return best


def _begin(layers: Sequence[list[int]], left: Sequence[list[int]], same: Sequence[list[int]]) -> None:
    """The first order: each item after those that feed it, lines that go back below the box that they come from."""
    place: dict[int, float] = {}
    for layer in layers:
        known = {item: place[item] for item in layer if item in place}
        for number, item in enumerate(layer):
            feeding = [place[one] for one in left[item] if one in place]
            if feeding:
                known[item] = sum(feeding) / len(feeding)
            elif same[item]:
                known[item] = known.get(same[item][0], number) + 0.5
            else:
                known[item] = float(number)
        layer.sort(key=known.__getitem__)
        place.update({item: float(number) for number, item in enumerate(layer)})


def _sort(
    layer: list[int],
    towards: Sequence[list[int]],
    same: Sequence[list[int]],
    layers: Sequence[list[int]],
    layer_of: Sequence[int],
) -> None:
    """Sort one layer by the mean place of what each item is joined to on one side."""
    if not layer:
        return
    at = layer_of[layer[0]]
    place = {item: number for number, item in enumerate(layer)}
    scale = 1.0
    for near in (at - 1, at + 1):
        if 0 <= near < len(layers):
            for number, item in enumerate(layers[near]):
                place.setdefault(item, number)
    neighbours = next((towards[item] for item in layer if towards[item]), None)
    if neighbours:
        scale = len(layers[layer_of[neighbours[0]]]) / len(layer)
    key = {}
    for number, item in enumerate(layer):
        joined = [float(place[one]) for one in towards[item]]
        if not joined:
            joined = [(place[one] + 0.5) * scale for one in same[item]] or [number * scale]
        key[item] = sum(joined) / len(joined)
    layer.sort(key=key.__getitem__)


def crossings(layers: Sequence[Sequence[int]], right: Sequence[Sequence[int]]) -> int:
    """How many pairs of lines between neighbouring layers cross."""
    total = 0
    for layer, following in pairwise(layers):
        place = {item: number for number, item in enumerate(following)}
        seen: list[int] = []
        for item in layer:
            ends = sorted(place[one] for one in right[item])
            for end in ends:
                total += len(seen) - bisect_left(seen, end + 1)
            for end in ends:
                insort(seen, end)
    return total
