"""The words around the Logs screen."""

from meshdev.telemetry.logline import Level
from meshdev.telemetry.logline_filter import LEVELS, parse_log_filter
from meshdev.tui.log_words import (
    LEVEL_NAMES,
    LogsState,
    level_name,
    logs_head,
    logs_status,
    next_level,
    nothing_shown,
)
from meshdev.tui.panes import LogStatus


def said(state: LogsState) -> str:
    """Head and status as text."""
    return "".join(span.text for span in (*logs_head(state), *logs_status(state)))


def test_the_title_says_what_is_shown_and_how_it_goes() -> None:
    """The filter, what it hides, a search under way, what was skipped, whether it follows."""
    assert said(LogsState()) == "all servicesfollowing"
    wanted = parse_log_filter("service=orders level>=warn")
    assert said(LogsState(wanted, seen=12, matched=5)) == "service=orders level>=warn5 of 12  following"
    status = LogStatus(following=False, waiting=12_345, wrapped=True, pattern="x+", lost=1_234_567)
    state = LogsState(log=status, searching="searching", searched=2_345_678)
    assert said(state) == "all servicessearching … 2.3M lines  /x+  1.2M skipped  wrap  paused +12k"
    assert "past " in said(LogsState(past=1.0))
    assert said(LogsState(wanted, mistake="no level is called 'x'")).startswith("no level is called")


def test_levels_go_round_and_have_names() -> None:
    """One that the selector doesn't know has no name, and leads to all."""
    assert [level_name(level) for level in LEVELS] == list(LEVEL_NAMES)
    assert [next_level(level) for level in LEVELS] == [*LEVELS[1:], LEVELS[0]]
    assert level_name(Level.FATAL) == ""
    assert next_level(Level.FATAL) is Level.UNKNOWN


def test_an_empty_pane_says_why() -> None:
    """Nobody is there, nothing was written, nothing passes, or it is still being looked for."""
    nothing = parse_log_filter("")
    words = [
        nothing_shown(nothing, searching=False, known=False),
        nothing_shown(nothing, searching=True, known=True),
        nothing_shown(nothing, searching=False, known=True),
        nothing_shown(parse_log_filter("abc"), searching=False, known=True),
    ]
    assert len(set(words)) == len(words)
    assert "abc" in words[-1]
