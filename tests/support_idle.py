"""Waiting until the dashboard has nothing to do, without sleeping for it.

Textual's pilot sleeps 20 ms at least, several times with every key, and takes a process that got no CPU for one that is
idle. Here the event loop itself is asked: nothing is ready to run, and no timer ends in a moment. Frames are drawn a
thousand times a second, so that none is waited for. What threads do is not seen: tests wait for that by what it brings.
"""

import asyncio
import os
from typing import TYPE_CHECKING

_FRAMES = "TEXTUAL_FPS"
os.environ[_FRAMES] = "1000"  # read when Textual is imported

import textual.app  # noqa: E402 -- see above
import textual.pilot  # noqa: E402

del os.environ[_FRAMES]  # programs that tests start draw as often as they do for anybody

if TYPE_CHECKING:
    from asyncio.base_events import BaseEventLoop

MOMENT = 0.02
"""Seconds: a timer that takes longer is one of those that tick for ever."""
_ROUNDS = 3


async def wait_for_idle(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """In the place of Textual's, with its parameters."""
    del min_sleep
    loop: BaseEventLoop = asyncio.get_running_loop()  # type: ignore[assignment]
    end = loop.time() + max_sleep
    quiet = 0
    while quiet < _ROUNDS and loop.time() < end:
        await asyncio.sleep(0)
        if loop._ready:  # type: ignore[attr-defined]
            quiet = 0
            continue
        soonest = min(
            (timer.when() for timer in loop._scheduled if not timer.cancelled()),  # type: ignore[attr-defined]
            default=end + 1.0,
        )
        left = soonest - loop.time()
        if left < MOMENT:
            quiet = 0
            await asyncio.sleep(max(0.0, left))
        else:
            quiet += 1


def install() -> None:
    """For all pilots of this process."""
    textual.app.wait_for_idle = wait_for_idle  # type: ignore[attr-defined]
    textual.pilot.wait_for_idle = wait_for_idle  # type: ignore[attr-defined]
