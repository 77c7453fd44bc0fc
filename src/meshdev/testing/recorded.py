"""Traffic recorded while a block lasts: ``with mesh.record("checkout") as recorded: …``."""

from pathlib import Path
from types import TracebackType
from typing import Self

from meshdev.client import recording_calls
from meshdev.client.control import Control
from meshdev.recording.model import Exchange, Recording
from meshdev.storage.recordings.library import Library
from meshdev.wire.recording_views import RecordingView, RecordRequest


class Recorded:
    """Under way from ``with`` to its end; what it holds is on the disk then."""

    def __init__(self, control: Control, request: RecordRequest) -> None:
        self._control = control
        self._request = request
        self._view: RecordingView | None = None

    def __enter__(self) -> Self:
        """Begin: every call from here on is in it. Raises MeshdevError."""
        self._view = self._control.send(recording_calls.start(self._request))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it: every call from before is in it."""
        self._view = self._control.send(recording_calls.stop(self.name))

    @property
    def name(self) -> str:
        """What it is called; known from the beginning on."""
        return self._view.name if self._view is not None else self._request.name

    @property
    def recording(self) -> Recording:
        """All of it, as far as it is on the disk."""
        if self._view is None:
            raise RuntimeError("nothing is recorded before the block")
        folder = Path(self._view.folder)
        return Library(folder.parent).open(folder.name)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The calls, in the order in which they began."""
        return self.recording.exchanges
