"""One worker at a time: an advisory lock on a file, given back by the kernel even after `kill -9`.

While a rolling reload runs, two incarnations of a service live side by side. Both may answer requests; only the
holder of the lease drives sagas and publishes events, so the order of events stays the order of the store.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_RETRY_SECONDS = 0.1


@asynccontextmanager
async def held(path: Path) -> AsyncIterator[None]:
    """Wait until the lease is free, hold it for the block."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                break
        yield
    finally:
        os.close(descriptor)
