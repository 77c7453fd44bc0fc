"""One browser tab: its websocket on one side, its dashboard process (`session`) on the other.

The messages are textual-serve's: from the browser JSON lists such as ``["stdin", "q"]``, to it the terminal's bytes.
Rules: whichever side ends, the other is ended too; a process that does not end by itself in time is killed; what the
browser sends is believed only after a look at its shape.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

LEAST, MOST = 1, 1000
"""Columns and rows that a terminal may have."""
_GRACE = 3.0
_GONE: Final = (ConnectionResetError, RuntimeError)


class Tab(AppService):
    """See the module. ``run_to_end`` is the only entry."""

    def __init__(self, socket: web.WebSocketResponse, file: Path, life: int) -> None:
        super().__init__(
            "",  # a shell's command; ours needs no shell
            write_bytes=self._to_browser,
            write_str=socket.send_str,
            close=self._close,
            download_manager=DownloadManager(),
        )
        self._socket = socket
        self._file = file
        self._life = life

    async def run_to_end(self, width: int, height: int) -> int:
        """Until the user leaves or the tab is closed; the process's exit code."""
        process = await self._open_app_process(clamped(width), clamped(height))
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._to_the_end())
                await self._listen()
                await self._let_go(process)
        finally:
            await _ended(process)
        return process.returncode if process.returncode is not None else -1

    async def on_meta(self, data: bytes) -> None:
        """What the dashboard asks of the browser; it opens nothing but web pages."""
        asked = json.loads(data)
        if asked.get("type") == "open_url" and urlsplit(str(asked.get("url"))).scheme not in {
            "http",
            "https",
        }:
            return
        with suppress(*_GONE):
            await super().on_meta(data)

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "meshdev.web.session", str(self._file), str(self._life)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(width, height),
            pass_fds=(self._life,),
            start_new_session=True,  # a Ctrl-C at the server's terminal is the server's
        )
        self._process, self._stdin = process, process.stdin
        return process

    async def _to_the_end(self) -> None:
        try:
            await self.run()
        finally:
            await self._close()

    async def _listen(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            match decoded(message.data):
                case ["stdin", str(keys)]:
                    await self.send_bytes(keys.encode(errors="replace"))
                case ["resize", {"width": int(width), "height": int(height)}]:
                    await self.set_terminal_size(clamped(width), clamped(height))
                case ["ping", str(at)]:
                    with suppress(*_GONE):
                        await self._socket.send_json(["pong", at])
                case ["focus"]:
                    await self.focus()
                case ["blur"]:
                    await self.blur()
                case _:
                    continue  # a newer page's message, or nonsense: neither is worth a tab

    async def _let_go(self, process: Process) -> None:
        """The tab is gone: have the dashboard end in order, or by force."""
        await self.send_meta({"type": "quit"})
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await process.wait()
                return
        _kill(process)

    async def _to_browser(self, data: bytes) -> None:
        """Bytes for a browser that has gone are dropped, so that the dashboard is never stuck in writing them."""
        if not self._socket.closed:
            with suppress(*_GONE):
                await self._socket.send_bytes(data)

    async def _close(self) -> None:
        await self._socket.close()


def decoded(text: str) -> Any:
    """JSON, or None for what isn't.

    >>> decoded('["stdin", "q"]'), decoded("[")
    (['stdin', 'q'], None)
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def clamped(cells: int) -> int:
    """A size that a terminal may have.

    >>> clamped(-5), clamped(120), clamped(10**9)
    (1, 120, 1000)
    """
    return min(MOST, max(LEAST, cells))


def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()


async def _ended(process: Process) -> None:
    """Reap it, whatever happened."""
    if process.returncode is None:
        _kill(process)
    await process.wait()
