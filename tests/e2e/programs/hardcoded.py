"""An unmodified program: it asks ``http://catalogue:8080`` and ``redis:6379``, wherever it is.

GET /catalogue and /redis say what was answered; /who and /uid say who this is, /stranger asks a service it never named.
"""

import http.server
import os
import socket
import urllib.request
from collections.abc import Callable


def ask_redis() -> bytes:
    """PING."""
    with socket.create_connection(("redis", 6379), timeout=10) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(100)


def fetch(url: str) -> bytes:
    """The answer's body."""
    with urllib.request.urlopen(url, timeout=30) as reply:  # noqa: S310 -- our own address
        body: bytes = reply.read()
        return body


ANSWERS: dict[str, Callable[[], bytes]] = {
    "/healthz": lambda: b"ok",
    "/catalogue": lambda: fetch("http://catalogue:8080/x"),
    "/plain": lambda: fetch("http://catalogue/x"),
    "/stranger": lambda: fetch("http://stranger:8080/y"),
    "/nobody": lambda: fetch("http://nobody.invalid:8080/y"),
    "/redis": ask_redis,
    "/uid": lambda: str(os.getuid()).encode(),
    "/who": os.environ["MESHDEV_INSTANCE"].encode,
}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers every GET."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Ask, and say what was answered."""
        try:
            status, body = 200, ANSWERS[self.path]()
        except OSError as error:
            status, body = 502, repr(error).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
