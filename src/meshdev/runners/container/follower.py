"""One container's log, from its first line to its last, into the sinks; over broken connections and engine restarts.

A followed log may end before the engine has written the last words, so once the container has ended it is asked again.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from urllib.parse import urlencode

from meshdev.runners.container.frames import STDERR, Frames
from meshdev.runners.container.stamps import Stamps
from meshdev.runners.container.stream import stream
from meshdev.runners.container.trouble import EngineError
from meshdev.runners.output import OutputSink

log = logging.getLogger(__name__)

_STAMP = re.compile(r"(?P<second>[^.Z+]{19})(?:\.(?P<fraction>\d{1,9}))?(?P<zone>Z|[+-]\d\d:\d\d)$")
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0


class LogFollower:
    """Follows until `end` has been called and the engine says that there is no more."""

    def __init__(self, address: str, container: str, sinks: dict[str, OutputSink], *, tty: bool) -> None:
        self._address = address
        self._container = container
        self._sinks = sinks
        self._tty = tty
        self._stamps = Stamps()
        self._over = asyncio.Event()
        self.trouble: Callable[[str], None] = lambda _: None

    def end(self) -> None:
        """The container has ended: what it said is all that there will be."""
        self._over.set()

    async def run(self) -> None:
        """Follow; closes the sinks."""
        pause = _FIRST_PAUSE
        last = False
        try:
            while not last:
                try:
                    last = self._over.is_set()
                    await self._once(follow=not last)
                    pause = _FIRST_PAUSE
                except EngineError as error:
                    if not error.away:
                        self._complain(error)
                        return
                    last = False
                if not last and not self._over.is_set():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._over.wait(), pause)
                elif not last and pause > _FIRST_PAUSE:
                    await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        finally:
            for sink in self._sinks.values():
                sink.end()

    def _complain(self, error: EngineError) -> None:
        log.warning("the log of %s cannot be followed: %s", self._container[:12], error.message)
        self.trouble(f"its log cannot be followed: {error.message}")

    async def _once(self, *, follow: bool) -> None:
        self._stamps.again()
        query = {"follow": str(int(follow)), "stdout": "1", "stderr": "1", "timestamps": "1"}
        if self._stamps.last:
            query["since"] = since(self._stamps.last.decode())
        target = f"/containers/{self._container}/logs?{urlencode(query)}"
        await stream(self._address, target, self._lines() if self._tty else self._frames())

    def _frames(self) -> Callable[[bytes], None]:
        frames = Frames()

        def take(data: bytes) -> None:
            out: list[bytes] = []
            err: list[bytes] = []
            for number, record in frames.feed(data):
                text = self._stamps.fresh(record)
                if text is not None:
                    (err if number == STDERR else out).append(text)
            self._write("stdout", out)
            self._write("stderr", err)

        return take

    def _lines(self) -> Callable[[bytes], None]:
        rest = b""

        def take(data: bytes) -> None:
            nonlocal rest
            *lines, rest = (rest + data).split(b"\n")
            fresh = [self._stamps.fresh(line) for line in lines]
            self._write("stdout", [line + b"\n" for line in fresh if line is not None])

        return take

    def _write(self, name: str, texts: list[bytes]) -> None:
        if texts:
            self._sinks[name].write(b"".join(texts))


def since(stamp: str) -> str:
    """A stamp as the engine wants it asked for: seconds since the epoch with nanoseconds."""
    match = _STAMP.match(stamp)
    if match is None:
        return "0"
    moment = datetime.fromisoformat(match["second"] + match["zone"].replace("Z", "+00:00"))
    return f"{int(moment.timestamp())}.{(match['fraction'] or '').ljust(9, '0')}"
