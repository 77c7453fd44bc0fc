"""The Logs screen."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from meshdev.tui.keys import bindings
from meshdev.tui.keys.logs import LOGS_KEYS
from meshdev.tui.screens.base import Frame
from meshdev.tui.widgets.span_view import SpanView


class LogsScreen(Frame):
    """See the module."""

    MODE = "logs"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LOGS_KEYS)]

    def compose_body(self) -> ComposeResult:
        """Nothing yet."""
        yield SpanView(empty="Nobody has written anything yet.")
