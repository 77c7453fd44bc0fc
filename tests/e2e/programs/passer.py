"""An HTTP server on $PORT that asks $BACK_URL for everything, passes traceparent on, and answers the same."""

import http.server
import os
import urllib.error
import urllib.request


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers every GET."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Ask, and pass the answer on; no answer is 502."""
        status, body = (200, b"ok") if self.path == "/healthz" else self._asked()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _asked(self) -> tuple[int, bytes]:
        trace = self.headers.get("traceparent")
        request = urllib.request.Request(  # noqa: S310 -- our own address
            os.environ["BACK_URL"] + self.path, headers={"traceparent": trace} if trace else {}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError as error:
            return 502, str(error).encode()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to say."""


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
