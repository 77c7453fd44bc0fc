"""The calls of ``wire.recording_views`` as values, as in `calls`."""

from urllib.parse import quote

import msgspec

from meshdev.client.calls import SLOW, Call
from meshdev.wire.recording_views import (
    RecalledView,
    RecordingsView,
    RecordingView,
    RecordRequest,
    SaveLastRequest,
)


def recordings() -> Call[RecordingsView]:
    """Where recordings are kept, and those that are being made."""
    return Call("GET", "/v1/recordings", RecordingsView)


def start(request: RecordRequest) -> Call[RecordingView]:
    """Record; every call from the answer on is in it."""
    return Call("POST", "/v1/recordings/start", RecordingView, msgspec.json.encode(request))


def stop(name: str) -> Call[RecordingView]:
    """Close one; everything from before is on the disk when the answer comes."""
    return Call("POST", f"/v1/recordings/{quote(name, safe='')}/stop", RecordingView, timeout=SLOW)


def save_last(request: SaveLastRequest) -> Call[RecordingView]:
    """Save what the mesh still has of the last time."""
    return Call("POST", "/v1/recordings/save-last", RecordingView, msgspec.json.encode(request), timeout=SLOW)


def recall(span: str, at: float) -> Call[RecalledView]:
    """One call with headers and bodies, while the mesh still has it; ``at`` is when it began, epoch seconds."""
    return Call("GET", f"/v1/traffic/{quote(span, safe='')}?at={at:.3f}", RecalledView)
