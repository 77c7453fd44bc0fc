"""The graph as a table: callers down, callees across, each cell shaded by what flows. For big systems. Pure.

| cell | meaning |
|---|---|
| ``·`` | declared, never used |
| ``░ ▒ ▓ █`` | used; the darker, the more calls a second (by orders of magnitude) |
| ``✕ ⊘ ↯`` | denied, circuit open, a fault acts |

Colours are those of edges: green flows, red fails, amber was not declared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log10

from meshdev.tui.graph.flow import Flow, flow_of_edge
from meshdev.tui.graph.looks import tone_of
from meshdev.tui.graph.scene import Pair, Scene
from meshdev.tui.tone import Tone

SHADES = "░▒▓█"
_QUIET = 0.1
"""Below so many calls a second the lightest shade; each order of magnitude is a shade more."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One cell of the matrix."""

    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows are callers, columns are callees, both in the topology's order."""

    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    marks: Mapping[Pair, Mark] = field(default_factory=dict)


def matrix_of(scene: Scene, labels: Mapping[str, str]) -> Matrix:
    """The matrix of a scene; ``labels`` is only asked which nodes there are."""
    callers = {edge.caller for edge in scene.edges}
    callees = {edge.callee for edge in scene.edges}
    marks = {edge.pair: mark_of(flow_of_edge(edge), events=bool(edge.events)) for edge in scene.edges}
    return Matrix(
        tuple(name for name in labels if name in callers),
        tuple(name for name in labels if name in callees),
        marks,
    )


def mark_of(flow: Flow, *, events: bool) -> Mark:
    """The cell of an edge."""
    tone = tone_of(flow)
    if flow.denied:
        return Mark("✕✕", tone)
    if flow.circuit == "open":
        return Mark("⊘⊘", tone)
    if flow.faults:
        return Mark("↯↯", tone)
    if flow.active:
        return Mark(shade(flow.rps) * 2, tone)
    if flow.used:
        return Mark(SHADES[0] * 2, tone)
    return Mark("╌╌" if events else "··", tone)


def shade(rps: float) -> str:
    """The shade of a rate.

    >>> [shade(rps) for rps in (0.05, 0.5, 5, 50, 5000)]
    ['░', '▒', '▓', '█', '█']
    """
    if rps < _QUIET:
        return SHADES[0]
    return SHADES[min(len(SHADES) - 1, 2 + int(log10(rps)) if rps >= 1 else 1)]


def stepped(matrix: Matrix, at: Pair | None, across: int, down: int) -> Pair | None:
    """The cell so many steps away, kept within the matrix; cells without an edge are places too."""
    if not matrix.rows or not matrix.columns:
        return None
    row = _index(matrix.rows, at[0] if at else "")
    column = _index(matrix.columns, at[1] if at else "")
    if at is None:
        return first(matrix)
    row = min(max(row + down, 0), len(matrix.rows) - 1)
    column = min(max(column + across, 0), len(matrix.columns) - 1)
    return matrix.rows[row], matrix.columns[column]


def first(matrix: Matrix) -> Pair | None:
    """The first cell that has an edge."""
    order = {name: number for number, name in enumerate(matrix.rows)}
    across = {name: number for number, name in enumerate(matrix.columns)}
    return min(matrix.marks, key=lambda pair: (order[pair[0]], across[pair[1]]), default=None)


def _index(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else 0
