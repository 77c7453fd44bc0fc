"""The selected service's log on the Services screen: following it, and its switches. A part of `screens.services`.

While the cursor runs over services their logs are not opened: only that of the service on which it rests.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from meshdev.tui.cells import clean
from meshdev.tui.model import Picture
from meshdev.tui.screens.service_actions import ServiceActions
from meshdev.tui.scrollback import Line
from meshdev.tui.widgets.log_view import LogView

if TYPE_CHECKING:
    from textual.timer import Timer

    from meshdev.tui.backend import Tail

REST = 0.12
"""Seconds that the cursor rests on a service before its log is opened."""


class ServiceLog(ServiceActions):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self._tail: Tail | None = None
        self._tailed: tuple[str, str] | None = None
        self._opening: Timer | None = None

    @property
    def log_view(self) -> LogView:
        """The selected service's log."""
        return self.query_one("#log", LogView)

    def follow_log(self, picture: Picture, name: str | None) -> None:
        """Follow the log of the service ``name``, and let the one before go."""
        system = picture.system
        wanted = (system.log_dir, name) if system is not None and name is not None else None
        if wanted == self._tailed:
            return
        first = self._tailed is None
        self.close_log()
        self._tailed = wanted
        if wanted is None or first:
            self.open_log()
        else:
            self.log_view.supersede("")  # what stands there is another service's
            self._opening = self.set_timer(REST, self.open_log)

    def open_log(self) -> None:
        """Open the log that is wanted now."""
        self._rest_over()
        wanted = self._tailed
        if self._tail is not None:
            return
        self.log_view.supersede(f"{clean(wanted[1])} has not written anything yet." if wanted else "")
        if wanted is not None:

            def deliver(lines: Sequence[Line], lost: int) -> None:
                if self._tailed == wanted:
                    self.log_view.feed(lines, lost=lost)

            self._tail = self.dashboard.backend.tail(*wanted, deliver)

    def _rest_over(self) -> None:
        if self._opening is not None:
            self._opening.stop()
            self._opening = None

    def close_log(self) -> None:
        """Let the log go."""
        self._rest_over()
        if self._tail is not None:
            self._tail.close()
            self._tail = None

    def action_follow(self) -> None:
        """Pause the log, or follow it."""
        self.log_view.toggle_follow()

    def action_wrap(self) -> None:
        """Wrap long lines."""
        self.log_view.toggle_wrap()

    def action_fold(self) -> None:
        """Structured lines folded, or as written."""
        self.log_view.toggle_folded()

    def action_times(self) -> None:
        """Show times."""
        self.log_view.toggle_times()
