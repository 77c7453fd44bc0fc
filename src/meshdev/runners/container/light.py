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

    def ask(self, method: str, path: str, **query: str) -> Any:
        """The JSON of an answer; None when it has none. Raises LightError."""
        from http.client import HTTPException  # noqa: PLC0415 -- see the module

        target = path + (f"?{urlencode(query)}" if query else "")
        try:
            connection = self._connect()
            try:
                connection.request(method, target)
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
        except (OSError, HTTPException) as error:
            raise LightError(f"no engine answers at {self._address}: {error}") from error
        if answer.status >= 400:  # noqa: PLR2004
            raise LightError(content.decode(errors="replace").strip(), answer.status)
        return json.loads(content) if content.strip() and b"json" in _kind(answer) else None

    def labelled(self, kind: str, labels: dict[str, str]) -> list[dict[str, Any]]:
        """All containers, networks or volumes (``kind``) that bear these labels."""
        wanted = json.dumps({"label": [f"{name}={value}" for name, value in labels.items()]})
        extra = {"all": "1"} if kind == "containers" else {}
        path = "/containers/json" if kind == "containers" else f"/{kind}"
        found = self.ask("GET", path, filters=wanted, **extra)
        return list((found.get("Volumes") or []) if kind == "volumes" else found or [])

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
