"""One HTTP request and its answer, sans-IO: bytes out, bytes in, shared by every shell of the client."""

import h11

from meshdev import __version__
from meshdev.errors import DaemonError


class Exchange:
    """Send ``outgoing``, feed what arrives to `receive`, and read ``status`` and ``done``."""

    def __init__(
        self, method: str, path: str, body: bytes = b"", *, accept: str = "application/json"
    ) -> None:
        self._h11 = h11.Connection(h11.CLIENT)
        self._what = f"{method} {path}"
        headers = [
            ("Host", "meshdev"),
            ("User-Agent", f"meshdev/{__version__}"),
            ("Accept", accept),
            ("Connection", "close"),
        ]
        if body or method == "POST":
            headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        parts = [self._h11.send(h11.Request(method=method, target=path, headers=headers))]
        if body:
            parts.append(self._h11.send(h11.Data(data=body)))
        parts.append(self._h11.send(h11.EndOfMessage()))
        self.outgoing = b"".join(part for part in parts if part)
        self.status = 0
        self.done = False

    def receive(self, data: bytes) -> bytes:
        """The answer's body as far as it has come; empty ``data`` means the peer closed. Raises DaemonError."""
        body = []
        try:
            self._h11.receive_data(data)
            while not self.done:
                event = self._h11.next_event()
                if event is h11.NEED_DATA or event is h11.PAUSED:
                    break
                if isinstance(event, h11.Response):
                    self.status = event.status_code
                elif isinstance(event, h11.Data):
                    body.append(bytes(event.data))
                elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
                    self.done = True
        except h11.RemoteProtocolError as error:
            if not data:  # cut off in the middle
                raise DaemonError(f"the daemon went away during {self._what}", hint=LOST_HINT) from error
            message = f"what listens on the daemon's socket does not speak HTTP: {error}"
            raise DaemonError(message, hint="`meshdev down`, then `meshdev up`") from error
        if self.done and not self.status:
            raise DaemonError(f"the daemon went away during {self._what}", hint=LOST_HINT)
        return b"".join(body)


LOST_HINT = "`meshdev status` says whether it runs; its own log is .meshdev/daemon.log"
