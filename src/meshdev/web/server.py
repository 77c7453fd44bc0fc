"""The server behind the door: three files, a websocket for each tab, and when it ends.

It ends with the system (shut down in order, here or elsewhere) or when it is cancelled. Every request passes
`access` first; every answer, refusals too, has the headers of `page`.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import textual_serve
from aiohttp import web

from meshdev.client.aio import follow
from meshdev.client.project import Project
from meshdev.errors import DaemonError
from meshdev.web import page
from meshdev.web.door import Door
from meshdev.web.session import STOPPED
from meshdev.web.tab import Tab

TABS = 16
"""At most so many at once: each is a process."""
_STATIC: Final = ("css/xterm.css", "fonts/RobotoMono-VariableFont_wght.ttf", "js/textual.js")
_OWN: Final = {"page.css": "text/css", "page.js": "text/javascript"}
_CLOSING = 5.0
_LARGEST_MESSAGE = 1 << 20  # a paste

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Serves the dashboard of one project; calls ``ready`` with the system's name as soon as it does."""

    def __init__(self, project: Project, door: Door, ready: Callable[[str], None]) -> None:
        self._project = project
        self._door = door
        self._ready = ready
        self._title = ""
        self._tabs: set[web.WebSocketResponse] = set()
        self._known = asyncio.Event()
        self._stopped = asyncio.Event()
        self._failure: DaemonError | None = None
        self._life = -1

    async def serve(self) -> None:
        """Until the system is down; every tab is ended then, and at a cancellation. Raises DaemonError at once."""
        async with asyncio.TaskGroup() as tasks:
            following = tasks.create_task(self._follow())
            await self._known.wait()
            if self._failure is None:
                async with self._listening():
                    self._ready(self._title)
                    await self._stopped.wait()
            following.cancel()
        if self._failure is not None:
            raise self._failure

    async def _follow(self) -> None:
        try:
            async for mirror in follow(self._project):
                self._title = mirror.system.name
                self._known.set()
        except DaemonError as error:
            self._failure = error
        self._known.set()
        self._stopped.set()

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        """The site, and the pipe whose closing ends every tab's process, even if this one is killed."""
        self._life, ours = os.pipe()
        runner = web.AppRunner(self._app(), access_log=None, handle_signals=False, shutdown_timeout=_CLOSING)
        try:
            await runner.setup()
            await web.SockSite(runner, self._door.listener).start()
            yield
        finally:
            await runner.cleanup()
            os.close(ours)
            os.close(self._life)

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        root = f"/{self._door.access.token}"
        app.add_routes(
            [
                web.get(f"{root}/", self._page),
                *(web.get(f"{root}/{name}", self._asset) for name in _OWN),
                web.get(f"{root}/ws", self._tab),
                *(web.get(f"{root}/static/{name}", self._static) for name in _STATIC),
            ]
        )
        app.on_shutdown.append(self._close_tabs)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        websocket = "websocket" in request.headers.get("Upgrade", "").lower()
        refusal = self._door.access.refusal(
            request.path, host, request.headers.get("Origin"), websocket=websocket
        )
        if refusal:
            # What was sent as Host is not repeated to whoever sent it.
            return web.Response(status=403, text=f"meshdev: {refusal}\n", headers=page.headers("127.0.0.1:0"))
        try:
            response = await handler(request)
        except web.HTTPException as error:
            error.headers.update(page.headers(host))
            raise
        if not response.prepared:
            response.headers.update(page.headers(host))
        return response

    async def _page(self, request: web.Request) -> web.Response:
        websocket = f"ws://{request.headers['Host']}/{self._door.access.token}/ws"
        text = page.page(self._title, websocket, request.query.get("fontsize", ""))
        return web.Response(text=text, content_type="text/html")

    async def _asset(self, request: web.Request) -> web.Response:
        name = request.path.rpartition("/")[2]  # one of _OWN: no other route leads here
        return web.Response(text=page.ASSETS[name], content_type=_OWN[name])

    async def _static(self, request: web.Request) -> web.FileResponse:
        name = request.path.partition("/static/")[2]  # one of _STATIC: no other route leads here
        return web.FileResponse(Path(textual_serve.__file__).parent / "static" / name)

    async def _tab(self, request: web.Request) -> web.StreamResponse:
        if len(self._tabs) >= TABS:
            raise web.HTTPServiceUnavailable(text=f"meshdev: {TABS} tabs are open; close one\n")
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=_LARGEST_MESSAGE)
        self._tabs.add(socket)
        try:
            await socket.prepare(request)
            width, height = (_number(request.query.get(key, "")) for key in ("width", "height"))
            if (
                await Tab(socket, self._project.file, self._life).run_to_end(width or 80, height or 24)
                == STOPPED
            ):
                self._stopped.set()
        finally:
            self._tabs.discard(socket)
        return socket

    async def _close_tabs(self, _app: web.Application) -> None:
        for socket in list(self._tabs):
            await socket.close()


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 5 else 0  # noqa: PLR2004 -- 9999 cells


async def serve(project: Project, door: Door, ready: Callable[[str], None]) -> None:
    """Serve the dashboard behind ``door`` until the system is down; raises DaemonError when no daemon answers."""
    await Server(project, door, ready).serve()
