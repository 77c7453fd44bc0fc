"""The drawing of the graph on the screen: laid out when the topology or the room changes, else only painted.

The layout of many nodes takes so long that a thread makes it; what was drawn before stands until it is done.

Only lines on which something looks different are drawn again. The cursor walks along nodes and edges (`graph.cursor`)
and belongs to what it stands on: when the drawing changes, it goes along.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Protocol

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from meshdev.topology.drawing import Drawing
from meshdev.tui.cells import pad
from meshdev.tui.graph import cursor as walk
from meshdev.tui.graph.cursor import Cursor, Way
from meshdev.tui.graph.density import LARGE, SLOW, Density, fitted, layout_of
from meshdev.tui.graph.scene import Scene
from meshdev.tui.graph.sheet import Ground, Paint, Run, Sheet
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.toned import Toned

if TYPE_CHECKING:
    from textual.worker import Worker

_MARGIN = 2


class Painting(Protocol):
    """Makes the looks; ``labelled``: there is room for figures on the edges."""

    def __call__(self, *, labelled: bool) -> Paint:
        """The looks as they are now."""
        ...


class GraphView(Toned, ScrollView, can_focus=True):
    """See the module. Posts `Moved` when the cursor comes elsewhere, `Chosen` on Enter or double click."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"graph--chip", "graph--cursor", "graph--dim"}

    DEFAULT_CSS = """
    GraphView {
        background: $surface;
        overflow: auto auto;
        scrollbar-size: 1 1;
        & > .graph--chip { background: $panel; }
        & > .graph--cursor { background: $cursor-idle; text-style: bold; }
        & > .graph--dim { color: $rule; }
        &:focus > .graph--cursor { background: $cursor; text-style: bold; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move('up')", "Up", show=False),
        Binding("down,j", "move('down')", "Down", show=False),
        Binding("left,h", "move('left')", "Left", show=False),
        Binding("right,l", "move('right')", "Right", show=False),
        Binding("home,g", "begin", "First", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("enter", "choose", "Open", show=False),
    ]

    class Moved(Message):
        """The cursor stands elsewhere."""

        def can_replace(self, message: Message) -> bool:
            """Only the last place counts when the cursor runs."""
            return isinstance(message, GraphView.Moved)

    class Chosen(Message):
        """What the cursor stands on was opened."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._scene = Scene()
        self._paint = Paint()
        self._painting: Painting = _nothing
        self._chosen: Density | None = None
        self._density: Density | None = None
        self._sheet = Sheet(Drawing())
        self._laid_out: object = None
        self._to_lay_out: object = None
        self._beside: Worker[None] | None = None
        self._strips: dict[int, Strip] = {}
        self._strips_for = (0, 0)
        self._empty: tuple[str, ...] = ()
        self._margins = (0, 0)

    # --- data -------------------------------------------------------------------------------------

    @property
    def cursor(self) -> Cursor:
        """What the cursor stands on."""
        return self._paint.cursor

    @property
    def density(self) -> Density | None:
        """The size in which things are drawn."""
        return self._density

    @property
    def drawing(self) -> Drawing:
        """What is drawn."""
        return self._sheet.drawing

    def show(
        self, scene: Scene, painting: Painting, *, chosen: Density | None = None, empty: str = ""
    ) -> None:
        """Show ``scene`` as ``painting`` says (but with the cursor where it is)."""
        self._scene, self._painting, self._chosen = scene, painting, chosen
        if tuple(empty.splitlines()) != self._empty:
            self._empty = tuple(empty.splitlines())
            self._forget()
        before = self._paint
        if self._lay_out():
            return
        paint = self._repaint()
        if before.bright != paint.bright:
            self._forget()
            return
        changed: set[int] = set()
        for name, look in paint.nodes.items():
            if before.nodes.get(name) != look:
                changed.update(self._sheet.rows_of(Cursor(name)))
        for pair, edge_look in paint.edges.items():
            if before.edges.get(pair) != edge_look:
                changed.update(self._sheet.rows_of(Cursor(edge=pair)))
        self._redraw(changed)

    def go(self, cursor: Cursor) -> None:
        """Put the cursor there."""
        if cursor == self.cursor:
            return
        changed = {*self._sheet.rows_of(self.cursor), *self._sheet.rows_of(cursor)}
        self._paint = replace(self._paint, cursor=cursor)
        self._redraw(changed)
        self._into_view()
        self.post_message(self.Moved())

    def _repaint(self) -> Paint:
        labelled = self._density is not None and self._density.labelled
        self._paint = replace(self._painting(labelled=labelled), cursor=self.cursor)
        return self._paint

    # --- layout -----------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Use the new room."""
        self._lay_out()

    def _lay_out(self) -> bool:
        """Lay out anew if what it depends on has changed; whether that is done."""
        room = self.outer_size
        if not room.width or not room.height:
            return False
        many = len(self._scene.nodes) > SLOW
        of_room = None if many or self._chosen is not None else room
        self._to_lay_out = (of_room, self._chosen, layout_of(self._scene, LARGE))
        if self._to_lay_out == self._laid_out:
            if self._centre():
                self._forget()
            return False
        if not many:
            self._take(self._to_lay_out, fitted(self._scene, room.width, room.height, self._chosen))
            return True
        if self._beside is None or self._beside.is_finished:
            self._beside = self.run_worker(self._lay_out_beside(), group="layout", exit_on_error=True)
        return False

    async def _lay_out_beside(self) -> None:
        """Lay out in a thread, again if something else is wanted by then: one at a time, and the last one counts."""
        while (wanted := self._to_lay_out) != self._laid_out:
            room = self.outer_size
            made = await asyncio.to_thread(fitted, self._scene, room.width, room.height, self._chosen)
            if wanted == self._to_lay_out:
                self._take(wanted, made)

    async def drawn(self) -> None:
        """Wait until what was shown last is drawn."""
        if self._beside is not None and not self._beside.is_finished:
            await self._beside.wait()

    def _take(self, wanted: object, made: tuple[Density, Drawing]) -> None:
        """Draw this from now on, with the cursor where it was."""
        self._laid_out = wanted
        self._density, drawing = made
        self._sheet = Sheet(drawing, self._density.most)
        self.virtual_size = Size(drawing.width, drawing.height)
        self._centre()
        self._repaint()
        cursor = walk.kept(self.cursor, drawing)
        if cursor != self.cursor:
            self._paint = replace(self._paint, cursor=cursor)
            self.post_message(self.Moved())
        self._forget()
        self._into_view()

    def _centre(self) -> bool:
        """Give a drawing that is smaller than the room the same margin on both sides; whether it is another one."""
        room, drawing = self.outer_size, self.drawing
        margins = max(0, (room.width - drawing.width) // 2), max(0, (room.height - drawing.height) // 2)
        before, self._margins = self._margins, margins
        return margins != before

    def _into_view(self) -> None:
        """Scroll so that what the cursor stands on can be seen: a box whole, an edge at its head."""
        drawing = self.drawing
        if self.cursor.edge is not None:
            route = next(
                (one for one in drawing.routes if (one.caller, one.callee) == self.cursor.edge), None
            )
            if route is None:
                return
            left, right, top, bottom = route.gutter, route.head[0] + 1, route.head[1], route.head[1] + 1
        elif (box := drawing.boxes.get(self.cursor.node)) is not None:
            left, right, top, bottom = box.x, box.x + box.width, box.y, box.y + box.height
        else:
            return
        size = self.scrollable_content_region.size
        x = _scrolled(self.scroll_offset.x, left, right, size.width, _MARGIN * 3)
        y = _scrolled(self.scroll_offset.y, top, bottom, size.height, 1)
        if (x, y) != self.scroll_offset:
            self.scroll_to(x=x, y=y, animate=False, immediate=True, force=True)

    # --- keys and mouse ---------------------------------------------------------------------------

    def action_move(self, way: str) -> None:
        """Walk."""
        self.go(walk.moved(self.cursor, Way(way), self.drawing))

    def action_begin(self) -> None:
        """To the first node."""
        self.go(walk.begin(self.drawing))

    def action_choose(self) -> None:
        """Open what the cursor stands on."""
        if self.cursor != Cursor():
            self.post_message(self.Chosen())

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a double click opens."""
        x = event.x + self.scroll_offset.x - self._margins[0]
        y = event.y + self.scroll_offset.y - self._margins[1]
        there = walk.at(self.drawing, x, y)
        if there is not None:
            self.go(there)
            if event.chain > 1:
                self.action_choose()

    # --- drawing ----------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        """Forget what was drawn in another theme or focus."""
        super().notify_style_update()
        self._strips.clear()

    def _forget(self) -> None:
        self._strips.clear()
        self.refresh()

    def _redraw(self, rows: Sequence[int] | set[int]) -> None:
        for y in rows:
            self._strips.pop(y, None)
            self.refresh_line(y + self._margins[1])

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        size = self.scrollable_content_region.size
        if not self._scene.nodes or not self.drawing.boxes:
            return self._words(y, size.width)
        place = y + self.scroll_offset.y - self._margins[1]
        where = (self.scroll_offset.x, size.width)
        if where != self._strips_for:
            self._strips.clear()
            self._strips_for = where
        strip = self._strips.get(place)
        if strip is None:
            left = self.scroll_offset.x - self._margins[0]
            runs = self._sheet.row(place, left, left + size.width, self._paint)
            strip = Strip([Segment(run.text, self._style(run)) for run in runs]).adjust_cell_length(
                size.width, self.rich_style
            )
            self._strips[place] = strip
        return strip

    def _words(self, y: int, width: int) -> Strip:
        """What is said where nothing is drawn."""
        drawing = f"Drawing {len(self._scene.nodes)} nodes …"
        words = self._empty if not self._scene.nodes else (drawing,)
        if 0 <= y - 1 < len(words):
            tone = Tone.TEXT if y == 1 else Tone.MUTED
            return self.line([Span("  " + pad(words[y - 1], width - 2), tone)], width)
        return Strip.blank(width, self.rich_style)

    def _style(self, run: Run) -> Style:
        style = self.rich_style
        if run.ground is not Ground.PAGE:
            style += self.get_component_rich_style(f"graph--{run.ground}", partial=True)
        if run.dim:
            return style + self.get_component_rich_style("graph--dim", partial=True)
        return style + self.style_of(run.tone)


def _scrolled(at: int, start: int, end: int, room: int, margin: int) -> int:
    """The offset nearest to ``at`` from which ``start`` to ``end`` can be seen in ``room`` cells."""
    start, end = start - margin, end + margin
    if start < at or end - start > room:
        return max(0, start)
    return max(0, end - room) if end > at + room else at


def _nothing(*, labelled: bool) -> Paint:
    """The looks before anything is known."""
    del labelled
    return Paint()
