"""The control API's shapes for recordings; part of `wire.control`, and by its rules.

| call | answer |
|---|---|
| GET /v1/recordings | `RecordingsView`: where they are kept, and those that are being made |
| POST /v1/recordings/start | `RecordRequest` → `RecordingView`: every call from here on is in it |
| POST /v1/recordings/{name}/stop | `RecordingView`: closed, and on the disk |
| POST /v1/recordings/save-last | `SaveLastRequest` → `RecordingView`: what the mesh still has of the last time |
| GET /v1/traffic/{span}?at=SECONDS | `RecalledView`: one call with headers and bodies, while the mesh still has it |

What is on the disk already is read there (`storage.recordings`), not asked for.
"""

from typing import Any

from msgspec import Struct


class RecordingView(Struct, frozen=True, kw_only=True):
    """A recording that is being made, or has just been.

    ``exchanges`` and ``bytes`` are those that are safe on the disk; ``lost`` could not be kept. ``edges`` and ``match``
    are what was asked for. ``ended`` is None while it goes on; ``trouble`` says why it ended before its time.
    ``notes`` are sentences for a person, about what it has to do without.
    """

    name: str
    folder: str
    since: float
    edges: list[str] = []
    match: dict[str, Any] = {}
    exchanges: int = 0
    bytes: int = 0
    lost: int = 0
    redacted: bool = True
    ended: float | None = None
    trouble: str = ""
    notes: list[str] = []


class RecordingsView(Struct, frozen=True, kw_only=True):
    """``folder`` is where recordings are kept."""

    folder: str
    active: list[RecordingView] = []


class RecordRequest(Struct, frozen=True, kw_only=True):
    """What to record: ``edges`` as in ``orders -> payments`` (``*`` stands for any), ``services`` for all of theirs.

    Nothing given means everything. ``match`` is what stands in a fault's ``match`` (method, path, header). Without a
    ``name`` it is called by the time.
    """

    name: str = ""
    edges: list[str] = []
    services: list[str] = []
    match: dict[str, Any] = {}
    redact: bool = True


class SaveLastRequest(RecordRequest, frozen=True, kw_only=True):
    """The same of what has passed already: of the last ``seconds``."""

    seconds: float = 300.0


class RecalledView(Struct, frozen=True, kw_only=True):
    """``exchange`` is a call as `recording.plain` tells it, without its secrets; None when nobody has it any more.

    At most the first 64 KiB of each body are there.
    """

    exchange: dict[str, Any] | None = None
