"""The system's graph as SVG with the blast radius: where faults acted, and where it hurt. Pure.

Services stand in columns by how far they are from the outside; within a column by the mean height of who calls them,
so that few lines cross.
"""

from collections.abc import Mapping, Sequence

from meshdev.chaos.markup import Markup, joined, tag
from meshdev.chaos.report import ExperimentReport

BOX = (132.0, 30.0)
GAP = (64.0, 16.0)
MARGIN = 12.0
FITS = 20  # letters in a box

Pair = tuple[str, str]


def blast_graph(report: ExperimentReport) -> Markup:
    """The drawing."""
    pairs = list(dict.fromkeys(report.edges))
    places = placed(pairs)
    if not places:
        return tag("p", "nobody calls anybody")
    struck = set(report.blast.struck) if report.blast else set()
    hurt = set(report.blast.services) if report.blast else set()
    worse = {harm.edge for harm in report.blast.edges if harm.why} if report.blast else set()
    width = max(x for x, _ in places.values()) + BOX[0] + MARGIN
    height = max(y for _, y in places.values()) + BOX[1] + MARGIN
    lines = [
        _line(places, pair, "struck" if name in struck else "worse" if name in worse else "calm")
        for pair in pairs
        if (name := f"{pair[0]} -> {pair[1]}")
    ]
    targets = {name.partition(" -> ")[2] for name in struck}
    targets |= {service for action in report.actions for service in action.services}
    boxes = [
        _box(name, at, "hurt" if name in hurt else "struck" if name in targets else "calm")
        for name, at in places.items()
    ]
    return tag(
        "svg",
        joined(lines),
        joined(boxes),
        viewBox=f"0 0 {width:g} {height:g}",
        style=f"max-width:{width:g}px",
        role="img",
        class_="graph",
    )


def placed(pairs: Sequence[Pair]) -> dict[str, tuple[float, float]]:
    """The upper left corner of each service's box."""
    columns = _columns(pairs)
    heights: dict[str, float] = {}
    places = {}
    for column in range(max(columns.values(), default=-1) + 1):
        names = [name for name, at in columns.items() if at == column]

        def height(name: str) -> tuple[float, str]:
            callers = [heights[caller] for caller, callee in pairs if callee == name and caller in heights]
            return (sum(callers) / len(callers) if callers else 0.0, name)

        for row, name in enumerate(sorted(names, key=height)):
            heights[name] = row - len(names) / 2
            x = MARGIN + column * (BOX[0] + GAP[0])
            places[name] = (x, row * (BOX[1] + GAP[1]))
    tallest = max((y for _, y in places.values()), default=0.0)
    for column in set(columns.values()):
        names = [name for name, at in columns.items() if at == column]
        shift = (tallest - max(places[name][1] for name in names)) / 2 + MARGIN
        for name in names:
            places[name] = (places[name][0], places[name][1] + shift)
    return places


def _columns(pairs: Sequence[Pair]) -> dict[str, int]:
    """How far each service is from those that nobody calls; cycles end where they began."""
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    called = {callee for _, callee in pairs}
    depth = dict.fromkeys([name for name in names if name not in called] or names[:1], 0)
    for _ in names:
        for caller, callee in pairs:
            if caller in depth and depth.get(callee, -1) <= depth[caller] and depth[caller] + 1 < len(names):
                depth[callee] = depth[caller] + 1
    return {name: depth.get(name, 0) for name in names}


def _line(places: Mapping[str, tuple[float, float]], pair: Pair, kind: str) -> Markup:
    (x1, y1), (x2, y2) = places[pair[0]], places[pair[1]]
    x1, y1, y2 = x1 + BOX[0], y1 + BOX[1] / 2, y2 + BOX[1] / 2
    bend = (x2 - x1) / 2 if x2 > x1 else 40
    path = f"M{x1:g} {y1:g} C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"
    return tag("path", tag("title", f"{pair[0]} → {pair[1]}: {kind}"), d=path, class_=kind)


def _box(name: str, at: tuple[float, float], kind: str) -> Markup:
    short = name.removeprefix("brokers.")
    if short.startswith("databases."):
        short = f"{short.removeprefix('databases.')} (db)"
    shown = short if len(short) <= FITS else f"{short[: FITS - 1]}…"
    x, y = at
    return tag(
        "g",
        tag("title", f"{name}: {kind}"),
        tag("rect", x=f"{x:g}", y=f"{y:g}", width=BOX[0], height=BOX[1], rx=5),
        tag("text", shown, x=f"{x + BOX[0] / 2:g}", y=f"{y + BOX[1] / 2 + 4:g}"),
        class_=kind,
    )
