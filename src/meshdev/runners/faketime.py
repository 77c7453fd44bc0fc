"""Where libfaketime is on this machine, by which a program can be shown another time."""

import functools
import sys
from pathlib import Path

_LINUX = ("libfaketimeMT.so.1", "libfaketime.so.1")
_PLACES = (
    "/usr/lib/*-linux-*/faketime",
    "/usr/lib/faketime",
    "/usr/lib64/faketime",
    "/usr/local/lib/faketime",
    "/usr/lib",
)


@functools.cache
def find_library() -> str | None:
    """The library to be put before all others (LD_PRELOAD); None when it is not there, or of no use here."""
    if sys.platform != "linux":  # macOS does not let it into most programs
        return None
    for name in _LINUX:
        for place in _PLACES:
            for found in sorted(Path("/").glob(f"{place[1:]}/{name}")):
                return str(found)
    return None
