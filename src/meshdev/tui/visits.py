"""The part of the application that goes to screens: the one in front, and what screens open for each other.

A screen is read when it is shown for the first time, so it is named here only when somebody goes there.
"""

# ruff: noqa: PLC0415 -- see above

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from meshdev.tui import stages
from meshdev.tui.lender import Lender
from meshdev.tui.screens.base import Frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from meshdev.tui.chaos.desk import ChaosDesk
    from meshdev.tui.chaos.quick import Typed

S = TypeVar("S", bound=Frame)


class Visits(Lender):
    """See the module."""

    chaos: "ChaosDesk"

    def action_show(self, mode: str) -> None:
        """Bring a screen to the front."""
        if mode != self.current_mode:
            self.switch_mode(mode)

    def visit(self, kind: type[S], then: "Callable[[S], object]") -> None:
        """Bring a screen to the front and do something there."""

        async def work() -> None:
            await self.switch_mode(kind.MODE)
            screen = self.screen
            if isinstance(screen, kind):
                then(screen)

        self.begin(work)

    def open_service(self, name: str) -> None:
        """Show a service on the Services screen."""
        self.visit(stages.services(), lambda screen: screen.select(name))

    def open_logs(self, *services: str) -> None:
        """Show only these services' lines on the Logs screen."""
        from meshdev.telemetry.logline_filter import LogFilter

        self.visit(stages.logs(), lambda screen: screen.apply(LogFilter(services=services)))

    def open_logs_of_trace(self, trace: str) -> None:
        """Show the lines of all services that belong to a trace."""
        self.visit(stages.logs(), lambda screen: screen.show_trace(trace))

    def open_traffic(self, wanted: str) -> None:
        """Show only the calls that pass a filter."""
        self.visit(stages.traffic(), lambda screen: screen.filter(wanted))

    def open_recording(self, name: str) -> None:
        """Show the calls of a recording."""
        self.visit(stages.traffic(), lambda screen: screen.show_recording(name))

    def open_trace(self, trace: str, span: str = "") -> None:
        """Show a trace as a waterfall, the cursor on the call with that span."""
        self.visit(stages.traces(), lambda screen: screen.show_trace(trace, span))

    def open_graph(self, name: str) -> None:
        """Show a service in the graph, and what is around it."""
        from meshdev.tui.graph.cursor import Cursor

        self.visit(stages.graph(), lambda screen: screen.view.go(Cursor(node=name)))

    def open_fault(self, name: str) -> None:
        """Show a fault on the Chaos screen."""
        self.visit(stages.chaos(), lambda screen: screen.select(name))

    def open_fault_form(self, target: str = "", typed: "Typed | None" = None) -> None:
        """Ask for a fault; ``typed`` is what its fields begin with, else what they said last."""
        from meshdev.tui.chaos.offers import targets_of
        from meshdev.tui.screens.chaos_form import FaultForm

        if isinstance(self.screen, Frame):
            fields = typed or replace(self.chaos.last, target=target)
            self.push_screen(FaultForm(self.chaos, fields, targets_of(self.picture)))
