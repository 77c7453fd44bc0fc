"""The Chaos screen: every fault with its state, and beside it what the one under the cursor does to the edges.

A fault's own key (``key`` in the topology file) toggles it here, if the dashboard has no use for that key itself.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.widgets import Input

from meshdev.traffic.faults.target import parse_edge
from meshdev.tui import units
from meshdev.tui.chaos.acting import are_on, countdown, left_of
from meshdev.tui.chaos.cells import COLUMNS, rows_of
from meshdev.tui.chaos.facts import fault_facts
from meshdev.tui.chaos.quick import command_of, like
from meshdev.tui.graph.cursor import Cursor
from meshdev.tui.keys import APP_KEYS, Key, bindings
from meshdev.tui.keys.chaos import CHAOS_KEYS
from meshdev.tui.model import Picture
from meshdev.tui.screens.base import unconnected
from meshdev.tui.screens.chaos_clear import clearing
from meshdev.tui.screens.chaos_experiments import ExperimentsScreen
from meshdev.tui.screens.graph import GraphScreen
from meshdev.tui.screens.table import TableScreen
from meshdev.tui.sources import definition_of
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.bars import PaneTitle
from meshdev.tui.widgets.live_table import LiveTable
from meshdev.wire.fault_views import FaultView

_TABLE_KEYS = frozenset("jkgG")
_TAKEN = (
    frozenset(name for key in (*CHAOS_KEYS, *APP_KEYS) for name in key.keys.split(",") if len(name) == 1)
    | _TABLE_KEYS
)
"""Keys that mean something here already: a fault that asks for one of them has none."""


class ChaosScreen(TableScreen):
    """See the module."""

    MODE = "chaos"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(CHAOS_KEYS)]

    COLUMNS = COLUMNS
    THING = "fault"
    MATCHES = "name, state, target or kind"

    @property
    def fault(self) -> FaultView | None:
        """The fault under the cursor."""
        return self._named(self.table.cursor)

    def _named(self, name: str | None) -> FaultView | None:
        return next((fault for fault in self.dashboard.picture.faults if fault.name == name), None)

    # --- drawing ----------------------------------------------------------------------------------

    def draw_rows(self, picture: Picture, now: float) -> None:
        """The faults."""
        rows = rows_of(picture.faults, picture.faults_at, now, self._free_keys(picture), self.wanted)
        self.table.show_rows(rows, empty=self._empty(picture))

    def draw_around(self) -> None:
        """What is on, and what the fault under the cursor does."""
        picture, now, fault = self.dashboard.picture, self.dashboard.now(), self.fault
        self.query_one("#about", PaneTitle).show(self._head(picture, now), "", self.filter_words())
        lines = []
        if fault is not None:
            history, keys = self.dashboard.chaos.history, self._free_keys(picture)
            lines = fault_facts(picture, fault, history, now, self.details.room, keys=keys)
        self.details.show_lines(lines)

    def _head(self, picture: Picture, now: float) -> list[Span]:
        on = are_on(picture.faults)
        if not on:
            return [Span("no fault is on", Tone.MUTED)] if picture.faults else []
        ends = [left for fault in on if (left := left_of(fault, picture.faults_at, now)) is not None]
        spans = [Span(f"⚡ {units.plural(len(on), 'fault')} on", Tone.ALERT)]
        if ends:
            spans.append(Span(f"  next ends in {countdown(min(ends))}", Tone.MUTED))
        return spans

    def _empty(self, picture: Picture) -> str:
        if words := unconnected(picture):
            return words
        if picture.faults:
            return self.no_match()
        return (
            "There is no fault.\n"
            "a adds one; c does so on any service, edge or call of the other screens.\n"
            "[faults.NAME] in the topology file gives names to those that are often used."
        )

    def _free_keys(self, picture: Picture) -> frozenset[str]:
        return frozenset(fault.key for fault in picture.faults if fault.key) - _TAKEN

    def keys(self) -> Sequence[Key]:
        """Those that can do something now."""
        fault = self.fault if self.is_attached else None
        useless = {"back"} if not self.wanted else set()
        if fault is None:
            useless |= {"switch", "off", "end", "chaos_form", "graph", "copy", "edit"}
        elif not fault.on:
            useless |= {"off"} | ({"end"} if fault.origin == "topology" else set())
        if fault is not None and fault.origin != "topology":
            useless.add("edit")
        if not self.dashboard.chaos.are_on():
            useless.add("clear")
        return [key for key in CHAOS_KEYS if key.action not in useless]

    # --- messages ---------------------------------------------------------------------------------

    @on(LiveTable.Chosen)
    def _chosen(self) -> None:
        self.action_switch()

    def on_key(self, event: events.Key) -> None:
        """A fault's own key toggles it."""
        if event.character is None or isinstance(self.focused, Input):
            return
        if event.character in self._free_keys(self.dashboard.picture):
            event.stop()
            for fault in self.dashboard.picture.faults:
                if fault.key == event.character:
                    self.table.move_to(fault.name)
                    self.dashboard.chaos.switch(fault)

    # --- actions ----------------------------------------------------------------------------------

    def action_switch(self) -> None:
        """On if it is off, off if it is on."""
        if self.fault is not None:
            self.dashboard.chaos.switch(self.fault)

    def action_off(self) -> None:
        """Off; it stays in the list."""
        fault = self.fault
        if fault is not None and fault.on:
            self.dashboard.chaos.off(fault.name)

    def action_end(self) -> None:
        """Off, and out of the list if it was added."""
        if self.fault is not None:
            self.dashboard.chaos.remove(self.fault.name)

    def action_clear(self) -> None:
        """Ask, then end all."""
        faults = self.dashboard.picture.faults
        if are_on(faults):
            self.dashboard.push_screen(clearing(faults), self._cleared)
        else:
            self.dashboard.say("no fault is on")

    def _cleared(self, answer: bool | None) -> None:  # noqa: FBT001 -- Textual passes it so
        if answer:
            self.dashboard.chaos.clear()

    def action_add(self) -> None:
        """Ask for a new one."""
        self.dashboard.open_fault_form()

    def action_chaos_form(self) -> None:
        """Ask for another one like this."""
        if self.fault is not None:
            self.dashboard.open_fault_form(typed=like(self.fault))

    def action_experiments(self) -> None:
        """Show the experiments."""
        self.dashboard.push_screen(ExperimentsScreen(self.dashboard.chaos))

    def action_graph(self) -> None:
        """Show where it acts."""
        fault = self.fault
        edge = parse_edge(fault.edges[0]) if fault is not None and fault.edges else None
        if edge is not None:
            cursor = Cursor(edge=(edge.caller, edge.callee))
            self.dashboard.visit(GraphScreen, lambda screen: screen.stand_on(cursor))
        elif fault is not None and fault.services:
            self.dashboard.open_graph(fault.services[0])

    def action_copy(self) -> None:
        """Copy the command that does the same."""
        if self.fault is not None:
            command = command_of(self.fault)
            self.dashboard.copy(command, command)

    def action_edit(self) -> None:
        """Open its definition."""
        fault = self.fault
        system = self.dashboard.picture.system
        if fault is None or fault.origin != "topology" or system is None:
            return
        file, name = Path(system.file), f"faults.{fault.name}"

        async def work() -> None:
            source = await asyncio.to_thread(definition_of, file, name)
            self.dashboard.edit(source.file, source.line)

        self.dashboard.begin(work)

    def select(self, name: str) -> None:
        """Put the cursor on a fault, dropping a filter that hides it."""
        self.filter("")
        self.table.move_to(name)
