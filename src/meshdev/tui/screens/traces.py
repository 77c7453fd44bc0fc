"""The Traces screen."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from meshdev.tui.keys import bindings
from meshdev.tui.keys.traces import TRACES_KEYS
from meshdev.tui.screens.base import Frame
from meshdev.tui.widgets.span_view import SpanView


class TracesScreen(Frame):
    """See the module."""

    MODE = "traces"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TRACES_KEYS)]

    def compose_body(self) -> ComposeResult:
        """Nothing yet."""
        yield SpanView(empty="No trace has been seen yet.")
