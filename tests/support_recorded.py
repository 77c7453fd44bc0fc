"""Recordings for the dashboard's tests: those that are being made, those on the disk, and what is in them."""

import msgspec

from meshdev.wire.recording_views import RecordingView
from support_dashboard import NOW


def recorded(name: str, /, **changes: object) -> RecordingView:
    """A recording that is being made."""
    view = RecordingView(name=name, folder=f"/home/ada/shop/.meshdev/recordings/{name}", since=NOW - 75)
    return msgspec.structs.replace(view, **changes)
