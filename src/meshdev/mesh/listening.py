"""An edge's listeners, as the daemon holds them."""

import socket

from meshdev.wire.mesh import EdgeKey, EdgePolicy

Listeners = tuple[socket.socket, ...]


class Listening:
    """An edge that workers serve; without a socket it is reached through a name proxy only."""

    __slots__ = ("at", "fixed", "id", "key", "placed", "policy", "port", "socks")

    def __init__(
        self, number: int, key: EdgeKey, socks: Listeners, fixed: int | None, *, placed: bool = False
    ) -> None:
        self.id = number
        self.key = key
        self.socks = socks
        self.at: tuple[str, int] = socks[0].getsockname()[:2] if socks else ("", 0)
        self.port: int = self.at[1]
        self.fixed = fixed
        self.placed = placed
        self.policy: EdgePolicy | None = None
