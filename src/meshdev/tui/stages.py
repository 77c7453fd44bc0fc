"""Which screens there are, each read when it is shown for the first time: the first picture waits for one alone."""

# ruff: noqa: PLC0415 -- that is what this module is for

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from meshdev.tui.screens.base import Frame

if TYPE_CHECKING:
    from meshdev.tui.screens.chaos import ChaosScreen
    from meshdev.tui.screens.databases import DatabasesScreen
    from meshdev.tui.screens.graph import GraphScreen
    from meshdev.tui.screens.logs import LogsScreen
    from meshdev.tui.screens.services import ServicesScreen
    from meshdev.tui.screens.topics import TopicsScreen
    from meshdev.tui.screens.traces import TracesScreen
    from meshdev.tui.screens.traffic import TrafficScreen


def services() -> "type[ServicesScreen]":
    """All services live."""
    from meshdev.tui.screens.services import ServicesScreen

    return ServicesScreen


def graph() -> "type[GraphScreen]":
    """Who calls whom."""
    from meshdev.tui.screens.graph import GraphScreen

    return GraphScreen


def traffic() -> "type[TrafficScreen]":
    """Single calls."""
    from meshdev.tui.screens.traffic import TrafficScreen

    return TrafficScreen


def traces() -> "type[TracesScreen]":
    """Calls that belong together."""
    from meshdev.tui.screens.traces import TracesScreen

    return TracesScreen


def logs() -> "type[LogsScreen]":
    """The lines of all services."""
    from meshdev.tui.screens.logs import LogsScreen

    return LogsScreen


def chaos() -> "type[ChaosScreen]":
    """Faults and experiments."""
    from meshdev.tui.screens.chaos import ChaosScreen

    return ChaosScreen


def topics() -> "type[TopicsScreen]":
    """The brokers' topics."""
    from meshdev.tui.screens.topics import TopicsScreen

    return TopicsScreen


def databases() -> "type[DatabasesScreen]":
    """Databases and statements."""
    from meshdev.tui.screens.databases import DatabasesScreen

    return DatabasesScreen


KINDS: Mapping[str, Callable[[], type[Frame]]] = {
    "services": services,
    "graph": graph,
    "traffic": traffic,
    "traces": traces,
    "logs": logs,
    "chaos": chaos,
    "events": topics,
    "data": databases,
}
"""By the mode's name, in the order of their numbers."""


def made(kind: Callable[[], type[Frame]]) -> Callable[[], Frame]:
    """What makes a screen of that kind when it is shown for the first time."""
    return lambda: kind()()  # noqa: PLW0108 -- not before it is called
