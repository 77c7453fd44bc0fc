"""The second screen: who calls whom and how that goes, as a drawing, or as a heat matrix when there are many.

The line below the drawing says in words what the cursor stands on; the details stand beside it where there is room,
else below. Both follow the cursor.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from meshdev.tui.cells import clean
from meshdev.tui.chaos.acting import by_service
from meshdev.tui.facts import Lines
from meshdev.tui.graph.cursor import Cursor
from meshdev.tui.graph.density import DENSITIES, Density
from meshdev.tui.graph.edge_facts import edge_facts, edge_line
from meshdev.tui.graph.failures import failure_lines, failures_of
from meshdev.tui.graph.looks import edge_looks, node_looks
from meshdev.tui.graph.matrix import matrix_of
from meshdev.tui.graph.node_facts import node_facts, node_line
from meshdev.tui.graph.scene import Choice, Edge, Node, Pair, Scene, near, scene_of
from meshdev.tui.graph.sheet import Paint
from meshdev.tui.graph.words import empty_graph, status, troubled
from meshdev.tui.keys import Key, bindings
from meshdev.tui.keys.graph import GRAPH_KEYS
from meshdev.tui.model import Picture
from meshdev.tui.orders import following
from meshdev.tui.screens.graph_actions import GraphActions
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.bars import PaneTitle
from meshdev.tui.widgets.graph_view import GraphView
from meshdev.tui.widgets.matrix_view import MatrixView
from meshdev.tui.widgets.prompt import Prompt
from meshdev.tui.widgets.span_view import SpanView

if TYPE_CHECKING:
    from meshdev.wire.control import ExchangeView

MANY = 40
"""Above so many nodes the matrix is shown, until the user asks for the drawing."""

_SIZES: tuple[Density | None, ...] = (None, *DENSITIES)


class GraphScreen(GraphActions):
    """See the module."""

    MODE = "graph"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(GRAPH_KEYS)]

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 -- Textual declares it as an instance's

    DEFAULT_CSS = """
    GraphScreen {
        #panes { height: 1fr; layout: vertical; }
        #graph, #matrix { height: 1fr; width: 1fr; }
        #matrix, #details { display: none; }
        &.-matrix #matrix { display: block; }
        &.-matrix #graph { display: none; }
        &.-open #details { display: block; height: 50%; border-top: hkey $rule; }
        &.-wide #panes { layout: horizontal; }
        &.-wide.-open #details { width: 48; height: 1fr; border-top: none; border-left: vkey $rule; padding-left: 1; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._choice = Choice()
        self._scene = Scene()
        self._matrix: bool | None = None  # None: by the number of nodes
        self._hops = 0
        self._drawn_as = 0
        self._failed: list[ExchangeView] = []
        self._failed_as_of: tuple[Pair, int] | None = None

    def compose_body(self) -> ComposeResult:
        """Drawing or matrix, details, and the line that says what the cursor is on."""
        with Container(id="panes"):
            yield GraphView(id="graph")
            yield MatrixView(id="matrix")
            yield SpanView(id="details", empty="Nothing is selected.")
        yield PaneTitle((), id="here")
        yield Prompt(id="prompt")

    # --- parts ------------------------------------------------------------------------------------

    @property
    def view(self) -> GraphView:
        """The drawing."""
        return self.query_one("#graph", GraphView)

    @property
    def table(self) -> MatrixView:
        """The matrix."""
        return self.query_one("#matrix", MatrixView)

    @property
    def details(self) -> SpanView:
        """The panel."""
        return self.query_one("#details", SpanView)

    @property
    def scene(self) -> Scene:
        """What is on the graph."""
        return self._scene

    @property
    def in_matrix(self) -> bool:
        """Whether the matrix is shown."""
        return len(self._scene.nodes) > MANY if self._matrix is None else self._matrix

    @property
    def cursor(self) -> Cursor:
        """What the cursor stands on."""
        if not self.in_matrix:
            return self.view.cursor
        return Cursor(edge=self.table.cursor) if self.table.cursor else Cursor()

    @property
    def node(self) -> Node | None:
        """The node under the cursor."""
        return self._scene.node(self.cursor.node)

    @property
    def edge(self) -> Edge | None:
        """The edge under the cursor."""
        return self._scene.edge(self.cursor.edge) if self.cursor.edge is not None else None

    # --- drawing ----------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Begin with the keyboard on the graph."""
        self.set_focus(self._front())

    def _front(self) -> Widget:
        return self.table if self.in_matrix else self.view

    def show(self, picture: Picture, now: float) -> None:
        """Draw ``picture``."""
        super().show(picture, now)
        self._scene = scene_of(picture, self._choice)
        self._turn()
        empty = empty_graph(picture, self._choice)
        if self.in_matrix:
            labels = {node.name: node.label for node in self._scene.nodes}
            self.table.show(matrix_of(self._scene, labels), labels, empty)
        else:
            self.view.show(self._scene, self._paint, chosen=_SIZES[self._drawn_as], empty=empty)
        self._show_here()

    def _paint(self, *, labelled: bool) -> Paint:
        nodes = node_looks(self._scene, self.dashboard.now(), labelled=labelled)
        return Paint(nodes, edge_looks(self._scene), bright=self._bright())

    def _turn(self) -> None:
        """Bring the drawing or the matrix to the front, with the keyboard on it if the other one had it."""
        if self.has_class("-matrix") != self.in_matrix:
            had = self.focused in {self.view, self.table}
            self.set_class(self.in_matrix, "-matrix")
            if had:
                self.set_focus(self._front())

    def _bright(self) -> frozenset[str] | None:
        if self._hops and self.cursor.ends:
            hops = self._hops - (self.cursor.edge is not None)  # an edge's ends are a hop away from it
            return near(self._scene, self.cursor.ends, hops)
        return self._scene.matching if self._choice.wanted else None

    def _show_here(self) -> None:
        picture, now = self.dashboard.picture, self.dashboard.now()
        node, edge = self.node, self.edge
        spans: list[Span] = []
        if edge is not None:
            spans = edge_line(edge)
        elif node is not None:
            known = by_service(picture.faults)
            faults = dict.fromkeys(fault for one in node.services for fault in known.get(one.name, ()))
            spans = node_line(self._scene, node, now, tuple(faults))
        elif self.cursor.edge is not None:
            caller, callee = (clean(name) for name in self.cursor.edge)
            spans = [Span(f"{caller} → {callee}  no edge", Tone.MUTED)]
        density = self.view.density.name if self._drawn_as and self.view.density else ""
        said = status(self._choice, self._hops, density, self._scene.hidden)
        self.query_one("#here", PaneTitle).show(spans, "", said)
        if self.has_class("-open"):
            lines: Lines = []
            if edge is not None:
                lines = [*edge_facts(picture, edge, self.details.room), *self._failures(edge)]
            elif node is not None:
                lines = node_facts(picture, self._scene, node, now, self.details.room)
            self.details.show_lines(lines)

    def _failures(self, edge: Edge) -> Lines:
        """The last single errors of an edge; looked for only when calls have come."""
        flows = self.dashboard.traffic.flows
        asked = edge.pair, flows.total
        if asked != self._failed_as_of:
            pairs = {(one.caller, one.callee) for one in edge.signals}
            self._failed, self._failed_as_of = failures_of(pairs, flows.newest_first()), asked
        return failure_lines(self._failed, self.details.room)

    def _feed(self) -> None:
        """Single calls are needed while details are open and in front."""
        if self.has_class("-open") and self.is_current:
            self.dashboard.traffic.open(self.MODE)
        else:
            self.dashboard.traffic.close(self.MODE)

    def on_screen_resume(self) -> None:
        """In front."""
        self._feed()

    def on_screen_suspend(self) -> None:
        """Behind."""
        self.dashboard.traffic.close(self.MODE)

    def on_unmount(self) -> None:
        """Let the feed go."""
        self.dashboard.traffic.close(self.MODE)

    def _again(self) -> None:
        self.show(self.dashboard.picture, self.dashboard.now())

    def on_resize(self) -> None:
        """Lay out for the new width."""
        self.call_after_refresh(self._show_here)

    def keys(self) -> Sequence[Key]:
        """The keys that are of use now."""
        useless = {"hops(1)", "hops(-1)"} if not self._hops else set()
        if not self.is_attached or self.node is None or not self.node.services:
            useless |= {"start", "stop", "restart"}
        if self.in_matrix:
            useless |= {"near", "size"}
        if not self.is_attached or (self.node is None and self.edge is None):
            useless |= {"lines", "calls"}
        undo = self.has_class("-open") or self._hops or self._choice.wanted
        return [key for key in GRAPH_KEYS if key.action not in useless and (undo or key.action != "back")]

    # --- messages ---------------------------------------------------------------------------------

    @on(GraphView.Moved)
    @on(MatrixView.Moved)
    def _moved(self) -> None:
        if self._hops:
            self._again()
        else:
            self._show_here()
            self.show_frame(self.dashboard.picture, self.dashboard.now())

    @on(GraphView.Chosen)
    @on(MatrixView.Chosen)
    def _chosen(self) -> None:
        self.action_details()

    # --- what is shown ----------------------------------------------------------------------------

    def action_details(self) -> None:
        """Open the details, or close them."""
        self.set_class(not self.has_class("-open"), "-open")
        self._feed()
        if not self.has_class("-open"):
            self.set_focus(self._front())
        self.call_after_refresh(self._show_here)

    def action_back(self) -> None:
        """Undo one thing: the details, the focus, the filter."""
        if self.has_class("-open"):
            self.action_details()
        elif self._hops:
            self._hops = 0
            self._again()
        elif self._choice.wanted:
            self._filter("")

    def action_near(self) -> None:
        """Dim what is farther away than a hop, or nothing."""
        self._hops = 0 if self._hops else 1
        self._again()

    def action_hops(self, by: int) -> None:
        """Widen or narrow the focus."""
        if self._hops:
            self._hops = max(1, self._hops + by)
            self._again()

    def action_matrix(self) -> None:
        """Turn to the matrix, or to the drawing."""
        cursor = self.cursor
        self._matrix = not self.in_matrix
        self._again()
        if self.in_matrix:
            self.table.go(cursor.edge)
        elif cursor.edge is not None and self._scene.edge(cursor.edge):
            self.view.go(cursor)

    def action_teams(self) -> None:
        """Collapse by team, or not."""
        self._choose(teams=not self._choice.teams)

    def action_events(self) -> None:
        """Show events in the next way."""
        events = following(self._choice.events)
        self._choose(events=events)
        self.dashboard.say(f"events {events}")

    def action_databases(self) -> None:
        """Show databases that are files, or not."""
        self._choose(databases=not self._choice.databases)

    def action_size(self) -> None:
        """Draw in the next size."""
        self._drawn_as = (self._drawn_as + 1) % len(_SIZES)
        self._again()
        size = _SIZES[self._drawn_as]
        self.dashboard.say(f"size {size.name}" if size else "size automatic")

    def _choose(self, **changes: object) -> None:
        self._choice = replace(self._choice, **changes)  # type: ignore[arg-type]
        self._again()

    # --- trouble ----------------------------------------------------------------------------------

    def action_trouble(self, by: int) -> None:
        """Put the cursor on the next node or edge that is in trouble."""
        places = troubled(self._scene)
        if self.in_matrix:
            places = [place for place in places if place.edge is not None]
        if not places:
            self.dashboard.say("nothing is in trouble")
            return
        ends = [(place.node, place.edge) for place in places]
        here = (self.cursor.node, self.cursor.edge)
        at = ends.index(here) + by if here in ends else 0 if by > 0 else -1
        self._go(places[at % len(places)])

    def stand_on(self, cursor: Cursor) -> None:
        """Put the cursor somewhere, dropping a filter (from other screens)."""
        self._filter("")
        self._go(cursor)

    def _go(self, cursor: Cursor) -> None:
        if self.in_matrix:
            self.table.go(cursor.edge)
        else:
            self.view.go(cursor)

    # --- filter -----------------------------------------------------------------------------------

    def action_find(self) -> None:
        """Filter."""
        hint = "filter: words in name, state or team; !word excludes"
        self.query_one(Prompt).ask("filter", "/", self._choice.wanted, hint)

    @on(Prompt.Edited)
    def _edited(self, event: Prompt.Edited) -> None:
        self._filter(event.text)

    @on(Prompt.Closed)
    def _prompt_closed(self, event: Prompt.Closed) -> None:
        if not event.kept:
            self._filter("")
        self.set_focus(self._front())

    def _filter(self, wanted: str) -> None:
        self._choose(wanted=wanted)
