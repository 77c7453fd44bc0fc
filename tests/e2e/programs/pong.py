"""A redis that only knows PING, on 127.0.0.1 and the port that it insists on."""

import socketserver
import sys


class Handler(socketserver.StreamRequestHandler):
    """Answers each line."""

    def handle(self) -> None:
        """PONG."""
        for _ in self.rfile:
            self.wfile.write(b"+PONG\r\n")


socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
