"""A small HTTP server on $PORT: /healthz says ok, anything else says who answers."""

import http.server
import os
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers every GET."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Say who we are."""
        me = f"{os.environ['MESHDEV_INSTANCE']}@{os.environ['MESHDEV_GENERATION']}"
        body = f"{' '.join([me, *sys.argv[1:]])}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """One line a request."""
        print(f"{self.address_string()} {format % args}", flush=True)


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
