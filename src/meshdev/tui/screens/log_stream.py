"""Where the lines of the Logs screen come from: what is new from a follower, what was before from the history.

Both know the filter, so a changed filter begins anew. The pane asks for what lies beyond its edges; this brings it, one
question at a time, and tells the title how it goes.
"""

from collections.abc import Awaitable, Callable, Sequence
from heapq import merge
from pathlib import Path

from textual import on

from meshdev.errors import MeshdevError, UsageError
from meshdev.telemetry.logline_filter import LogFilter, Term
from meshdev.tui import units
from meshdev.tui.follow_log import Delivery, StreamFollower, edge_of
from meshdev.tui.log_paint import MARK
from meshdev.tui.log_past import Past
from meshdev.tui.log_words import LogsState, level_name, logs_head, logs_status, nothing_shown
from meshdev.tui.screens.base import Frame
from meshdev.tui.scrollback import Line
from meshdev.tui.widgets.bars import PaneTitle
from meshdev.tui.widgets.log_view import LogView
from meshdev.tui.widgets.log_view_history import HistoryLog

_EDGE = 4000
"""Lines at the top among which those of one moment are looked for."""


class LogStream(Frame):
    """The half of the Logs screen that has the files; see the module. The screen has a title and a log."""

    def __init__(self) -> None:
        super().__init__()
        self._wanted = LogFilter()
        self._follower: StreamFollower | None = None
        self._past: Past | None = None
        self._log_dir = ""
        self._seen = self._matched = 0
        self._first_number = 0
        self._asking = ""
        self._mistake = ""
        self._marks: list[Line] = []

    @property
    def log_view(self) -> HistoryLog:
        """The lines."""
        return self.query_one("#log", HistoryLog)

    @property
    def wanted(self) -> LogFilter:
        """Which lines are shown."""
        return self._wanted

    def on_unmount(self) -> None:
        """Let the files go."""
        self._close()

    def _show_title(self) -> None:
        view = self.log_view
        line = view.cursor_line if view.detached else None
        past = (line.at if line is not None else 0.0) or None
        self._state = LogsState(
            self._wanted,
            view.status,
            self._seen,
            self._matched,
            self._asking,
            self._past.progress.lines if self._past is not None else 0,
            past if view.detached else None,
            self._mistake,
        )
        title = self.query_one("#title", PaneTitle)
        title.show(logs_head(self._state), level_name(self._wanted.level), logs_status(self._state))

    # --- following --------------------------------------------------------------------------------

    def _close(self) -> None:
        if self._follower is not None:
            self._follower.close()
            self._follower = None
        if self._past is not None:
            self._past.stop()
        self._asking = ""

    def _begin(self) -> None:
        """Show the newest lines that pass the filter, and follow."""
        self._close()
        self._seen = self._matched = 0
        view, known = self.log_view, bool(self._log_dir)
        view.clear(nothing_shown(self._wanted, searching=known, known=known))
        if not known:
            return
        folder, now = Path(self._log_dir), self.dashboard.now()
        self._past = past = Past(folder, self._wanted, now)

        def deliver(delivery: Delivery) -> None:
            if self._past is past:
                self._take(delivery)

        self._follower = StreamFollower(folder, self._wanted, deliver, now=now)
        self._show_title()

    def _take(self, delivery: Delivery) -> None:
        """Lines have come from the follower."""
        self._seen += delivery.seen
        self._matched += len(delivery.lines) + delivery.lost
        view, past = self.log_view, self._past
        if delivery.first and past is not None:
            past.back_to = delivery.back_to
            lines = self._with_marks(delivery.lines, end=True)
            self._first_number = view.scrollback.first + len(view.scrollback)
            if lines:
                view.feed(lines)
                view.take_in()
            if delivery.beginning:
                view.put_before((), beginning=True)
                view.say_empty(nothing_shown(self._wanted, searching=False, known=True))
            elif not view.full:
                self._ask_older()
        else:
            view.feed(delivery.lines, lost=delivery.lost)

    def _with_marks(self, lines: Sequence[Line], *, end: bool = False) -> list[Line]:
        """``lines`` with the reader's marks among them; ``end``: they are the newest ones."""
        if not self._marks or (not lines and not end):
            return list(lines)
        first = lines[0].at if lines else 0.0
        last = float("inf") if end else lines[-1].at
        marks = [mark for mark in self._marks if first <= mark.at <= last]
        return list(merge(lines, marks, key=lambda line: line.at))

    # --- the past ---------------------------------------------------------------------------------

    def _ask(self, what: str, question: Callable[[Past], Awaitable[None]]) -> None:
        """Put a question to the past, one at a time."""
        past = self._past
        if past is None or self._asking:
            return
        self._asking = what

        async def work() -> None:
            try:
                await question(past)
            except (OSError, MeshdevError) as error:
                if self._past is past and self._asking:
                    self.dashboard.say(f"cannot read the logs: {error}", level="error")
            finally:
                if self._past is past:
                    self._asking = ""
                    self._show_title()

        self.run_worker(work(), group="past")
        self._show_title()

    def _ask_older(self) -> None:
        self._ask("loading", self._load_older)

    async def _load_older(self, past: Past) -> None:
        """Bring what is before the first line: some of it, or the beginning."""
        view = self.log_view
        while self._past is past and self._asking:
            if view.scrollback.first != self._first_number:
                past.back_to = None  # the ring has let go of what was looked at first
            before = past.progress.lines
            page = await past.older([line for line in view.scrollback.top(_EDGE) if line.stream != MARK])
            if self._past is not past or not self._asking:
                return
            self._seen += max(0, past.progress.lines - before)
            self._matched += len(page.lines)
            view.put_before(self._with_marks(page.lines), beginning=page.end)
            self._first_number = view.scrollback.first
            if page.end:
                view.say_empty(nothing_shown(self._wanted, searching=False, known=True))
            if page.end or (page.lines and (view.full or not view.status.following)):
                return

    async def _load_newer(self, past: Past) -> None:
        view = self.log_view
        last = view.scrollback.bottom()
        if last is None:
            return
        page = await past.newer(last.at)
        if self._past is past and view.detached:
            view.put_after(self._with_marks(page.lines), end=page.end)

    @on(HistoryLog.Wanted)
    def _wanted_more(self, event: HistoryLog.Wanted) -> None:
        if event.older:
            self._ask_older()
        else:
            self._ask("loading", self._load_newer)

    @on(HistoryLog.Beyond)
    def _beyond(self, event: HistoryLog.Beyond) -> None:
        """Search where the lines are not here any more."""
        pattern = self.log_view.status.pattern
        way = "before" if event.older else "after"
        if self.log_view.at_beginning if event.older else not self.log_view.detached:
            self.dashboard.say(f"no match for /{pattern}/ {way} this", level="warning")
            return
        self._give_up()

        async def search(past: Past) -> None:
            view = self.log_view
            top = [line for line in view.scrollback.top(_EDGE) if line.stream != MARK]
            last = view.scrollback.bottom()
            edge = edge_of(top) if event.older and top else None
            after = last.at if not event.older and last is not None else None
            if edge is None and after is None:
                return
            found = await past.find(_term(pattern), edge, after)
            if self._past is not past or not self._asking:
                return
            if found is None:
                looked = units.plural(past.progress.lines, "line")
                self.dashboard.say(f"no match for /{pattern}/ {way} this, in {looked}", level="warning")
                return
            lines = self._with_marks(found.lines)
            at = lines.index(found.lines[found.at])
            if self._follower is not None:
                self._follower.close()
            view.show_window(lines, at, beginning=found.beginning)
            self._first_number = view.scrollback.first

        self._ask("searching", search)

    def _give_up(self) -> bool:
        """Stop a question that is under way."""
        if not self._asking or self._past is None:
            return False
        self._past.stop()
        self._asking = ""
        return True

    @on(HistoryLog.Resumed)
    def _resumed(self) -> None:
        self._begin()

    @on(LogView.Changed)
    @on(HistoryLog.Moved)
    def _log_changed(self) -> None:
        self._show_title()


def _term(pattern: str) -> Term:
    """What the pane searches for, as a question to the history: a text when it is no regular expression."""
    term = Term(pattern, regex=True)
    try:
        term.pattern()
    except UsageError:
        return Term(pattern)
    return term
