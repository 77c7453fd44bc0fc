"""What the screens that show calls have in common: the feed, the filter, the details, what can be done with a call."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container

from meshdev.errors import UsageError
from meshdev.recording.calls import guessed
from meshdev.recording.formats import snippet
from meshdev.telemetry.exchange_filter import parse_filter
from meshdev.tui.cells import clean, wrap_words
from meshdev.tui.flow_facts import bare, base_of, detached_line, facts_of
from meshdev.tui.flows import Flows, Test
from meshdev.tui.model import Picture
from meshdev.tui.recordings.exchange_lines import exchange_lines
from meshdev.tui.recordings.wholes import ASKING, Whole
from meshdev.tui.screens.base import Frame, unconnected
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.bars import Bar, PaneTitle
from meshdev.tui.widgets.prompt import Prompt
from meshdev.tui.widgets.span_view import SpanView
from meshdev.wire.control import ExchangeView

if TYPE_CHECKING:
    from textual.timer import Timer
    from textual.widget import Widget

    from meshdev.recording.model import Exchange

FILTER = "filter"
INTAKE = 0.2
"""Seconds between two looks at what has come."""


class CallsScreen(Frame):
    """Base of Traffic and Traces. A status line, a list, details below or, from 150 columns on, beside it."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (150, "-wide")]  # noqa: RUF012 -- Textual declares it as an instance's

    VIEW: ClassVar[str] = ""
    """What the status line calls the list."""

    HINT: ClassVar[str] = ""
    """What the empty prompt of the filter says."""

    DEFAULT_CSS = """
    CallsScreen {
        #body { height: 1fr; layout: vertical; }
        #list { height: 1fr; width: 1fr; }
        #details { display: none; height: 50%; border-top: solid $rule; }
        &.-details #details { display: block; }
        &.-diff #details { height: 70%; }
        &.-details.-zoomed #list { display: none; }
        &.-details.-zoomed #details { height: 1fr; width: 1fr; border: none; }
        #wrong { display: none; }
        &.-wide #body { layout: horizontal; }
        &.-wide #details, &.-wide.-diff #details { height: 1fr; width: 72; border-top: none; border-left: vkey $rule; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._intake: Timer | None = None
        self._wanted = ""
        self._wrong = ""
        self._resting: tuple[str, ...] = ()
        self._laid_out: tuple[Exchange, int, Sequence[Sequence[Span]]] | None = None

    def compose_body(self) -> ComposeResult:
        """Status line, list, details, prompt."""
        yield PaneTitle((self.VIEW,), id="title")
        with Container(id="body"):
            with Container(id="list"):
                yield from self.compose_list()
            yield SpanView(id="details", empty="No call is selected.")
        yield Bar(id="wrong")
        yield Prompt(id="prompt")

    def compose_list(self) -> ComposeResult:
        """What stands in the list's place."""
        yield from ()

    # --- what a screen says of itself -----------------------------------------------------------------

    @property
    def call(self) -> ExchangeView | None:
        """The call under the cursor."""
        return None

    @property
    def front(self) -> "Widget":
        """The widget of the list that is shown."""
        raise NotImplementedError

    def take_in(self) -> None:
        """Look at what has come."""

    def narrow(self, test: Test | None) -> None:
        """Show only what passes."""
        raise NotImplementedError

    def status(self) -> Sequence[Span]:
        """The right end of the status line."""
        return ()

    def head(self) -> Sequence[Span]:
        """What follows the view's name on the status line."""
        return ()

    # --- the feed -------------------------------------------------------------------------------------

    @property
    def flows(self) -> Flows:
        """The application's calls."""
        return self.dashboard.traffic.flows

    def on_mount(self) -> None:
        """Begin with the keyboard on the list."""
        self._intake = self.set_interval(INTAKE, self._look)
        self.set_focus(self.front)

    def on_screen_resume(self) -> None:
        """In front: calls are needed."""
        self.dashboard.traffic.open(self.MODE)
        if self._intake is not None:
            self._intake.resume()

    def on_screen_suspend(self) -> None:
        """Behind: they are not."""
        self.dashboard.traffic.close(self.MODE)
        if self._intake is not None:
            self._intake.pause()

    def on_unmount(self) -> None:
        """Let the feed go."""
        self.dashboard.traffic.close(self.MODE)

    def _look(self) -> None:
        self.take_in()
        self.show_around()
        self._want()

    def on_resize(self) -> None:
        """Lay out for the new width."""
        self.call_after_refresh(self.show_around)

    def show(self, picture: Picture, now: float) -> None:
        """Draw ``picture``, and what has come."""
        super().show(picture, now)
        self._look()

    def show_around(self) -> None:
        """Draw what stands around the list."""
        self.query_one("#title", PaneTitle).show(self.head(), self.VIEW, self.status())
        if self.has_class("-details"):
            details = self.details
            details.show_lines(self.detail_lines(details.room))

    def detail_lines(self, width: int) -> Sequence[Sequence[Span]]:
        """What the pane of details says."""
        call = self.call
        if call is None:
            return []
        trace = self.flows.traces.get(call.trace, ())
        lines = facts_of(call, trace, self.dashboard.picture, self.dashboard.now(), width)
        lost = [] if call.parent or call.protocol else detached_line(call, list(self.flows), width)
        return [*lines, *([[]] if lost else []), *lost, [], *self._whole_lines(call, width)]

    # --- headers and bodies -------------------------------------------------------------------------------

    def whole_of(self, call: ExchangeView) -> Whole | None:
        """What is known of the call's headers and bodies; None when nobody has asked."""
        return self.dashboard.recordings.wholes.of(call)

    def _whole_lines(self, call: ExchangeView, width: int) -> Sequence[Sequence[Span]]:
        whole = self.whole_of(call)
        if whole is None or whole is ASKING:
            return [[Span("◌ asking for headers and bodies …", Tone.MUTED)]]
        if whole.exchange is None:
            return [[Span(part, Tone.MUTED)] for part in wrap_words(clean(whole.words), width)]
        if self._laid_out is None or self._laid_out[0] is not whole.exchange or self._laid_out[1] != width:
            self._laid_out = (
                whole.exchange,
                width,
                exchange_lines(whole.exchange, width, whole.decode or guessed),
            )
        return self._laid_out[2]

    def wanted_whole(self) -> Sequence[ExchangeView]:
        """The calls that are looked at closely."""
        return [self.call] if self.call is not None and self.has_class("-details") else []

    def _want(self) -> None:
        """Ask for what is looked at, once the cursor rests on it."""
        wanted = [call for call in self.wanted_whole() if self.whole_of(call) is None]
        spans = tuple(call.span for call in wanted)
        rests, self._resting = spans == self._resting, spans
        if wanted and rests:
            self._fetch(wanted)

    @work(exclusive=True, group="whole")
    async def _fetch(self, calls: Sequence[ExchangeView]) -> None:
        for call in calls:
            await self.dashboard.recordings.wholes.fetch(call)
        self.show_around()

    def show_all(self) -> None:
        """Draw what stands around the list, and the frame: other keys are of use now."""
        self.show_around()
        self.show_frame(self.dashboard.picture, self.dashboard.now())

    # --- the filter -------------------------------------------------------------------------------------

    @property
    def filtered(self) -> bool:
        """Whether a filter is in force."""
        return bool(self._wanted) and not self._wrong

    def filter_words(self) -> list[Span]:
        """The filter that is in force, for the status line."""
        return [Span("filter ", Tone.MUTED), Span(clean(self._wanted), Tone.ACCENT)] if self.filtered else []

    def action_find(self) -> None:
        """Type a filter."""
        self.query_one(Prompt).ask(FILTER, "/", self._wanted, self.HINT)

    @on(Prompt.Edited)
    def _edited(self, event: Prompt.Edited) -> None:
        self.filter(event.text)

    @on(Prompt.Closed)
    def _prompt_closed(self, event: Prompt.Closed) -> None:
        if not event.kept or self._wrong:
            self.filter("")
        self.set_focus(self.front)

    def filter(self, wanted: str) -> None:
        """Show what matches; of a filter that cannot be read, say so and leave the list as it is."""
        self._wanted, self._wrong = wanted.strip(), ""
        try:
            test = parse_filter(wanted) if self._wanted else None
        except UsageError as error:
            self._wrong = error.message
        else:
            self.narrow(test)
        bar = self.query_one("#wrong", Bar)
        bar.say([Span(f" ✕ {clean(self._wrong)}", Tone.BAD)] if self._wrong else [])
        bar.display = bool(self._wrong)
        self.show_all()

    # --- details ----------------------------------------------------------------------------------------

    @property
    def details(self) -> SpanView:
        """The pane of details."""
        return self.query_one("#details", SpanView)

    def open_details(self, *, shown: bool) -> None:
        """Show the details, or not."""
        self.set_class(shown, "-details")
        if not shown and self.focused is self.details:
            self.set_focus(self.front)
        self.call_after_refresh(self.show_around)
        self.show_around()

    # --- what can be done with a call -------------------------------------------------------------------

    def action_trace(self) -> None:
        """Go to the call's trace."""
        if self.call is not None and self.call.trace:
            self.dashboard.open_trace(self.call.trace, self.call.span)

    def action_lines(self) -> None:
        """Go to the log lines of the call's trace."""
        if self.call is not None and self.call.trace:
            self.dashboard.open_logs_of_trace(self.call.trace)

    def fault_target(self) -> str:
        """The edge of the call."""
        call = self.call
        return f"{call.caller} -> {call.callee}" if call is not None else ""

    def action_copy(self) -> None:
        """Copy the call as a curl command."""
        self._copy_as("curl")

    def action_copy_httpx(self) -> None:
        """Copy the call as Python with httpx."""
        self._copy_as("httpx")

    def _copy_as(self, kind: str) -> None:
        """With its headers and its body, if they can be had; else without, and that is said."""
        call = self.call
        if call is None:
            return
        if call.protocol:
            error = UsageError(f"a command can be made of HTTP calls; this is {call.protocol}")
            self.dashboard.complain(error, "copy the call")
            return
        base = base_of(call, self.dashboard.picture)
        if base is None:
            error = UsageError(f"nobody listens for {call.caller} on its way to {call.callee} now")
            self.dashboard.complain(error, "copy the call")
            return

        async def work() -> None:
            whole = self.whole_of(call)
            if whole is None or whole.exchange is None:
                whole = await self.dashboard.recordings.wholes.fetch(call)
            exchange = whole.exchange or bare(call)
            text = snippet(exchange, kind, base)
            note = "" if whole.exchange is not None else " (its body is gone)"
            self.dashboard.copy(
                text, f"{text.splitlines()[0] if kind == 'curl' else 'the call as Python'}{note}"
            )

        self.dashboard.begin(work)

    def action_copy_trace(self) -> None:
        """Copy the trace's id."""
        if self.call is not None and self.call.trace:
            self.dashboard.copy(self.call.trace, "")

    def nothing(self, what: str) -> str:
        """What stands in an empty list."""
        if words := unconnected(self.dashboard.picture):
            return words
        return f"{what}\nThey appear here once something passes over an edge that is read."
