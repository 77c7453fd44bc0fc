"""The part of the dashboard's scripted system that is about recordings: a library in memory, replays as a test says."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from meshdev.errors import StorageError
from meshdev.recording.model import Exchange, Recording
from meshdev.replaying.outcome import Outcome
from meshdev.storage.recordings import Summary
from meshdev.tui.recordings.source import Exported, Progress
from meshdev.wire.control import ExchangeView
from meshdev.wire.recording_views import RecordingView, RecordRequest, SaveLastRequest

if TYPE_CHECKING:
    from meshdev.errors import MeshdevError

FOLDER = "/home/ada/shop/.meshdev/recordings"


class ScriptedRecordings:
    """Plays `tui.recordings.source.RecordingSource`: ``library`` is on the disk, ``wholes`` are what the mesh has."""

    refusal: "MeshdevError | None"

    def __init__(self) -> None:
        self.library: dict[str, Recording] = {}
        self.wholes: dict[str, Exchange] = {}
        self.outcomes: asyncio.Queue[Sequence[tuple[str, Outcome]]] = asyncio.Queue()

    def _called(self, *call: object) -> None:
        raise NotImplementedError

    async def start_recording(self, request: RecordRequest) -> RecordingView:
        """Remember it; it is under way as soon as the script shows it."""
        self._called("start_recording", request)
        name = request.name or "20251122-082640"
        return RecordingView(name=name, folder=f"{FOLDER}/{name}", since=0.0, edges=request.edges)

    async def stop_recording(self, name: str) -> RecordingView:
        """Remember it."""
        self._called("stop_recording", name)
        return RecordingView(
            name=name, folder=f"{FOLDER}/{name}", since=0.0, exchanges=42, bytes=17_000, ended=1.0
        )

    async def save_last(self, request: SaveLastRequest) -> RecordingView:
        """Remember it."""
        self._called("save_last", request.seconds)
        name = "20251122-082640"
        return RecordingView(
            name=name, folder=f"{FOLDER}/{name}", since=0.0, exchanges=311, bytes=99_000, ended=1.0
        )

    async def recall(self, call: ExchangeView) -> Exchange | None:
        """One of ``wholes``."""
        self._called("recall", call.span)
        return self.wholes.get(call.span)

    async def recordings(self) -> Sequence[Summary]:
        """What the library has."""
        return [
            Summary(one.meta, len(one.exchanges) if one.meta.ended else None, 400 * len(one.exchanges))
            for one in self.library.values()
        ]

    async def open_recording(self, name: str) -> Recording:
        """One of the library."""
        if name not in self.library:
            raise StorageError(f"there is no recording called {name}")
        return self.library[name]

    async def remove_recording(self, name: str) -> None:
        """Out of the library."""
        self._called("remove_recording", name)
        del self.library[name]

    async def export_recording(self, name: str, format_: str) -> Exported:
        """Remember it."""
        self._called("export_recording", name, format_)
        path = Path("/home/ada/shop") / f"{name}.{format_}"
        return Exported(path, format_.upper(), len(self.library[name].exchanges), ("2 calls were left out",))

    async def replay(
        self, name: str, services: Sequence[str], progress: Progress
    ) -> Sequence[tuple[str, Outcome]]:
        """Half of it, then goes on until there is one of ``outcomes``."""
        self._called("replay", name, *services)
        progress((*services, "storefront")[0], 6, 12)
        return await self.outcomes.get()

    async def swap(self, service: str, target: str) -> None:
        """Remember it."""
        self._called("swap", service, target)
