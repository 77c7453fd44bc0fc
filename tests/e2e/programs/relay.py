"""An HTTP server on $PORT that asks $BACK_URL, if it has one, before it answers; without an answer it says 502."""

import http.server
import os
import urllib.error
import urllib.request

PATIENCE = 5


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers every GET; /healthz asks nobody."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Ask, and answer."""
        back = os.environ.get("BACK_URL")
        status = self.asked(back) if back and self.path != "/healthz" else 200
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def asked(self, back: str) -> int:
        """200, or 502 when the one behind fails."""
        request = urllib.request.Request(f"{back}{self.path}")  # noqa: S310 -- an edge of the mesh
        trace = self.headers.get("traceparent")
        if trace:
            request.add_header("traceparent", trace)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE):  # noqa: S310 -- likewise
                return 200
        except (urllib.error.URLError, OSError):
            return 502

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
