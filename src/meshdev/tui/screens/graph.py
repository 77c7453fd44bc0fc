"""The Graph screen."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from meshdev.tui.keys import bindings
from meshdev.tui.keys.graph import GRAPH_KEYS
from meshdev.tui.screens.base import Frame
from meshdev.tui.widgets.span_view import SpanView


class GraphScreen(Frame):
    """See the module."""

    MODE = "graph"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(GRAPH_KEYS)]

    def compose_body(self) -> ComposeResult:
        """Nothing yet."""
        yield SpanView(empty="Nothing calls anything.")
