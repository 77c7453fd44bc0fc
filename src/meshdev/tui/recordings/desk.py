"""What is asked of recordings from the dashboard: start, stop, save, remove, export, replay, play a service.

Nothing here blocks a key; what came of it stands in the ticker. A replay goes on when its report is closed.
"""

# ruff: noqa: PLC0415 -- dialogs are read when they are asked for

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from meshdev.errors import MeshdevError
from meshdev.tui import units
from meshdev.tui.recordings.source import RecordingSource
from meshdev.tui.recordings.wholes import Wholes
from meshdev.wire.recording_views import RecordingView, RecordRequest, SaveLastRequest

if TYPE_CHECKING:
    from textual.worker import Worker

    from meshdev.recording.model import Recording
    from meshdev.replaying.outcome import Outcome
    from meshdev.storage.recordings import Summary
    from meshdev.tui.app import Dashboard
    from meshdev.tui.screens.choice import Choice

LAST_SECONDS = 300.0
"""How far back is saved by one key."""


@dataclass(slots=True)
class ReplayRun:
    """A replay that is under way, or the last one that was; ``outcomes`` are by service when it is over."""

    name: str
    title: str
    service: str = ""
    done: int = 0
    of: int = 0
    outcomes: "Sequence[tuple[str, Outcome]]" = ()
    trouble: str = ""
    running: bool = True
    worker: "Worker[None] | None" = field(default=None, repr=False)


class RecordingDesk:
    """See the module."""

    def __init__(self, dashboard: "Dashboard", source: RecordingSource) -> None:
        self._dashboard = dashboard
        self._source = source
        self.wholes = Wholes(source.recall)
        self.summaries: Sequence[Summary] = ()
        self.run: ReplayRun | None = None

    @property
    def active(self) -> Sequence[RecordingView]:
        """Those under way."""
        return self._dashboard.picture.recordings

    async def refresh(self) -> "Sequence[Summary]":
        """Those on the disk, read anew. Raises MeshdevError."""
        self.summaries = await self._source.recordings()
        return self.summaries

    async def open(self, name: str) -> "Recording":
        """All of one. Raises MeshdevError."""
        return await self._source.open_recording(name)

    # --- making ---------------------------------------------------------------------------------------

    async def start(self, request: RecordRequest) -> None:
        """Record from now on. Raises MeshdevError."""
        view = await self._source.start_recording(request)
        self._dashboard.say(f"● recording {view.name}: {of_what(view)}; R in Traffic stops it")

    def stop(self, name: str) -> None:
        """Close one, and tell where it is."""

        async def work() -> None:
            self._saved(await self._source.stop_recording(name))

        self._dashboard.act.attempt(f"stop recording {name}", work)

    def save_last(self, seconds: float = LAST_SECONDS) -> None:
        """Save what passed in the last time, and tell how much that was."""

        async def work() -> None:
            self._saved(await self._source.save_last(SaveLastRequest(seconds=seconds)))

        self._dashboard.act.attempt(f"save the last {seconds / 60:.0f} minutes", work)

    def _saved(self, view: RecordingView) -> None:
        lost = f", {view.lost} lost" if view.lost else ""
        system = self._dashboard.picture.system
        folder = view.folder.removeprefix(f"{system.root}/") if system else view.folder
        told = f"{units.plural(view.exchanges, 'call')} in {folder} ({units.size(view.bytes)}B{lost})"
        self._dashboard.say(f"{view.name}: {told}", level="warning" if view.trouble or view.lost else "info")

    # --- what is done with one ------------------------------------------------------------------------

    def remove(self, name: str, then: Callable[[], object]) -> None:
        """Remove one for good."""

        async def work() -> None:
            await self._source.remove_recording(name)
            self._dashboard.say(f"{name} is gone")
            then()

        self._dashboard.act.attempt(f"remove {name}", work)

    def export(self, name: str, format_: str) -> None:
        """Write it in another format, and tell where."""

        async def work() -> None:
            made = await self._source.export_recording(name, format_)
            self._dashboard.say(f"{made.path}: {made.title}, {units.plural(made.calls, 'call')}")
            if made.notes:
                text = "\n".join(made.notes[:6])
                self._dashboard.notify(
                    text, title=f"Not said in {format_}", severity="warning", timeout=12, markup=False
                )

        self._dashboard.act.attempt(f"export {name}", work)

    def swap(self, service: str, target: str) -> None:
        """Have somebody else play a service."""

        async def work() -> None:
            await self._source.swap(service, target)
            self._dashboard.say(f"{target} takes over when it is ready", service=service)

        self._dashboard.act.attempt(f"have {target} play {service}", work)

    def replay(self, name: str, services: Sequence[str] = ()) -> None:
        """Send its requests to live services (none named: verify), and show the report."""
        from meshdev.tui.screens.replay_report import ReplayReport

        if self.run is not None and self.run.running:
            self._dashboard.say(f"{self.run.title} is under way", level="warning")
        else:
            self._begin(name, services)
        self._dashboard.push_screen(ReplayReport(self))

    def _begin(self, name: str, services: Sequence[str]) -> None:
        title = f"{name} to {', '.join(services)}" if services else f"{name} verified"
        run = self.run = ReplayRun(name, title)

        def told(service: str, done: int, of: int) -> None:
            run.service, run.done, run.of = service, done, of

        async def work() -> None:
            try:
                run.outcomes = await self._source.replay(name, services, told)
            except MeshdevError as error:
                run.trouble = f"{error.message}. {error.hint}".strip()
                self._dashboard.complain(error, f"replay {name}")
            else:
                same = all(outcome.same for _, outcome in run.outcomes)
                verdict = "✓ all as recorded" if same else "✕ something differs"
                self._dashboard.say(f"{run.title}: {verdict}", level="info" if same else "error")
            finally:
                run.running = False

        self._dashboard.say(f"replay of {name} …")
        run.worker = self._dashboard.run_worker(work(), group="replay")

    def end_replay(self) -> None:
        """End the replay that is under way."""
        run = self.run
        if run is not None and run.running and run.worker is not None:
            run.worker.cancel()
            run.trouble = "ended by you"

    # --- questions ------------------------------------------------------------------------------------

    def ask_what(self, edge: str = "") -> None:
        """Ask what to record; ``edge`` is the one that is looked at."""
        from meshdev.tui.recordings.offers import offers_of
        from meshdev.tui.screens.record_form import RecordForm

        self._dashboard.push_screen(RecordForm(self, offers_of(self._dashboard.picture, edge)))

    def ask_removal(self, name: str, then: Callable[[], object] = lambda: None) -> None:
        """Ask whether it may go."""
        from meshdev.tui.screens.recording_removal import removal

        if any(view.name == name for view in self.active):
            self._dashboard.say(f"{name} is being recorded: R stops it first", level="warning")
            return

        def answered(answer: bool | None) -> None:  # noqa: FBT001 -- the dialog's answer
            if answer:
                self.remove(name, then)

        summary = next((one for one in self.summaries if one.meta.name == name), None)
        self._dashboard.push_screen(removal(name, summary), answered)

    def ask_format(self, name: str) -> None:
        """Ask for the format of an export."""
        from meshdev.recording.formats import FORMATS
        from meshdev.tui.screens.choice import Choice

        options = [(one.name, one.title) for one in FORMATS.values() if one.writes]
        self._choose(Choice(f"Export {name} as", options), partial(self.export, name))

    def ask_replay(self, name: str) -> None:
        """Ask to which service it is replayed."""
        self._ask_service(name, "Replay {} to", lambda service: self.replay(name, [service]))

    def ask_stand_in(self, name: str) -> None:
        """Ask which service it is to play; one that it plays runs as the file says again."""

        def swap(service: str) -> None:
            view = self._dashboard.picture.service(service)
            played = view is not None and view.stand_in == f"recording:{name}"
            self.swap(service, "file" if played else f"recording:{name}")

        self._ask_service(name, "{} plays", swap)

    def _ask_service(self, name: str, title: str, then: Callable[[str], object]) -> None:
        from meshdev.tui.screens.choice import Choice

        async def work() -> None:
            recording = await self.open(name)
            counts: dict[str, int] = {}
            for one in recording.exchanges:
                counts[one.callee] = counts.get(one.callee, 0) + 1
            known = {service.name: service for service in self._dashboard.picture.services}
            options = []
            for callee, count in sorted(counts.items(), key=lambda pair: -pair[1]):
                if callee in known:
                    played = known[callee].stand_in
                    about = f"{units.plural(count, 'call')} in it" + (f", ◫ {played} now" if played else "")
                    options.append((callee, about))
            if not options:
                self._dashboard.say(f"{name} has no call to a service of this system", level="warning")
                return
            self._choose(Choice(title.format(name), options), then)

        self._dashboard.act.attempt(f"read {name}", work, quiet=True)

    def _choose(self, dialog: "Choice", then: Callable[[str], object]) -> None:
        def chosen(answer: str | None) -> None:
            if answer:
                then(answer)

        self._dashboard.push_screen(dialog, chosen)

    async def known(self) -> "Sequence[Summary]":
        """Those on the disk, as far as they can be read now."""
        with suppress(MeshdevError, OSError):
            await self.refresh()
        return self.summaries


def of_what(view: RecordingView) -> str:
    """What belongs to it, in words."""
    return ", ".join(view.edges).replace("->", "→") or "every call"
