"""The Traffic screen."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from meshdev.tui.keys import bindings
from meshdev.tui.keys.traffic import TRAFFIC_KEYS
from meshdev.tui.screens.base import Frame
from meshdev.tui.widgets.span_view import SpanView


class TrafficScreen(Frame):
    """See the module."""

    MODE = "traffic"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TRAFFIC_KEYS)]

    def compose_body(self) -> ComposeResult:
        """Nothing yet."""
        yield SpanView(empty="No call has been seen yet.")
