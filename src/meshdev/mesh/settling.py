"""What meshdev's own processes besides the daemon do first: the loop that they run on, and how they end."""

import asyncio
import contextlib
import ctypes
import resource
import signal
import sys
from collections.abc import Callable
from typing import Final

PR_SET_PDEATHSIG: Final = 1


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Uvloop where it is to be had."""
    try:
        import uvloop  # noqa: PLC0415 - absent on some systems
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def settle_in() -> None:
    """Die with the parent where the system can, leave Ctrl-C to the daemon, and have descriptors enough."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise_open_files()


def raise_open_files() -> None:
    """Have as many descriptors as may be had."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # macOS refuses what its own limit names
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
