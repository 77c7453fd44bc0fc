"""A few calls to the engine without the docker package: for the guardian, `doctor`, and whoever clears up.

Blocking. Imports what it needs when it is called, because the guardian keeps everything that it imports.
"""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from meshdev.runners.container.address import host_port, socket_path

if TYPE_CHECKING:
    from http.client import HTTPConnection


class LightError(Exception):
    """The engine does not answer, or says no."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class LightEngine:
    """One connection after the other; ``timeout`` in seconds."""

    def __init__(self, address: str, timeout: float = 10.0) -> None:
        self._address = address
        self._timeout = timeout

    def ask(self, method: str, path: str, *, body: object = None, **query: str) -> Any:
        """The JSON of an answer; None when it has none. ``body`` goes as JSON. Raises LightError."""
        from http.client import HTTPException  # noqa: PLC0415 -- see the module

        target = path + (f"?{urlencode(query)}" if query else "")
        try:
            connection = self._connect()
            try:
                content = None if body is None else json.dumps(body).encode()
                connection.request(method, target, content, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                said = answer.read()
            finally:
                connection.close()
        except (OSError, HTTPException) as error:
            raise LightError(f"no engine answers at {self._address}: {error}") from error
        if answer.status >= 400:  # noqa: PLR2004
            raise LightError(said.decode(errors="replace").strip(), answer.status)
        return json.loads(said) if said.strip() and b"json" in _kind(answer) else None

    def labelled(self, kind: str, labels: dict[str, str]) -> list[dict[str, Any]]:
        """All containers, networks or volumes (``kind``) that bear these labels."""
        wanted = json.dumps({"label": [f"{name}={value}" for name, value in labels.items()]})
        extra = {"all": "1"} if kind == "containers" else {}
        path = "/containers/json" if kind == "containers" else f"/{kind}"
        found = self.ask("GET", path, filters=wanted, **extra)
        return list((found.get("Volumes") or []) if kind == "volumes" else found or [])

    def hijack(self, path: str, body: bytes) -> socket.socket:
        """A connection that has become the streams of what was started, past the answer's head. Raises LightError."""
        try:
            connection = self._connect()
            if connection.sock is None:
                connection.connect()
            line: socket.socket = connection.sock
            head = f"POST {path} HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            line.sendall(head.encode() + body)
            answer = b""
            while not answer.endswith(b"\r\n\r\n"):
                byte = line.recv(1)
                if not byte:
                    break
                answer += byte
        except OSError as error:
            raise LightError(f"no engine answers at {self._address}: {error}") from error
        status = answer.split(b" ", 2)[1:2]
        if status not in ([b"101"], [b"200"]):
            raise LightError(f"the engine does not start it: {answer.partition(bytes((13, 10)))[0].decode()}")
        return line

    def _connect(self) -> HTTPConnection:
        from http.client import HTTPConnection  # noqa: PLC0415 -- see the module

        path = socket_path(self._address)
        if path is None:
            place = host_port(self._address)
            if place is None:
                raise OSError(f"{self._address} is neither unix:// nor tcp://")
            return HTTPConnection(*place, timeout=self._timeout)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(self._timeout)
        try:
            sock.connect(path)
        except OSError:
            sock.close()
            raise
        connection = HTTPConnection("localhost", timeout=self._timeout)
        connection.sock = sock
        return connection


def name_of(identity: str) -> str:
    """An id or name as a part of a path."""
    return quote(identity, safe="")


def _kind(answer: Any) -> bytes:
    return str(answer.headers.get("content-type", "")).encode()
