"""Saved files made into what their watch asks for: a reload, a signal, a command.

The watcher (a thread of its own) exists only while some service wants to be watched.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from meshdev.daemon.containers.dockerignore import watches_of
from meshdev.daemon.containers.watching import ContainerWatching
from meshdev.errors import ServiceError
from meshdev.lifecycle.model import Event, Incarnation, Level, ReloadWanted
from meshdev.runners.execute import execute
from meshdev.runners.reaper import Reaper
from meshdev.runners.runner import Runner
from meshdev.topology.container import Container
from meshdev.topology.model import Service, System, WatchAction

if TYPE_CHECKING:
    from meshdev.watch.quiet import Changed
    from meshdev.watch.watcher import Watcher

EXEC_SECONDS = 60.0

Notice = Callable[[str, str, Level], None]


class Reloads:
    """Turns `Changed` into events; ``incarnations`` tells which ones of a service live."""

    def __init__(
        self,
        root: Path,
        *,
        post: Callable[[Event], None],
        runner: Runner,
        containers: ContainerWatching,
        reaper: Reaper,
        incarnations: Callable[[str], Iterable[Incarnation]],
        environment: Callable[[Service], Mapping[str, str]],
        notice: Notice,
    ) -> None:
        self._root = root
        self._post = post
        self._runner = runner
        self._containers = containers
        self._reaper = reaper
        self._incarnations = incarnations
        self._environment = environment
        self._notice = notice
        self._watcher: Watcher | None = None
        self._system: System | None = None
        self._commands: asyncio.Queue[tuple[Service, str] | None] = asyncio.Queue()

    def adopt(self, system: System) -> None:
        """Watch what this system wants watched, and nothing else."""
        self._system = system
        wanted = {name: watches_of(service) for name, service in system.services.items() if service.watch}
        if wanted and self._watcher is None:
            from meshdev.watch.watcher import Watcher  # noqa: PLC0415 -- many systems watch nothing

            self._watcher = Watcher(
                self._root, self.changed, lambda text: self._notice("", text, Level.WARNING)
            )
        if self._watcher is not None:
            self._watcher.watch(wanted)

    async def run(self) -> None:
        """Run the commands that watches ask for, one after the other, until `close`."""
        while (wanted := await self._commands.get()) is not None:
            await self._execute(*wanted)
        if self._watcher is not None:
            await self._watcher.close()

    def close(self) -> None:
        """Let `run` return."""
        self._commands.put_nowait(None)

    def changed(self, change: "Changed") -> None:
        """Do what the watches of ``change`` ask for; what replaces the service is done once."""
        node = self._system.services.get(change.service) if self._system else None
        if node is not None and isinstance(node.run, Container):
            self._containers.changed(node, change)
        actions = dict.fromkeys((watch.action, watch.argument) for watch in change.watches)
        replaced = False
        for action, argument in actions:
            match action:
                case WatchAction.SIGNAL:
                    self._signal(change.service, argument or "SIGHUP", change.files)
                case WatchAction.EXEC:
                    self._command(change.service, argument)
                case (
                    WatchAction.RESTART
                    | WatchAction.REBUILD
                    | WatchAction.SYNC
                    | WatchAction.SYNC_RESTART
                    | WatchAction.SYNC_EXEC
                ):
                    replaced = True
                case _:
                    assert_never(action)
        if replaced and not (node is not None and isinstance(node.run, Container)):
            self._post(ReloadWanted(change.service, change.files))

    def _signal(self, service: str, name: str, files: tuple[str, ...]) -> None:
        refs = tuple(self._incarnations(service))
        for ref in refs:
            self._runner.signal(ref, name)
        if refs:
            self._notice(service, f"{name} sent: {_some(files)} changed", Level.INFO)

    def _command(self, service: str, line: str) -> None:
        node = self._system.services.get(service) if self._system else None
        if node is not None:
            self._commands.put_nowait((node, line))

    async def _execute(self, service: Service, line: str) -> None:
        try:
            done = await execute(
                self._reaper,
                ("/bin/sh", "-c", line),
                cwd=service.working_dir,
                env=self._environment(service),
                within=EXEC_SECONDS,
            )
        except ServiceError as error:
            self._notice(service.name, f"watch command failed: {error.message}", Level.ERROR)
            return
        if done.code == 0:
            self._notice(service.name, f"watch command done: {line}", Level.INFO)
            return
        said = done.output.decode(errors="replace").strip()
        how = "took too long" if done.timed_out else f"exit code {done.code}"
        self._notice(service.name, f"watch command failed ({how}): {line}: {said}", Level.ERROR)


def _some(files: tuple[str, ...]) -> str:
    return files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
