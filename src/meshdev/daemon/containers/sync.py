"""Files copied into running containers as they are saved, and into new ones before they start.

What was copied is remembered by service until its image is built anew: a container that is started later (a restart, a
second replica, a reload) gets it, too, or it would be back at the code of its image.
"""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from meshdev.daemon.containers.dockerignore import watches_of
from meshdev.lifecycle.model import Incarnation
from meshdev.runners.container.archives import archive_of, below
from meshdev.runners.container.runner import ContainerRunner
from meshdev.runners.container.starting import Archive
from meshdev.topology.container import Container
from meshdev.topology.model import Service, Watch, WatchAction

if TYPE_CHECKING:
    from meshdev.watch.target import Target

SYNCS = frozenset({WatchAction.SYNC, WatchAction.SYNC_RESTART, WatchAction.SYNC_EXEC})
_WITHIN = 10.0


class Syncer:
    """Copies for all services of a run. Used from the loop's thread only."""

    def __init__(self, runner: ContainerRunner, root: Path) -> None:
        self._runner = runner
        self._root = root
        self._overlays: dict[str, dict[str, Path]] = {}

    def forget(self, service: str) -> None:
        """Its image has the files itself from now on."""
        self._overlays.pop(service, None)

    async def archives(self, service: Service) -> tuple[Archive, ...]:
        """What a container of ``service`` needs before it starts."""
        initial = [watch for watch in watches_of(service) if watch.action in SYNCS and watch.initial_sync]
        overlay = dict(self._overlays.get(service.name, {}))
        if not initial and not overlay:
            return ()
        return (await asyncio.to_thread(_everything, service, initial, overlay),)

    async def sync(
        self,
        service: Service,
        watches: Iterable[Watch],
        files: Iterable[str],
        refs: Iterable[Incarnation],
        *,
        all_: bool,
    ) -> int:
        """Copy the changed ``files`` (of ``watches`` with a target) into ``refs``; with ``all_`` whatever is watched.

        Returns how many there were, those that are deleted among them. Raises EngineError.
        """
        wanted = [watch for watch in watches if watch.action in SYNCS]
        changed, gone = await asyncio.to_thread(self._placed, wanted, list(files), all_)
        overlay = self._overlays.setdefault(service.name, {})
        overlay.update(changed)
        for target in gone:
            overlay.pop(target, None)
        archive = await asyncio.to_thread(archive_of, changed, owner_of(service)) if changed else None
        for ref in refs:
            if archive is not None:
                await self._runner.put(ref, archive)
            if gone:
                await self._runner.execute(ref, ("rm", "-rf", "--", *gone), within=_WITHIN, user="0")
        return len(changed) + len(gone)

    def _placed(
        self,
        watches: list[Watch],
        files: list[str],
        all_: bool,  # noqa: FBT001 -- handed on to a thread
    ) -> tuple[dict[str, Path], list[str]]:
        """The files by their place in the container, and the places of those that have gone."""
        changed: dict[str, Path] = {}
        gone: list[str] = []
        for watch in watches:
            target = _target(watch)
            paths = [self._root / file for file in files]
            paths += below(watch.base, target) if all_ else []
            for path in paths:
                if not path.is_relative_to(watch.base):
                    continue
                place = place_of(watch, path)
                if path.is_file():
                    if target.wants(str(path)):
                        changed[place] = path
                elif target.wanted(str(path)):
                    gone.append(place)
        return changed, gone


def place_of(watch: Watch, path: Path) -> str:
    """Where a file of a watch lies in the container."""
    return f"{watch.target.rstrip('/')}/{path.relative_to(watch.base).as_posix()}"


def owner_of(service: Service) -> tuple[int, int]:
    """Whose the files are to be: the container's user, where that is a number."""
    user = service.run.user if isinstance(service.run, Container) else ""
    uid, _, gid = user.partition(":")
    return (int(uid), int(gid) if gid.isdigit() else 0) if uid.isdigit() else (0, 0)


def _everything(service: Service, initial: list[Watch], overlay: dict[str, Path]) -> Archive:
    found: dict[str, Path] = {}
    for watch in initial:
        found.update({place_of(watch, path): path for path in below(watch.base, _target(watch))})
    found.update({place: path for place, path in overlay.items() if path.is_file()})
    return archive_of(found, owner_of(service))


def _target(watch: Watch) -> "Target":
    from meshdev.watch.ignore import GitIgnore, repository_root  # noqa: PLC0415 -- only for those who sync
    from meshdev.watch.target import make_target  # noqa: PLC0415

    def gitignore_of(folder: Path) -> GitIgnore | None:
        root = repository_root(folder)
        return GitIgnore(root) if root is not None else None

    return make_target("", watch, gitignore_of)
