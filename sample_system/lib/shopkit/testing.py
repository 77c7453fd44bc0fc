"""For the services' own tests: an app that is being served, neighbours that are played, a broker that is real."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from shopkit.calls import Callee

NOWHERE = "nats://127.0.0.1:1"
_READY_SECONDS = 20.0


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """Run an app, background work included, and hand out a client of it."""
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://service") as client,
    ):
        yield client


class Neighbour:
    """Plays another service: answers as told, remembers what it was asked.

    `answers` maps ``"PUT /reservations/{id}"`` (or any path's beginning) to a status and a JSON body. What is not
    there is refused with 404; a service that is `down` refuses the connection.
    """

    def __init__(self, service: str, answers: dict[str, tuple[int, object]] | None = None) -> None:
        self.service = service
        self.answers = answers or {}
        self.down = False
        self.asked: list[httpx.Request] = []

    def callee(self) -> Callee:
        """A way to call it."""
        return Callee(self.service, url=f"http://{self.service}", transport=httpx.MockTransport(self._answer))

    @property
    def heard(self) -> list[tuple[str, Any]]:
        """What it was asked: method and path, and the JSON body if there was one."""
        return [
            (f"{request.method} {request.url.path}", json.loads(request.content) if request.content else None)
            for request in self.asked
        ]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            message = "refused"
            raise httpx.ConnectError(message)
        self.asked.append(request)
        line = f"{request.method} {request.url.path}"
        for start, (status, body) in self.answers.items():
            if line.startswith(start):
                return httpx.Response(status, json=body)
        return httpx.Response(404, json={"error": f"nothing at {line}"})


class Nats:
    """A nats-server with JetStream that can be started, killed, and robbed of its store."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"nats://127.0.0.1:{self._port}"

    def start(self, store: str = "store") -> None:
        """Start, and wait until it answers."""
        server = Path(sys.executable).with_name("nats-server")
        place = str(self._directory / store)
        arguments = ["-js", "-a", "127.0.0.1", "-p", str(self._port), "-sd", place, "-l", f"{place}.log"]
        self._process = subprocess.Popen([str(server), *arguments])
        deadline = time.monotonic() + _READY_SECONDS
        while not self._answers():
            if time.monotonic() > deadline:
                message = "nats-server doesn't answer"
                raise TimeoutError(message)
            time.sleep(0.01)

    def kill(self) -> None:
        """`kill -9`."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1.0) as connection:
                return connection.recv(4) == b"INFO"
        except OSError:
            return False
