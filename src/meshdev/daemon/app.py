"""The daemon's life, from its options to the end of the last process.

Topology (so that a bad file is reported at once) → lock → sweep of an earlier run's strays → supervisor → control API.

What is serving is reported once through ``report``; so is the reason why it cannot.
"""

import asyncio
import logging
import os
import secrets
import signal
import socket
import sys
import time
from contextlib import AsyncExitStack, suppress
from importlib import import_module
from pathlib import Path

import msgspec

from meshdev.daemon.control_socket import open_control_socket
from meshdev.daemon.guardian_link import GuardianLink
from meshdev.daemon.lock import LockInfo, ProjectLock
from meshdev.daemon.options import LaunchOptions, StartupReport
from meshdev.daemon.reading import Reading
from meshdev.daemon.supervisor import Supervisor
from meshdev.errors import MeshdevError, StorageError
from meshdev.kernel.project import ProjectPaths, project_paths
from meshdev.lifecycle.model import Level, ShutdownWanted, StartWanted, Urgency
from meshdev.runners.mark import RunMark
from meshdev.runners.strays import Scope, sweep
from meshdev.topology.model import System

log = logging.getLogger(__name__)


def run(options: str, report_fd: int, guardian_fd: int, reading: Reading | None = None) -> int:
    """Run a daemon in this process until its system is down; returns the exit code.

    ``options`` is `LaunchOptions` as JSON; one line of `StartupReport` goes to ``report_fd``; ``guardian_fd`` is the
    socket to the guardian that watches this process; ``reading`` has begun to read the topology.
    """
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    report = _Reporter(report_fd)
    try:
        launch = msgspec.json.decode(options, type=LaunchOptions)
        asyncio.run(_Daemon(launch, report, GuardianLink(guardian_fd), reading).live())
    except MeshdevError as error:
        log.error("%s", error)  # noqa: TRY400 -- a person's mistake has no traceback
        said = error.message if error.hint else str(error)
        report(StartupReport(error=said, hint=error.hint, exit_code=error.exit_code))
        return error.exit_code
    except Exception as error:
        log.exception("the daemon failed")
        report(StartupReport(error=f"a defect in meshdev: {error!r}", hint="daemon.log has the details"))
        return 1
    return 0


class _Reporter:
    """Says one line to whoever started us, once."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __call__(self, report: StartupReport) -> None:
        if self._fd < 0:
            return
        with suppress(OSError):  # whoever asked may be gone; the daemon lives on
            os.write(self._fd, msgspec.json.encode(report) + b"\n")
        os.close(self._fd)
        self._fd = -1


class _Daemon:
    """One life."""

    def __init__(
        self, options: LaunchOptions, report: _Reporter, guardian: GuardianLink, reading: Reading | None
    ) -> None:
        self._options = options
        self._report = report
        self._guardian = guardian
        self._reading = reading
        self._run_id = options.run_id or f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        self._pressed = 0

    async def live(self) -> None:
        """From the topology to the end of the last process."""
        system = self._load()
        paths = project_paths(Path(self._options.root), uid=os.getuid(), environ=os.environ)
        _make_state(paths)
        info = LockInfo(
            pid=os.getpid(),
            uid=os.getuid(),
            started=time.time(),
            run_id=self._run_id,
            socket=str(paths.socket),
        )
        async with AsyncExitStack() as stack:
            stack.enter_context(ProjectLock(paths.lock_file, info))
            self._sweep(paths)
            self._guardian.introduce(
                project=paths.key,
                run_id=self._run_id,
                socket_path=paths.socket,
                lock=paths.lock_file,
                grace=max((service.stop.grace for service in system.services.values()), default=0.0),
            )
            stack.callback(self._guardian.close)
            supervisor = Supervisor(system, paths, self._run_id, self._guardian)
            stack.push_async_callback(supervisor.close)
            await supervisor.start()
            self._listen_to_signals(supervisor)
            self._guardian.watch(lambda replaced: _guardian_lost(supervisor, replaced=replaced))
            listener = open_control_socket(paths.socket)
            supervisor.post(StartWanted(frozenset(self._options.services)))
            await asyncio.sleep(0)  # what can start has been started after this
            await self._serve(supervisor, paths, listener)

    async def _serve(self, supervisor: Supervisor, paths: ProjectPaths, listener: socket.socket) -> None:
        # Imported here, since the instances start meanwhile; or before, while the topology is being read.
        from meshdev.daemon.api import build_api  # noqa: PLC0415
        from meshdev.daemon.server import ControlServer  # noqa: PLC0415

        server = ControlServer(build_api(supervisor.operator), listener)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(server.serve())
                told = len((*supervisor.operator.system.warnings, *supervisor.operator.system.notes))
                report = StartupReport(
                    ready=True, socket=str(paths.socket), run_id=self._run_id, warnings=told
                )
                self._report(report)
                if self._options.lease:
                    asyncio.get_running_loop().call_later(
                        self._options.lease, supervisor.operator.lease_overdue
                    )
                await supervisor.run()
                supervisor.operator.journal.close()  # followers hear the last events and their stream ends
                server.close()
        finally:
            paths.socket.unlink(missing_ok=True)
            with suppress(OSError):  # another one may have put its socket there by now
                paths.runtime_dir.rmdir()

    def _load(self) -> System:
        if self._reading and not self._reading.done:
            _read_ahead()
        system = self._reading.result() if self._reading else None
        if system is None:
            from meshdev.topology.load import load  # noqa: PLC0415 -- heavy

            system = load(
                Path(self._options.file),
                profiles=self._options.profiles,
                environ=os.environ,
                overrides=list(map(Path, self._options.overrides)),
            )
        if self._options.alone:
            from meshdev.topology.alone import alone  # noqa: PLC0415 -- seldom

            recordings = tuple(self._options.recordings)
            system = alone(system, self._options.alone, recordings, Path(self._options.root))
        unknown = [name for name in self._options.services if name not in system.services]
        if unknown:
            from meshdev.errors import UsageError  # noqa: PLC0415
            from meshdev.topology.nearest import did_you_mean  # noqa: PLC0415

            hint = did_you_mean(unknown[0], system.services, what="services")
            raise UsageError(f"no service is called {unknown[0]!r}", hint=hint)
        return system

    def _sweep(self, paths: ProjectPaths) -> None:
        swept = sweep(Scope(RunMark(paths.key)))
        if swept.found:
            log.warning("ended %d processes that an earlier run had left behind", swept.found)
        if paths.engine_file.exists():
            from meshdev.runners.container.leftovers import clear_left  # noqa: PLC0415 -- only for those who need it

            for text in clear_left(paths):
                log.warning("%s", text)

    def _listen_to_signals(self, supervisor: Supervisor) -> None:
        loop = asyncio.get_running_loop()

        def press() -> None:
            self._pressed = min(self._pressed + 1, Urgency.KILL)
            supervisor.post(ShutdownWanted(Urgency(self._pressed)))

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, press)


def _read_ahead() -> None:
    """Import what the control API needs, which is only served once there is a system."""
    for name in ("meshdev.daemon.api", "meshdev.daemon.server"):
        import_module(name)


def _guardian_lost(supervisor: Supervisor, *, replaced: bool) -> None:
    log.warning("the guardian died; %s", "it was replaced" if replaced else "shutting down")
    if replaced:
        supervisor.operator.notice("", "the guardian died and was replaced", Level.WARNING)
        return
    supervisor.operator.notice("", "the guardian died and cannot be replaced; shutting down", Level.ERROR)
    supervisor.post(ShutdownWanted(Urgency.GRACEFUL))


def _make_state(paths: ProjectPaths) -> None:
    try:
        paths.runs_dir.mkdir(parents=True, exist_ok=True)
        ignore = paths.state_dir / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", "utf-8")
    except OSError as error:
        raise StorageError(
            f"cannot write {error.filename or paths.state_dir}: {error.strerror}",
            hint="meshdev keeps its logs and its lock there; make the folder writable or free some space",
        ) from error
