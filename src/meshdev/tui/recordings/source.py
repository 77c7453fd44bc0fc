"""The part of `tui.backend` that is about recordings: those that are made, those on the disk, one call whole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from meshdev.wire.control import ExchangeView
from meshdev.wire.recording_views import RecordingView, RecordRequest, SaveLastRequest

if TYPE_CHECKING:
    from meshdev.recording.model import Exchange, Recording
    from meshdev.replaying.outcome import Outcome
    from meshdev.storage.recordings import Summary

Progress = Callable[[str, int, int], None]
"""Hears of a replay: the service, how many requests have ended, of how many."""


@dataclass(frozen=True, slots=True)
class Exported:
    """Where an export is, what it is, and what could not be said in it."""

    path: Path
    title: str
    calls: int
    notes: tuple[str, ...] = ()


class RecordingSource(Protocol):
    """Calls raise MeshdevError."""

    async def start_recording(self, request: RecordRequest) -> RecordingView:
        """Record from now on."""
        ...

    async def stop_recording(self, name: str) -> RecordingView:
        """Close one; it is on the disk then."""
        ...

    async def save_last(self, request: SaveLastRequest) -> RecordingView:
        """Save what passed in the last time."""
        ...

    async def recall(self, call: ExchangeView) -> "Exchange | None":
        """A call that has passed, with headers and bodies, without secrets; None when nobody has it any more."""
        ...

    async def recordings(self) -> "Sequence[Summary]":
        """Those on the disk, with those that are being made."""
        ...

    async def open_recording(self, name: str) -> "Recording":
        """All of one."""
        ...

    async def remove_recording(self, name: str) -> None:
        """Remove one for good."""
        ...

    async def export_recording(self, name: str, format_: str) -> Exported:
        """Write one in another format, in the project's folder, over nothing that is there."""
        ...

    async def replay(
        self, name: str, services: Sequence[str], progress: Progress
    ) -> "Sequence[tuple[str, Outcome]]":
        """Send its requests to these live services (none named: to those that were called from outside); by service."""
        ...

    async def swap(self, service: str, target: str) -> None:
        """Have ``target`` (``recording:NAME``, ``process``) play a service."""
        ...
