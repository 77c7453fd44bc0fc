"""The Logs screen: the lines of all services by time, filtered, searched and paged over the whole history of the run.

This half has the keys; `log_stream` has the files.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from meshdev.errors import UsageError
from meshdev.telemetry.logline import trace_id_of
from meshdev.telemetry.logline_filter import LEVELS, LogFilter, parse_log_filter
from meshdev.tui import units
from meshdev.tui.keys import Key, bindings
from meshdev.tui.keys.logs import LOGS_KEYS
from meshdev.tui.log_paint import MARK
from meshdev.tui.log_words import (
    LEVEL_NAMES,
    next_level,
)
from meshdev.tui.model import Picture
from meshdev.tui.screens.log_services import ServiceChooser
from meshdev.tui.screens.log_stream import LogStream
from meshdev.tui.scrollback import Line
from meshdev.tui.sources import named_in
from meshdev.tui.widgets.bars import PaneTitle
from meshdev.tui.widgets.log_view_history import HistoryLog
from meshdev.tui.widgets.prompt import Prompt

SEARCH = "search"
FILTER = "filter"

PAUSE = 0.15
"""Seconds of not typing after which a filter is tried."""


class LogsScreen(LogStream):
    """See the module."""

    MODE = "logs"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LOGS_KEYS, but=frozenset({"find_next"}))]

    DEFAULT_CSS = """
    LogsScreen #log { width: 1fr; height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._before: LogFilter | None = None
        self._typed = ""

    def compose_body(self) -> ComposeResult:
        """A title, the lines, a prompt."""
        yield PaneTitle(LEVEL_NAMES, id="title")
        yield HistoryLog(id="log")
        yield Prompt(id="prompt")

    def on_mount(self) -> None:
        """Begin with the keyboard on the lines."""
        self.set_focus(self.log_view)
        self.set_interval(0.2, self._show_title)

    # --- what is shown ----------------------------------------------------------------------------

    def show(self, picture: Picture, now: float) -> None:
        """Draw ``picture``: another run means other logs."""
        super().show(picture, now)
        self.log_view.order_services([service.name for service in picture.services])
        log_dir = picture.system.log_dir if picture.system is not None else ""
        if log_dir != self._log_dir:
            self._log_dir = log_dir
            self._marks.clear()
            self._begin()
        self._show_title()

    def keys(self) -> Sequence[Key]:
        """All of them."""
        return LOGS_KEYS

    # --- the filter -------------------------------------------------------------------------------

    def apply(self, wanted: LogFilter) -> None:
        """Show only what passes ``wanted``."""
        self._mistake = ""
        if wanted != self._wanted:
            self._wanted = wanted
            self._begin()
        self._show_title()

    def show_trace(self, trace_id: str) -> None:
        """Show the lines of a trace, of all services."""
        self.apply(LogFilter(trace=trace_id.lower()))

    def _changed(self, **changes: object) -> None:
        fields = {name: getattr(self._wanted, name) for name in LogFilter.__slots__}
        self.apply(LogFilter(**{**fields, **changes}))

    def action_level(self) -> None:
        """The next level."""
        self._changed(level=next_level(self._wanted.level))

    @on(PaneTitle.Picked)
    def _picked(self, event: PaneTitle.Picked) -> None:
        self._changed(level=LEVELS[LEVEL_NAMES.index(event.view)])

    def action_services(self) -> None:
        """Choose services."""
        names = [service.name for service in self.dashboard.picture.services]
        chosen = [name for name in names if self._wanted.wants_node(name)]

        def taken(services: tuple[str, ...] | None) -> None:
            if services is not None:
                self._changed(services=services, without=())

        self.dashboard.push_screen(
            ServiceChooser(names, chosen, dark=self.dashboard.current_theme.dark), taken
        )

    def action_solo(self) -> None:
        """Only the service of this line, or all again."""
        line = self.log_view.current()
        if self._wanted.services:
            self._changed(services=())
        elif line is not None and line.service:
            self._changed(services=(line.service,))

    def action_only(self) -> None:
        """Type a filter."""
        self._before, self._typed = self._wanted, str(self._wanted)
        hint = "service=orders,pay* level>=warn /regex/ word !word trace=… since=10m"
        self.query_one(Prompt).ask(FILTER, "&", self._typed, hint)

    def action_find(self) -> None:
        """Type what to search for."""
        self.query_one(Prompt).ask(SEARCH, "/", self.log_view.status.pattern, "search: regular expression")

    @on(Prompt.Edited)
    def _edited(self, event: Prompt.Edited) -> None:
        self._typed = event.text
        if event.purpose == SEARCH:
            self.log_view.search(event.text)
            return
        typed = event.text
        self.set_timer(PAUSE, lambda: self._try_filter(typed))

    def _try_filter(self, typed: str) -> None:
        if typed == self._typed and self._before is not None:
            try:
                self.apply(parse_log_filter(typed))
            except UsageError as error:
                self._mistake = error.message
                self._show_title()

    @on(Prompt.Closed)
    def _prompt_closed(self, event: Prompt.Closed) -> None:
        self.set_focus(self.log_view)
        if event.purpose == SEARCH:
            if event.kept:
                self.log_view.action_find(-1)
            else:
                self.log_view.search("")
            return
        before, self._before = self._before, None
        if not event.kept and self._typed:
            self.apply(before or LogFilter())
            return
        try:
            self.apply(parse_log_filter(self._typed))
        except UsageError as error:
            self._mistake = ""
            self.dashboard.complain(error, "filter")
            self._show_title()

    def action_back(self) -> None:
        """Undo one thing: the search under way, the pattern, the pause, the filter."""
        view = self.log_view
        if self._give_up():
            self._show_title()
        elif view.status.pattern:
            view.search("")
        elif not view.status.following:
            view.follow(following=True)
        elif self._wanted:
            self.apply(LogFilter())

    # --- lines ------------------------------------------------------------------------------------

    def action_open(self) -> None:
        """Unfold a stack trace, or go to the trace that the line names."""
        if not self.log_view.toggle_unfolded():
            self.action_trace()

    def action_trace(self) -> None:
        """Go to the trace that the line names."""
        line = self.log_view.current()
        if line is None:
            return
        trace = trace_id_of(line.text) if line.stream != MARK else ""
        if not trace:
            self.dashboard.say("this line names no trace")
            return
        opener = getattr(self.dashboard, "open_trace", None)
        if opener is None:
            self.show_trace(trace)
        else:
            opener(trace)

    def action_mark(self) -> None:
        """Put a mark after the newest line."""
        now = self.dashboard.now()
        mark = Line(f"mark {len(self._marks) + 1} · {units.clock(now)}", stream=MARK, at=now)
        self._marks.append(mark)
        if self.log_view.detached or not self.log_view.status.following:
            self.dashboard.say("marked: the mark stands after the newest line")
        if not self.log_view.detached:
            self.log_view.feed([mark])

    def action_copy(self) -> None:
        """Copy the line, or the whole stack trace."""
        line = self.log_view.current()
        if line is not None:
            self.dashboard.copy(line.text, "the stack trace" if "\n" in line.text else "the line")

    def action_edit(self) -> None:
        """Open the source line that is named."""
        line, system = self.log_view.current(), self.dashboard.picture.system
        if line is None or system is None:
            return
        text, root = line.text, Path(system.root)

        async def look() -> None:
            source = await asyncio.to_thread(named_in, text, root)
            if source is None:
                self.dashboard.say("this line names no source file that is here")
            else:
                self.dashboard.edit(source.file, source.line)

        self.dashboard.begin(look)

    def action_follow(self) -> None:
        """Pause, or follow."""
        self.log_view.toggle_follow()

    def action_wrap(self) -> None:
        """Wrap long lines."""
        self.log_view.toggle_wrap()

    def action_fold(self) -> None:
        """Structured lines in columns, or as written."""
        self.log_view.toggle_folded()

    def action_times(self) -> None:
        """Show times."""
        self.log_view.toggle_times()
