"""The frame that every screen stands in: headline, banner, the screen's own body, ticker, hints.

A screen gets one immutable picture per tick (`show`) and draws from it alone; it never asks for data.
Textual calls the handlers (`on_…`) of a screen and of its bases, each once: none calls its base's.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Input

from meshdev.tui import units
from meshdev.tui.cells import clean
from meshdev.tui.headline import headline
from meshdev.tui.keys import APP_KEYS, KEYBOARD_ACTIONS, TYPING_KEYS, Key
from meshdev.tui.model import Happening, Link, Picture, totals_of
from meshdev.tui.states import state_of
from meshdev.tui.tabs import vitals
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.bars import Banner, Bar, KeyBar
from meshdev.tui.widgets.tab_bar import TabBar

if TYPE_CHECKING:
    from meshdev.tui.app import Dashboard

SETTLING = 1.0
"""Seconds from a screen's first picture until it is taken for complete."""
LEVELS = {"warning": Tone.WARN, "error": Tone.BAD}
_MARKS = {"warning": "▲ ", "error": "✕ "}


class Frame(Screen[None]):
    """Base of the dashboard's screens."""

    BINDINGS: ClassVar[list[BindingType]] = []
    AUTO_FOCUS = None

    MODE: ClassVar[str] = ""
    """Its name in `keys.places`."""

    DEFAULT_CSS = """
    Frame { background: $surface; layers: base; }
    Frame #ticker { background: $surface; }
    """

    @property
    def dashboard(self) -> "Dashboard":
        """The application."""
        return cast("Dashboard", self.app)

    def compose(self) -> ComposeResult:
        """Lay the frame out around the body."""
        yield Bar(id="headline")
        yield TabBar(self.MODE, id="tabs")
        yield Banner(id="banner")
        yield from self.compose_body()
        yield Bar(id="ticker")
        yield KeyBar(id="keys")

    def compose_body(self) -> ComposeResult:
        """What stands between the bars."""
        yield from ()

    def on_mount(self) -> None:
        """Show what is known already."""
        self.set_timer(SETTLING, self.dashboard.settle)
        self.show(self.dashboard.picture, self.dashboard.now())

    def on_screen_resume(self) -> None:
        """Show what has changed while another screen was in front."""
        self.show(self.dashboard.picture, self.dashboard.now())

    def on_resize(self) -> None:
        """Lay the bars out for the new width."""
        self.show_frame(self.dashboard.picture, self.dashboard.now())

    @on(events.DescendantFocus)
    def _keyboard_went(self) -> None:
        """Other keys are of use in another place."""
        self.show_frame(self.dashboard.picture, self.dashboard.now())

    def show(self, picture: Picture, now: float) -> None:
        """Draw ``picture``; a screen adds its body."""
        self.show_frame(picture, now)

    def show_frame(self, picture: Picture, now: float) -> None:
        """Draw the bars."""
        bar = self.query_one("#headline", Bar)
        bar.say(headline(picture, totals_of(picture.services), now, self.size.width))
        self.query_one(TabBar).show(vitals(picture, now))
        banner = self.query_one(Banner)
        if picture.link is Link.LOST:
            away = units.age(now - picture.link_since)
            text = f" ✕ The daemon has not answered for {away}; this may be old. Trying again …"
            banner.say([Span(text)])
        else:
            banner.say([])
        self.query_one("#ticker", Bar).say(ticker(self.dashboard.said, picture.happenings))
        typing = isinstance(self.focused, Input)
        self.query_one(KeyBar).offer(self.typing_keys() if typing else (*self.keys(), *APP_KEYS))

    @on(TabBar.Picked)
    def _picked_screen(self, event: TabBar.Picked) -> None:
        self.dashboard.action_show(event.mode)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something is typed, keys are text."""
        del parameters
        return not (action in KEYBOARD_ACTIONS and isinstance(self.focused, Input))

    def keys(self) -> Sequence[Key]:
        """The screen's own keys that are of use now."""
        return ()

    def typing_keys(self) -> Sequence[Key]:
        """Those that are no text while something is typed."""
        return TYPING_KEYS

    # --- faults, wherever something is selected ---------------------------------------------------

    def fault_target(self) -> str:
        """What is selected, as a fault's target; empty for nothing that could have one."""
        return ""

    def action_chaos(self) -> None:
        """Put the last fault on what is selected, or end what was put there."""
        if target := self.fault_target():
            self.dashboard.chaos.toggle_quick(target)
        else:
            self.dashboard.say("nothing is selected that could have a fault", level="warning")

    def action_chaos_form(self) -> None:
        """Choose a fault for what is selected."""
        self.dashboard.open_fault_form(self.fault_target())


def unconnected(picture: Picture) -> str:
    """What stands in place of a list while there is no system; empty when there is one."""
    if picture.system is not None:
        return ""
    return "The daemon has no system yet." if picture.link is Link.CONNECTED else "Connecting to the daemon …"


def away(picture: Picture, names: Iterable[str]) -> list[Span]:
    """Which of these nodes are not well, in words."""
    spans: list[Span] = []
    for service in filter(None, map(picture.service, names)):
        state = state_of(service)
        if state.tone is not Tone.OK:
            spans.append(Span(f"  {state.shape} {clean(service.name)} {state.word}", state.tone))
    return spans


def ticker(said: Happening | None, happenings: Sequence[Happening]) -> list[Span]:
    """The newest thing that happened: in the system, or by the user's own hand."""
    newest = happenings[-1] if happenings else None
    if said is not None and (newest is None or said.at >= newest.at):
        newest = said
    return [Span(" "), *told(newest)] if newest else []


def told(happening: Happening) -> list[Span]:
    """A happening as a line."""
    tone = LEVELS.get(happening.level, Tone.MUTED)
    spans = [Span(f"{units.clock(happening.at)}  ", Tone.FAINT)]
    if happening.service:
        spans.append(Span(f"{clean(happening.service)}  ", Tone.STRONG))
    spans.append(Span(_MARKS.get(happening.level, "") + clean(happening.text), tone))
    return spans


def side_by_side(groups: Iterable[Sequence[Span]]) -> list[Span]:
    """The parts of a status line that have something to say, with room between them."""
    spans: list[Span] = []
    for group in groups:
        if group:
            spans += [Span("  ")] if spans else []
            spans += group
    return spans
