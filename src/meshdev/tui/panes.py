"""The words around the panes of the Services screen: titles, status, empty states. Pure."""

from dataclasses import dataclass

from meshdev.tui import units
from meshdev.tui.cells import clean
from meshdev.tui.model import Link, Picture
from meshdev.tui.states import state_of
from meshdev.tui.tone import Span, Tone
from meshdev.wire.control import ServiceView

LOGS = "Logs"
DETAILS = "Details"
EVENTS = "Events"
VIEWS = (LOGS, DETAILS, EVENTS)


@dataclass(frozen=True, slots=True)
class LogStatus:
    """What the pane's title says: ``waiting`` lines have come while it is paused, ``hits`` lines match."""

    following: bool = True
    waiting: int = 0
    wrapped: bool = False
    pattern: str = ""
    only: bool = False
    hits: int | None = None
    lost: int = 0


def pane_head(service: ServiceView | None, now: float) -> list[Span]:
    """Whose pane it is, with what keeps it from being healthy in full: the table has less room for it."""
    if service is None:
        return []
    state = state_of(service)
    spans = [Span(f"{state.shape} ", state.tone), Span(clean(service.name), Tone.STRONG)]
    if state.tone is not Tone.OK:
        said = f"  {state.word}" + (f" {units.age(now - service.since)}" if service.since else "")
        spans.append(Span(said, state.tone))
    if service.why and state.tone is not Tone.OK:
        spans.append(Span(f": {clean(service.why)}", state.tone))
    return spans


def pane_status(view: str, log: LogStatus, wanted: str) -> list[Span]:
    """What the right end of the title says."""
    spans: list[list[Span]] = []
    if wanted:
        spans.append([Span("filter ", Tone.MUTED), Span(clean(wanted), Tone.ACCENT)])
    if view == LOGS:
        if log.pattern:
            sign = "&" if log.only else "/"
            hits = f" {units.plural(log.hits, 'line')}" if log.hits is not None else ""
            spans.append([Span(f"{sign}{clean(log.pattern)}", Tone.ACCENT), Span(hits, Tone.MUTED)])
        if log.wrapped:
            spans.append([Span("wrap", Tone.MUTED)])
        if log.lost:
            spans.append([Span(f"{units.count(log.lost)} skipped", Tone.WARN)])
        if log.following:
            spans.append([Span("following", Tone.OK)])
        else:
            waiting = f" +{units.count(log.waiting)}" if log.waiting else ""
            spans.append([Span(f"paused{waiting}", Tone.WARN)])
    joined: list[Span] = []
    for group in spans:
        joined += [Span("  ")] if joined else []
        joined += group
    return joined


def empty_table(picture: Picture, wanted: str) -> str:
    """What stands in the table when it has no rows; the first line is the headline."""
    if picture.system is None:
        if picture.link is Link.CONNECTED:
            return "The daemon has no system yet."
        return "Connecting to the daemon …"
    if wanted and picture.services:
        return f"No service matches {clean(wanted)!r}.\nEsc clears the filter."
    return f"{clean(picture.system.name)} has no services.\nAdd some to {clean(picture.system.file)}."
