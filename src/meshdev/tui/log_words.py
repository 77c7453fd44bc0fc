"""The words around the Logs screen: what is filtered, what is hidden, whether it follows. Pure."""

from dataclasses import dataclass, field

from meshdev.telemetry.logline import Level
from meshdev.telemetry.logline_filter import LEVELS, LogFilter
from meshdev.tui import units
from meshdev.tui.cells import clean
from meshdev.tui.panes import LogStatus
from meshdev.tui.tone import Span, Tone

LEVEL_NAMES = ("all", "info", "warn", "error")


@dataclass(frozen=True, slots=True)
class LogsState:
    """What the title of the Logs screen says.

    ``seen`` and ``matched`` count lines since the filter is in force; ``searched`` those of a search that is under
    way; ``past`` is the moment that a window of the past shows.
    """

    wanted: LogFilter = field(default_factory=LogFilter)
    log: LogStatus = field(default_factory=LogStatus)
    seen: int = 0
    matched: int = 0
    searching: str = ""
    searched: int = 0
    past: float | None = None
    mistake: str = ""


def level_name(level: Level) -> str:
    """The title's name for a level; empty for one that the selector doesn't have."""
    return LEVEL_NAMES[LEVELS.index(level)] if level in LEVELS else ""


def next_level(level: Level) -> Level:
    """The level that comes after ``level`` when one goes through them."""
    return LEVELS[(LEVELS.index(level) + 1) % len(LEVELS)] if level in LEVELS else Level.UNKNOWN


def logs_head(state: LogsState) -> list[Span]:
    """Which lines are shown."""
    if state.mistake:
        return [Span(clean(state.mistake), Tone.WARN)]
    text = clean(str(state.wanted))
    return [Span(text, Tone.ACCENT)] if text else [Span("all services", Tone.MUTED)]


def logs_status(state: LogsState) -> list[Span]:
    """How it goes."""
    groups: list[list[Span]] = []
    if state.searching:
        lines = f" {lines_short(state.searched)} lines" if state.searched else ""
        groups.append([Span(f"{state.searching} …{lines}", Tone.BUSY)])
    if state.log.pattern:
        groups.append([Span(f"/{clean(state.log.pattern)}", Tone.ACCENT)])
    hidden = state.seen - state.matched
    if state.wanted and hidden > 0:
        groups.append([Span(f"{lines_short(state.matched)} of {lines_short(state.seen)}", Tone.MUTED)])
    if state.log.lost:
        groups.append([Span(f"{lines_short(state.log.lost)} skipped", Tone.WARN)])
    if state.log.wrapped:
        groups.append([Span("wrap", Tone.MUTED)])
    if state.past is not None:
        groups.append([Span(f"past {units.clock(state.past)}", Tone.WARN)])
    elif state.log.following:
        groups.append([Span("following", Tone.OK)])
    else:
        waiting = f" +{lines_short(state.log.waiting)}" if state.log.waiting else ""
        groups.append([Span(f"paused{waiting}", Tone.WARN)])
    joined: list[Span] = []
    for group in groups:
        joined += [Span("  ")] if joined else []
        joined += group
    return joined


def lines_short(number: int) -> str:
    """A count of lines in few cells.

    >>> [lines_short(n) for n in (7, 9_999, 12_345, 1_234_567, 12_345_678)]
    ['7', '9,999', '12k', '1.2M', '12M']
    """
    if number < 10_000:  # noqa: PLR2004 -- exact as long as it is short
        return units.count(number)
    if number < 1_000_000:  # noqa: PLR2004 -- thousands
        return f"{number // 1000}k"
    return f"{number / 1e6:.1f}M" if number < 10_000_000 else f"{number // 1_000_000}M"  # noqa: PLR2004


def nothing_shown(wanted: LogFilter, *, searching: bool, known: bool) -> str:
    """What stands in the pane while it has no lines."""
    if not known:
        return "Connecting to the daemon …"
    if searching:
        return "Searching what was written before …"
    if wanted:
        return f"No line passes {clean(str(wanted))}.  Esc clears the filter."
    return "Nobody has written anything yet."
