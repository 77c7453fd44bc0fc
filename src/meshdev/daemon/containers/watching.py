"""What a saved file does to a container, in the meaning of Compose's ``develop.watch``.

``sync`` copies · ``sync+restart`` copies, then new containers replace the old ones · ``sync+exec`` copies, then runs a
command in each · ``rebuild`` builds the image anew, then replaces · ``restart`` replaces. Replacing is the lifecycle's
reload: rolling, behind the edges. One change after the other.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from meshdev.daemon.containers.builder import Builder
from meshdev.daemon.containers.sync import SYNCS, Syncer
from meshdev.lifecycle.model import Event, Incarnation, Level, ReloadWanted
from meshdev.runners.container.runner import ContainerRunner
from meshdev.runners.container.trouble import EngineError
from meshdev.topology.model import Service, WatchAction

if TYPE_CHECKING:
    from meshdev.watch.quiet import Changed

Notice = Callable[[str, str, Level], None]
EXEC_SECONDS = 60.0
_REPLACING = frozenset({WatchAction.SYNC_RESTART, WatchAction.REBUILD, WatchAction.RESTART})


class ContainerWatching:
    """Acts on changes, in a task of its own."""

    def __init__(
        self,
        *,
        builder: Builder,
        syncer: Syncer,
        runner: ContainerRunner,
        post: Callable[[Event], None],
        notice: Notice,
    ) -> None:
        self._builder = builder
        self._syncer = syncer
        self._runner = runner
        self._post = post
        self._notice = notice
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def changed(self, service: Service, change: "Changed") -> None:
        """Files of ``service`` have changed."""
        task = asyncio.get_running_loop().create_task(self._act(service, change), name=f"sync {service.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what is under way."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _act(self, service: Service, change: "Changed") -> None:
        actions = {watch.action for watch in change.watches}
        async with self._lock:
            if WatchAction.REBUILD in actions:
                self._builder.outdate(service.name)
            elif actions & SYNCS:
                try:
                    await self._sync(service, change)
                except EngineError as error:
                    text = f"{_some(change.files)} cannot be copied into it: {error.message}"
                    self._notice(service.name, text, Level.ERROR)
        if actions & _REPLACING:
            self._post(ReloadWanted(service.name, change.files))

    async def _sync(self, service: Service, change: "Changed") -> None:
        refs = list(self._living(service.name))
        more = change.count > len(change.files)
        count = await self._syncer.sync(service, change.watches, change.files, refs, all_=more)
        if count and refs:
            into = refs[0].id if len(refs) == 1 else f"{len(refs)} containers"
            self._notice(service.name, f"{_some(change.files)} copied into {into}", Level.INFO)
        lines = dict.fromkeys(
            watch.argument for watch in change.watches if watch.action is WatchAction.SYNC_EXEC
        )
        for line in filter(None, lines):
            for ref in refs:
                await self._run(ref, line)

    async def _run(self, ref: Incarnation, line: str) -> None:
        done = await self._runner.execute(ref, ("/bin/sh", "-c", line), within=EXEC_SECONDS)
        if done.code == 0:
            self._notice(ref.service, f"watch command done in {ref.id}: {line}", Level.INFO)
            return
        said = done.output.decode(errors="replace").strip()
        how = "took too long" if done.timed_out else f"exit code {done.code}"
        self._notice(ref.service, f"watch command failed in {ref.id} ({how}): {line}: {said}", Level.ERROR)

    def _living(self, service: str) -> Iterable[Incarnation]:
        for ref, _ in self._runner.everybody():
            if ref.service == service and self._runner.place(ref) is not None:
                yield ref


def _some(files: tuple[str, ...]) -> str:
    return files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
