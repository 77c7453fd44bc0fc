"""An HTTP server on $PORT: /NAME asks the address that the variable NAME holds and passes the answer on."""

import http.server
import os
import urllib.request


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers every GET."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Ask, and say what was answered."""
        name = self.path.removeprefix("/")
        body = b"ok"
        if name != "healthz":
            with urllib.request.urlopen(os.environ[name], timeout=30) as reply:  # noqa: S310 -- our own address
                body = reply.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
