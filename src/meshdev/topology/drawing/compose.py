"""From names and arrows to a drawing: layers, order, rows, then the lines of each channel, then the cells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from meshdev.topology.drawing.channel import Net, Wiring, wire
from meshdev.topology.drawing.layering import back_arrows, layers_of
from meshdev.topology.drawing.model import Box, Drawing, Figure, Measures, Place, Route
from meshdev.topology.drawing.ordering import Items, items_of, ordered
from meshdev.topology.drawing.rows import Joint, placed
from meshdev.topology.drawing.strands import Canvas

LEFT, RIGHT = 0, 1

End = tuple[int, int]
"""Where a line touches a channel: its side, and the row."""


@dataclass(slots=True)
class _Lines:
    """What one caller has in one channel: for each route where it comes in and where it goes out."""

    legs: dict[int, tuple[End, End]] = field(default_factory=dict)

    def net(self) -> Net:
        ends = {end for leg in self.legs.values() for end in leg}
        left = sorted(row for side, row in ends if side == LEFT)
        right = sorted(row for side, row in ends if side == RIGHT)
        return Net(tuple(left), tuple(right))


@dataclass(slots=True)
class _Plan:
    """Everything that is known before columns are: numbers instead of names."""

    figures: Sequence[Figure]
    arrows: Sequence[tuple[int, int]]
    back: frozenset[int]
    items: Items
    layers: list[list[int]]
    top: list[int]
    heights: list[int]
    ports: list[int]  # of each arrow: the row within the box that it leads to
    exits: list[int]  # of each node: the row within its box where its lines begin


def draw(
    figures: Sequence[Figure], arrows: Sequence[tuple[str, str]], measures: Measures | None = None
) -> Drawing:
    """Draw ``figures`` and an arrow for each pair of their names. Raises ValueError for a pair that is there twice."""
    if len(set(arrows)) != len(arrows):
        raise ValueError("an arrow is there twice")
    if not figures:
        return Drawing()
    measures = measures or Measures()
    number_of = {figure.name: number for number, figure in enumerate(figures)}
    plan = _plan(figures, [(number_of[caller], number_of[callee]) for caller, callee in arrows], measures)
    return _Composer(plan, measures).drawing()


def _plan(figures: Sequence[Figure], arrows: Sequence[tuple[int, int]], measures: Measures) -> _Plan:
    back = back_arrows(len(figures), arrows)
    layer = layers_of(len(figures), arrows, back)
    items = items_of(len(figures), arrows, layer, back)
    layers = ordered(items)
    place = {item: number for order in layers for number, item in enumerate(order)}
    feeders = [_feeder(items, arrow, layer, number in back) for number, arrow in enumerate(arrows)]
    incoming: list[list[int]] = [[] for _ in figures]
    for number, (_, callee) in enumerate(arrows):
        incoming[callee].append(number)
    ports = [0] * len(arrows)
    heights = [1] * len(items.layer)
    exits = [0] * len(figures)
    for node, figure in enumerate(figures):
        here = place[node]

        def rank(number: int, node: int = node, here: int = here) -> tuple[int, int]:
            feeder = feeders[number]
            if items.layer[feeder] == layer[node]:  # a line that comes back, from above or below
                return (-1 if place[feeder] < here else 1), place[feeder]
            return 0, place[feeder]

        incoming[node].sort(key=rank)
        lines = max(figure.lines, len(incoming[node]), 1)
        spare = (lines - len(incoming[node])) // 2
        for port, number in enumerate(incoming[node]):
            ports[number] = measures.border + spare + port
        heights[node] = lines + 2 * measures.border
        exits[node] = measures.border + (lines - 1) // 2
    room = list(heights)
    for order in layers:
        for item, below in pairwise(order):
            room[item] += measures.gap if item < len(figures) and below < len(figures) else 0
    top = placed(layers, room, _joints(items, arrows, feeders, ports, exits))
    return _Plan(figures, arrows, back, items, layers, top, heights, ports, exits)


def _feeder(items: Items, arrow: tuple[int, int], layer: Sequence[int], back: bool) -> int:  # noqa: FBT001 -- internal
    """The item from which an arrow comes into its callee's box."""
    caller, callee = arrow
    if back:
        return items.backward[caller, layer[callee]]
    return items.forward.get((caller, layer[callee] - 1), caller)


def _joints(
    items: Items,
    arrows: Sequence[tuple[int, int]],
    feeders: Sequence[int],
    ports: Sequence[int],
    exits: Sequence[int],
) -> list[Joint]:
    nodes = len(exits)
    port = {
        (feeder, callee): ports[number]
        for number, ((_, callee), feeder) in enumerate(zip(arrows, feeders, strict=True))
    }
    return [
        Joint(
            left,
            exits[left] if left < nodes else 0,
            right,
            port.get((left, right), exits[right] if right < nodes else 0),
        )
        for left, right in items.feeds
    ]


class _Composer:
    """Gives columns to everything and draws the cells."""

    def __init__(self, plan: _Plan, measures: Measures) -> None:
        self._plan = plan
        self._measures = measures
        self._channels: list[dict[int, _Lines]] = [
            {} for _ in range(len(plan.layers) + 1)
        ]  # [0]: left of layer 0
        self._passing: dict[int, list[int]] = {}
        for number in range(len(plan.arrows)):
            self._lay(number)
        self._wired: list[dict[int, Wiring]] = []
        self._start: list[int] = []  # the first column of each channel …
        self._end: list[int] = []  # … and the one after its last
        self._give_columns()

    def _leg(self, channel: int, source: int, number: int, come: End, go: End) -> None:
        self._channels[channel].setdefault(source, _Lines()).legs[number] = (come, go)

    def _lay(self, number: int) -> None:
        """Which channels and lanes an arrow goes through."""
        plan, top = self._plan, self._plan.top
        caller, callee = plan.arrows[number]
        at, to = plan.items.layer[caller], plan.items.layer[callee]
        here: End = (LEFT, top[caller] + plan.exits[caller])
        port: End = (RIGHT, top[callee] + plan.ports[number])
        if number not in plan.back:
            for step in range(at + 1, to):
                item = plan.items.forward[caller, step]
                self._passing.setdefault(item, []).append(number)
                self._leg(step, caller, number, here, (RIGHT, top[item]))
                here = (LEFT, top[item])
            self._leg(to, caller, number, here, port)
            return
        for step in range(at, to - 1, -1):
            item = plan.items.backward[caller, step]
            self._passing.setdefault(item, []).append(number)
            self._leg(step + 1, caller, number, here, (LEFT, top[item]))
            here = (RIGHT, top[item])
        self._leg(to, caller, number, here, port)

    def _give_columns(self) -> None:
        plan, measures = self._plan, self._measures
        x = 0
        for channel, lines in enumerate(self._channels):
            wirings, columns = wire([each.net() for each in lines.values()])
            self._wired.append(dict(zip(lines, wirings, strict=True)))
            self._start.append(x)
            ends = any(leg[1][0] == RIGHT for each in lines.values() for leg in each.legs.values())
            if lines:
                tracks = (columns - 1) * measures.track + 1 if columns else 0
                x += 1 + tracks + ((measures.gutter + 1) if ends else 0)
            elif 0 < channel < len(plan.layers):
                x += 2
            self._end.append(x)
            if channel < len(plan.layers):
                x += self._layer_width(channel)

    def _layer_width(self, layer: int) -> int:
        nodes = [item for item in self._plan.layers[layer] if item < len(self._plan.figures)]
        return max((self._plan.figures[node].width for node in nodes), default=1) + 2 * self._measures.border

    def drawing(self) -> Drawing:
        """The whole picture."""
        plan = self._plan
        canvas = Canvas()
        for channel, lines in enumerate(self._channels):
            for source, each in lines.items():
                wiring = self._wired[channel][source]
                self._draw_net(canvas, channel, source, each, wiring)
        for item, numbers in self._passing.items():
            layer = plan.items.layer[item]
            canvas.run(
                plan.items.source[item],
                plan.top[item],
                self._end[layer],
                self._start[layer + 1],
                tuple(numbers),
            )
        boxes = self._boxes()
        routes = tuple(self._route(number) for number in range(len(plan.arrows)))
        lowest = max((box.y + box.height for box in boxes.values()), default=0)
        lowest = max([lowest, *(y + 1 for y in canvas.rows)])
        return Drawing(
            boxes=boxes,
            routes=routes,
            rows=canvas.rows,
            width=self._end[-1],
            height=lowest,
            layers=tuple(
                tuple(plan.figures[item].name for item in order if item < len(plan.figures))
                for order in plan.layers
            ),
        )

    def _column(self, channel: int, track: int) -> int:
        return self._start[channel] + 1 + track * self._measures.track

    def _draw_net(self, canvas: Canvas, channel: int, source: int, lines: _Lines, wiring: Wiring) -> None:
        start, end = self._start[channel], self._end[channel]
        touching: dict[End, list[int]] = {}
        for number, leg in lines.legs.items():
            for touched in leg:
                touching.setdefault(touched, []).append(number)
        if wiring.left < 0:
            (row,) = {row for _, row in touching}
            canvas.run(source, row, start, end, tuple(lines.legs))
            return
        left, right = self._column(channel, wiring.left), self._column(channel, wiring.right)
        for (side, row), numbers in touching.items():
            if side == LEFT:
                canvas.run(source, row, start, left, tuple(numbers))
            else:
                canvas.run(source, row, right + 1, end, tuple(numbers))
        if wiring.turn is None:
            canvas.trunk(source, left, touching, lines.legs)
            return
        turn = wiring.turn
        over = tuple(number for number, (come, go) in lines.legs.items() if come[0] != go[0])
        canvas.run(source, turn, left + 1, right, over)
        for side, column, other in ((LEFT, left, (RIGHT, turn)), (RIGHT, right, (LEFT, turn))):
            ends = {touched: numbers for touched, numbers in touching.items() if touched[0] == side}
            ends[other] = list(over)
            legs = {
                number: tuple(end if end[0] == side else other for end in leg)
                for number, leg in lines.legs.items()
                if any(end[0] == side for end in leg)
            }
            canvas.trunk(source, column, ends, legs)

    def _boxes(self) -> dict[str, Box]:
        plan = self._plan
        boxes = {}
        for node, figure in enumerate(plan.figures):
            layer, top = plan.items.layer[node], plan.top[node]
            boxes[figure.name] = Box(
                figure.name,
                self._end[layer],
                top,
                self._layer_width(layer),
                plan.heights[node],
                top + plan.exits[node],
                layer,
                self._measures.border,
            )
        return boxes

    def _route(self, number: int) -> Route:
        plan = self._plan
        caller, callee = plan.arrows[number]
        back = number in plan.back
        at, to = plan.items.layer[caller], plan.items.layer[callee]
        channels = range(at + 1, to - 1, -1) if back else range(at + 1, to + 1)
        points: list[Place] = []
        for channel in channels:
            come, go = self._channels[channel][caller].legs[number]
            points.append(self._touch(channel, come))
            points.extend(self._turns(channel, self._wired[channel][caller], come, go))
            points.append(self._touch(channel, go))
        shortened = [point for index, point in enumerate(points) if index == 0 or point != points[index - 1]]
        return Route(
            plan.figures[caller].name,
            plan.figures[callee].name,
            tuple(shortened),
            back,
            self._end[to] - 1 - self._measures.gutter,
        )

    def _touch(self, channel: int, end: End) -> Place:
        side, row = end
        return (self._start[channel] if side == LEFT else self._end[channel] - 1), row

    def _turns(self, channel: int, wiring: Wiring, come: End, go: End) -> list[Place]:
        if wiring.left < 0:
            return []
        columns = [self._column(channel, wiring.left), self._column(channel, wiring.right)]
        first, last = columns[come[0]], columns[go[0]]
        if wiring.turn is None or come[0] == go[0]:
            return [(first, come[1]), (last, go[1])]
        return [(first, come[1]), (first, wiring.turn), (last, wiring.turn), (last, go[1])]
