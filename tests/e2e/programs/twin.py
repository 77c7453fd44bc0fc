"""An unmodified program: it binds 0.0.0.0:8080, and asks ``http://OTHER:8080`` (OTHER is its only argument).

GET /ask says what the other one answered to /answer; /plain asks on port 80, /stranger whom it never named, /outside a
machine out of the system, by a proxy if there is one.
"""

import http.server
import os
import sys
import urllib.request

OTHER = sys.argv[1]
ASKS = {
    "/ask": f"http://{OTHER}:8080/answer",
    "/plain": f"http://{OTHER}/answer",
    "/stranger": "http://stranger:8080/answer",
    "/nobody": "http://nobody.invalid:8080/answer",
    "/outside": os.environ.get("OUTSIDE", ""),
}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers every GET."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Ask, or say who answers."""
        status, body = 200, os.environ["MESHDEV_INSTANCE"].encode()
        if self.path in ASKS:
            try:
                with urllib.request.urlopen(ASKS[self.path], timeout=30) as reply:  # noqa: S310 -- our own address
                    body += b" asked " + reply.read()
            except OSError as error:
                status, body = 502, repr(error).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
