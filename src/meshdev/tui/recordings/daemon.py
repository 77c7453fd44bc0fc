"""The real source of recordings: the daemon's calls, the library on the disk, replays in this process."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from meshdev.client import calls, recording_calls
from meshdev.client.aio import AsyncControl
from meshdev.client.project import Project
from meshdev.errors import MeshdevError, UsageError
from meshdev.tui.recordings.source import Exported, Progress
from meshdev.wire.control import ExchangeView
from meshdev.wire.recording_views import RecordingView, RecordRequest, SaveLastRequest
from meshdev.wire.swap import SwapRequest

if TYPE_CHECKING:
    from meshdev.recording.model import Exchange, Recording
    from meshdev.replaying.outcome import Outcome
    from meshdev.storage.recordings import Library, Summary

# ruff: noqa: PLC0415 -- what only a few keys need is read when one of them is pressed

_SEARCHED = 5
_MOST_SEARCHED = 32 * 1024 * 1024


class DaemonRecordings:
    """Implements `source.RecordingSource` for `daemon_backend`."""

    _project: Project
    _control: AsyncControl

    async def start_recording(self, request: RecordRequest) -> RecordingView:
        """Record from now on."""
        return await self._control.send(recording_calls.start(request))

    async def stop_recording(self, name: str) -> RecordingView:
        """Close one."""
        return await self._control.send(recording_calls.stop(name))

    async def save_last(self, request: SaveLastRequest) -> RecordingView:
        """Save what passed in the last time."""
        return await self._control.send(recording_calls.save_last(request))

    async def recall(self, call: ExchangeView) -> "Exchange | None":
        """Out of the mesh's rings; of what they have lost, out of the newest recordings."""
        from meshdev.recording.plain import exchange_of

        told = (await self._control.send(recording_calls.recall(call.span, call.at))).exchange
        if told is not None:
            return exchange_of(told)
        return await asyncio.to_thread(_searched, await self._library(), call)

    async def recordings(self) -> "Sequence[Summary]":
        """Those on the disk."""
        return await asyncio.to_thread(_summaries, await self._library())

    async def open_recording(self, name: str) -> "Recording":
        """All of one."""
        return await asyncio.to_thread((await self._library()).open, name)

    async def remove_recording(self, name: str) -> None:
        """Remove one for good."""
        await asyncio.to_thread((await self._library()).remove, name)

    async def export_recording(self, name: str, format_: str) -> Exported:
        """Into the project's folder, over nothing that is there."""
        recording = await self.open_recording(name)
        if not recording.exchanges:
            raise UsageError(f"nothing is recorded in {name}", hint="; ".join(recording.notes))
        return await asyncio.to_thread(_exported, recording, format_, self._project.root)

    async def replay(
        self, name: str, services: Sequence[str], progress: Progress
    ) -> "Sequence[tuple[str, Outcome]]":
        """One service after the other."""
        from meshdev.recording.redaction import Redactor
        from meshdev.replaying.chosen import entry_services
        from meshdev.replaying.prepared import address, prepared
        from meshdev.replaying.sender import Sender
        from meshdev.storage.recordings.key import redaction_key

        recording = await self.open_recording(name)
        if not recording.exchanges:
            raise UsageError(f"nothing is recorded in {name}", hint="; ".join(recording.notes))
        views = await self._control.send(calls.services())
        redactor = Redactor(key=await asyncio.to_thread(redaction_key, self._project.paths.redaction_key))
        outcomes = []
        for service in services or entry_services(recording):

            def told(done: int, of: int, service: str = service) -> None:
                progress(service, done, of)

            session = await asyncio.to_thread(prepared, recording, service, redactor.text, told)
            outcomes.append((service, await session.run(Sender(address(views, service)))))
        return outcomes

    async def swap(self, service: str, target: str) -> None:
        """Have somebody else play a service."""
        await self._control.send(calls.swap(service, SwapRequest(target=target)))

    async def _library(self) -> "Library":
        from meshdev.storage.recordings import Library

        return Library(Path((await self._control.send(recording_calls.recordings())).folder))


def _summaries(library: "Library") -> "list[Summary]":
    """Those that can be read: one that cannot hides no other."""
    found = []
    for name in library.names():
        with suppress(MeshdevError, OSError):
            found.append(library.summary(name))
    return found


def _searched(library: "Library", call: ExchangeView) -> "Exchange | None":
    """The call in one of the newest recordings that can have it."""
    newest = sorted(_summaries(library), key=lambda one: one.meta.created, reverse=True)
    may = [one for one in newest if one.meta.ended is None or one.meta.ended >= call.at]
    for summary in [one for one in may if one.bytes <= _MOST_SEARCHED][:_SEARCHED]:
        for exchange in library.open(summary.meta.name).exchanges:
            if exchange.span == call.span:
                return exchange
    return None


def _exported(recording: "Recording", format_: str, folder: Path) -> Exported:
    from meshdev.recording.formats import FORMATS, Options, written
    from meshdev.recording.formats.learnt import learnt
    from meshdev.storage.recordings.exported import file_name, write_export

    known = FORMATS[format_]
    made = written(recording, format_, Options(volatile=learnt(recording)))
    wanted = folder / file_name(recording.meta.name, known)
    target, number = wanted, 1
    while target.exists():
        number += 1
        target = wanted.with_name(f"{wanted.stem}_{number}{wanted.suffix}")
    write_export(made.files, target, folder=known.suffix == "/")
    return Exported(target, known.title, len(recording.exchanges), tuple(made.notes))
