"""Answers for the Node service where there is no node: healthy, and nothing to recommend."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NOTE = "node is not installed on this machine"


class StandIn(BaseHTTPRequestHandler):
    """Every path gets the same honest answer."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer one request."""
        body = json.dumps({"status": "ok", "skus": [], "note": NOTE}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: there is nothing to tell."""


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), StandIn).serve_forever()
