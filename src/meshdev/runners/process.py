"""The process runner: executes the lifecycle core's `Launch`, `Signal` and `Kill`, and reports what became of it.

Rules:
- A fact is never reported inside a call: `report` runs in a later step of the loop, in the order of what happened.
- `Exited` is about the leader alone. `Gone` comes when nothing bears the incarnation's mark and its group is empty,
  whatever sessions and parents its processes gave themselves; only then are its pipes closed and its ports free.
- All timing is the core's: `signal` and `kill` act at once, whether or not the leader still lives. A leader that leaves
  others behind is reported as `Exited`, and the core ends them as it ends everything, with its grace. Once `kill` was
  called, every new member is killed until none is left.
- Groups are signalled by number only while their leader is unreaped (so the number can't mean another group);
  after that each member is signalled on its own, by pidfd.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals

from meshdev.errors import ServiceError
from meshdev.lifecycle.model import Exited, Fact, Gone, Incarnation, Launched, LaunchFailed
from meshdev.runners import census
from meshdev.runners.census import Seen
from meshdev.runners.limits import LimitKeeper
from meshdev.runners.mark import RunMark
from meshdev.runners.membership import Membership
from meshdev.runners.namespaces import Within
from meshdev.runners.output import OutputPipe, OutputPump, OutputSink
from meshdev.runners.ports import HeldPort
from meshdev.runners.reaper import Reaper, exit_of
from meshdev.runners.spawn import raise_open_files, spawn
from meshdev.topology.model import Limits

log = logging.getLogger(__name__)

_FIRST_LOOK = 0.02
_LONGEST_LOOK = 0.25
_HUNT_ROUNDS = 20
_ENDING = frozenset({Signals.SIGTERM, Signals.SIGINT, Signals.SIGQUIT, Signals.SIGHUP, Signals.SIGKILL})


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """Everything that one launch needs. ``env`` is complete; the marks by which strays are found are added to it.

    With ``shell`` the words of ``argv`` are one line for ``/bin/sh -c``. ``ports`` stay held until the incarnation is
    gone; from the second attempt on they are let go right before the start, for programs without SO_REUSEADDR.
    ``within`` are namespaces of its own, ``listens`` is its first port there.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    shell: bool = False
    ports: tuple[HeldPort, ...] = ()
    limits: Limits | None = None
    within: Within | None = None
    listens: int = 0


@dataclass(slots=True, eq=False)
class _Run:
    """One incarnation from its launch until it is gone."""

    ref: Incarnation
    pid: int
    mark: int
    ports: tuple[HeldPort, ...]
    pipes: tuple[OutputPipe, ...]
    limits: Limits | None = None
    exited: bool = False
    killing: bool = False
    refused: set[int] = field(default_factory=set)


class ProcessRunner:
    """Starts, signals and watches the processes of one run of one project."""

    def __init__(
        self,
        *,
        reaper: Reaper,
        run_id: str,
        project: str,
        report: Callable[[Fact], None],
        output: Callable[[Incarnation, str], OutputSink],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._reaper = reaper
        self._run_mark = RunMark(project, run_id)
        self._report = report
        self._output = output
        self._pump = OutputPump(self._loop)
        self._limits = LimitKeeper(run_id)
        self._membership = Membership(self._run_mark, self._loop)
        self._runs: dict[Incarnation, _Run] = {}
        self._serial = 0
        self._look: asyncio.TimerHandle | None = None
        self._look_after = _FIRST_LOOK
        self._closing: asyncio.Future[None] | None = None
        reaper.on_stray(self._stray_ended)
        raise_open_files()

    # --- commands ---------------------------------------------------------------------------------

    def launch(self, ref: Incarnation, spec: LaunchSpec, attempt: int) -> None:
        """Start ``ref``; reports `Launched` or `LaunchFailed`."""
        if attempt > 1:
            for port in spec.ports:
                port.loosen()
        self._serial += 1
        mark = self._run_mark.value(self._serial)
        try:
            run = self._start(ref, spec, mark)
        except ServiceError as error:
            for port in spec.ports:
                port.release()
            reason = f"{error.message} ({error.hint})" if error.hint else error.message
            self._post(LaunchFailed(ref, reason))
            return
        self._runs[ref] = run
        self._membership.stale()
        self._reaper.watch(run.pid, lambda status: self._leader_ended(run, status))
        self._post(Launched(ref, run.pid, spec.ports[0].port if spec.ports else spec.listens))

    def signal(self, ref: Incarnation, name: str) -> None:
        """Send the signal ``name`` (``SIGTERM``) to all of ``ref``; one that is gone needs none.

        What ends a process goes to members outside the group as well; others (SIGUSR1 …) to the group alone.
        """
        run = self._runs.get(ref)
        if run is None:
            return
        number = Signals[name]
        self._signal(run, number)
        if run.exited:
            self._look_soon()

    def kill(self, ref: Incarnation) -> None:
        """SIGKILL everything of ``ref``, again and again until nothing is left."""
        run = self._runs.get(ref)
        if run is None:
            return
        run.killing = True
        self._signal(run, Signals.SIGKILL)
        self._look_soon()

    def beside(self, ref: Incarnation, argv: Sequence[str]) -> Seen | None:
        """Start a program of ours as a member of ``ref``: it has its mark and its limits, and ends with it.

        None when ``ref`` has ended or is being killed. Raises ServiceError.
        """
        run = self._runs.get(ref)
        if run is None or run.exited or run.killing:
            return None
        nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        try:
            env = self._marks(ref)
            pid = spawn(argv, env=env, cwd=Path("/"), mark=run.mark, stdout=nowhere, stderr=nowhere)
        finally:
            os.close(nowhere)
        if run.limits is not None:
            self._limits.apply(pid, ref, run.limits)
        self._membership.stale()
        self._reaper.watch(pid, lambda _: self._stray_ended(pid))
        return census.look(pid)

    # --- questions --------------------------------------------------------------------------------

    def members(self, ref: Incarnation) -> tuple[Seen, ...]:
        """The live processes of ``ref`` with their commands (who blocks a stop), the leader first."""
        run = self._runs.get(ref)
        if run is None:
            return ()
        return tuple(
            sorted(self._membership.of(run.ref, run.mark, run.pid), key=lambda seen: seen.pid != run.pid)
        )

    def pids(self, ref: Incarnation) -> tuple[int, ...]:
        """The pids of `members`."""
        return tuple(seen.pid for seen in self.members(ref))

    def everybody(self) -> Iterator[tuple[Incarnation, tuple[int, ...]]]:
        """Each incarnation that is not gone, with the pids of its members."""
        for ref in tuple(self._runs):
            yield ref, self.pids(ref)

    def mark_of(self, ref: Incarnation) -> int:
        """The mark that ``ref``'s processes bear (0: gone), for helpers that belong to it (exec probes)."""
        run = self._runs.get(ref)
        return run.mark if run else 0

    async def close(self) -> None:
        """Kill whatever still runs, wait until it is gone, let everything go."""
        for ref in tuple(self._runs):
            self.kill(ref)
        if self._runs:
            self._closing = self._loop.create_future()
            await self._closing
        if self._look is not None:
            self._look.cancel()
        self._pump.close()
        self._limits.close()

    # --- inside -----------------------------------------------------------------------------------

    def _start(self, ref: Incarnation, spec: LaunchSpec, mark: int) -> _Run:
        env = {**spec.env, **self._marks(ref)}
        argv = ("/bin/sh", "-c", " ".join(spec.argv)) if spec.shell else spec.argv
        (out_read, out_write), (err_read, err_write) = _two_pipes()
        try:
            pid = spawn(
                argv,
                env=env,
                cwd=spec.cwd,
                mark=mark,
                stdout=out_write,
                stderr=err_write,
                within=spec.within,
            )
        except ServiceError:
            os.close(out_read)
            os.close(err_read)
            raise
        finally:
            os.close(out_write)
            os.close(err_write)
        if spec.limits is not None:
            self._limits.apply(pid, ref, spec.limits)
        pipes = (
            self._pump.open(out_read, self._output(ref, "stdout")),
            self._pump.open(err_read, self._output(ref, "stderr")),
        )
        return _Run(ref, pid, mark, spec.ports, pipes, spec.limits)

    def _marks(self, ref: Incarnation) -> dict[str, str]:
        return {
            "MESHDEV_PROJECT": self._run_mark.project,
            "MESHDEV_RUN": self._run_mark.run_id,
            "MESHDEV_INSTANCE": ref.id,
            "MESHDEV_GENERATION": str(ref.generation),
        }

    def _post(self, fact: Fact) -> None:
        self._loop.call_soon(self._report, fact)

    def _signal(self, run: _Run, number: Signals) -> None:
        if not run.exited:
            census.send_group(run.pid, number)
            if number in _ENDING - {Signals.SIGKILL}:
                census.send_group(run.pid, Signals.SIGCONT)  # a stopped process can't heed anything
            if number not in _ENDING:
                return
        for seen in self._membership.of(run.ref, run.mark, run.pid):
            if run.exited or seen.group != run.pid:
                self._send(run, seen, number)

    def _hunt(self, run: _Run) -> None:
        """SIGKILL in quick succession, so that a process that forks and ends all the time is hit as well."""
        for _ in range(_HUNT_ROUNDS):
            self._signal(run, Signals.SIGKILL)
            self._membership.stale()
            if not self._membership.of(run.ref, run.mark, run.pid):
                return

    def _send(self, run: _Run, seen: Seen, number: Signals) -> None:
        census.send(seen, number)
        if number != Signals.SIGKILL:
            census.send(seen, Signals.SIGCONT)
        elif seen.pid in run.refused:
            return
        elif census.another_users(seen.pid):
            run.refused.add(seen.pid)
            log.warning(
                "%s: pid %d (%s) belongs to another user; stop it by hand", run.ref, seen.pid, seen.command
            )

    def _leader_ended(self, run: _Run, status: int) -> None:
        run.exited = True
        self._membership.stale()
        for pipe in run.pipes:
            pipe.pull()  # its last words come before the news of its end
        code, number = exit_of(status)
        self._post(Exited(run.ref, code, number))
        self._look_soon()

    def _stray_ended(self, _pid: int) -> None:
        self._membership.stale()
        if any(run.exited for run in self._runs.values()):
            self._look_soon()

    def _look_soon(self) -> None:
        """Many ends in one step need one look."""
        self._look_after = _FIRST_LOOK
        self._arm(0.0)

    def _arm(self, delay: float) -> None:
        if self._look is not None:
            self._look.cancel()
        self._look = self._loop.call_later(delay, self._look_around)

    def _look_around(self) -> None:
        """Whose last member is gone? Kill on where that was asked for, and look again later."""
        self._look = None
        self._membership.stale()
        open_ends = False
        for run in tuple(self._runs.values()):
            if run.exited and self._membership.gone(run.ref, run.mark, run.pid):
                self._finish(run)
                continue
            if run.killing:
                self._hunt(run)
            open_ends = open_ends or run.exited or run.killing
        if open_ends:
            self._arm(self._look_after)
            self._look_after = min(self._look_after * 1.5, _LONGEST_LOOK)

    def _finish(self, run: _Run) -> None:
        del self._runs[run.ref]
        for pipe in run.pipes:
            pipe.pull()
            pipe.close()  # an unknown process may hold the other end for ever; that is no reason to wait
        for port in run.ports:
            port.release()
        self._limits.forget(run.ref)
        self._post(Gone(run.ref))
        if self._closing is not None and not self._runs and not self._closing.done():
            self._closing.set_result(None)


def _two_pipes() -> tuple[tuple[int, int], tuple[int, int]]:
    try:
        first = os.pipe()
    except OSError as error:
        raise ServiceError(f"no pipe for its output: {error.strerror}", hint="raise `ulimit -n`") from error
    try:
        return first, os.pipe()
    except OSError as error:
        os.close(first[0])
        os.close(first[1])
        raise ServiceError(f"no pipe for its output: {error.strerror}", hint="raise `ulimit -n`") from error
