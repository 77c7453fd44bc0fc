"""What is asked of faults from the dashboard: toggles, the quick fault of one key, the form, clearing.

`ChaosDesk` remembers what the form said last, for that is what the quick key does next, and what the edges did before
each fault. Nothing here blocks a key.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from meshdev.errors import MeshdevError
from meshdev.tui.backend import Backend
from meshdev.tui.chaos.acting import are_on
from meshdev.tui.chaos.history import History
from meshdev.tui.chaos.quick import Typed, added_for
from meshdev.tui.chaos.trial import Trial, Verdict
from meshdev.wire.fault_views import FaultKindView, FaultRequest, FaultView

if TYPE_CHECKING:
    from textual.worker import Worker

    from meshdev.tui.app import Dashboard
    from meshdev.tui.model import Picture


@dataclass(slots=True)
class TrialRun:
    """An experiment that runs, or the last one that did."""

    name: str
    lines: list[str] = field(default_factory=list)
    verdict: Verdict | None = None
    running: bool = True
    worker: "Worker[None] | None" = None


class ChaosDesk:
    """See the module."""

    def __init__(self, dashboard: "Dashboard", backend: Backend) -> None:
        self._dashboard = dashboard
        self._backend = backend
        self.history = History()
        self.last = Typed()
        self.kinds: Sequence[FaultKindView] = ()
        self.trial: TrialRun | None = None

    def look(self, picture: "Picture", now: float) -> None:
        """Remember what the edges do."""
        self.history.note(picture.signals, picture.faults, now)

    # --- toggles ----------------------------------------------------------------------------------

    def switch(self, fault: FaultView) -> None:
        """On if it is off, off if it is on."""
        word = "off" if fault.on else "on"
        self._dashboard.act.attempt(
            f"switch {fault.name} {word}", lambda: self._backend.switch_fault(fault.name, on=not fault.on)
        )

    def off(self, *names: str) -> None:
        """Switch these off; they stay in the list."""

        async def work() -> None:
            for name in names:
                await self._backend.switch_fault(name, on=False)

        self._dashboard.act.attempt(f"switch {_all(names)} off", work)

    def remove(self, *names: str) -> None:
        """Switch these off, and forget those that were added."""

        async def work() -> None:
            for name in names:
                await self._backend.remove_fault(name)

        self._dashboard.act.attempt(f"end {_all(names)}", work)

    def clear(self) -> None:
        """Everything off."""
        self._dashboard.act.attempt("end all faults", self._backend.clear_faults)

    # --- the quick fault ----------------------------------------------------------------------------

    def toggle_quick(self, target: str) -> None:
        """End what was added for exactly this target, else put the last fault there."""
        added = added_for(self._dashboard.picture.faults, target)
        if added:
            self.remove(*(fault.name for fault in added))
            return
        typed = replace(self.last, target=target, name="")

        async def work() -> None:
            view = await self._backend.add_fault(FaultRequest(fault=typed.table()))
            self._dashboard.say(f"{added_line(view)}; c there ends it, C has others")

        self._dashboard.act.attempt(f"add {typed.faults} at {target}", work)

    async def add(self, typed: Typed) -> FaultView:
        """What the form asks for. Raises MeshdevError."""
        view = await self._backend.add_fault(FaultRequest(fault=typed.table(), name=typed.name.strip()))
        self.last = replace(typed, target="", name="")
        self._dashboard.say(added_line(view))
        return view

    async def catalogue(self) -> Sequence[FaultKindView]:
        """The kinds of the daemon; asked for once. Raises MeshdevError."""
        if not self.kinds:
            self.kinds = await self._backend.fault_kinds()
        return self.kinds

    # --- experiments --------------------------------------------------------------------------------

    async def experiments(self) -> Sequence[Trial]:
        """Those of the topology file. Raises MeshdevError."""
        return await self._backend.experiments()

    def run_trial(self, name: str) -> None:
        """Run an experiment, unless one runs."""
        if self.trial is not None and self.trial.running:
            self._dashboard.say(f"the experiment {self.trial.name} runs", level="warning")
            return
        run = self.trial = TrialRun(name)

        async def work() -> None:
            try:
                run.verdict = verdict = await self._backend.run_experiment(name, run.lines.append)
            except MeshdevError as error:
                run.lines.append(f"✕ {error.message}")
                self._dashboard.complain(error, f"run {name}")
            else:
                shape, level = ("✓", "info") if verdict.holds else ("✕", "error")
                self._dashboard.say(f"{shape} experiment {name}: {verdict.verdict}", level=level)
            finally:
                run.running = False

        self._dashboard.say(f"experiment {name} …")
        run.worker = self._dashboard.run_worker(work(), group="experiment")

    def end_trial(self) -> None:
        """End the experiment that runs; it undoes what it did."""
        run = self.trial
        if run is not None and run.running and run.worker is not None:
            run.worker.cancel()
            run.lines.append("ended by you: what it did is undone")

    def are_on(self) -> list[FaultView]:
        """Those that are on now."""
        return are_on(self._dashboard.picture.faults)


def added_line(view: FaultView) -> str:
    """What came of adding one."""
    what = "; ".join(part.words for part in view.parts)
    return f"⚡ {view.name}: {what} at {view.target.replace('->', '→')}"


def _all(names: Sequence[str]) -> str:
    most = 3
    return ", ".join(names) if len(names) <= most else f"{len(names)} faults"
