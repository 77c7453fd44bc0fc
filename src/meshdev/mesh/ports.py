"""The daemon's side of the ports: which one an edge gets, and binding it.

Rules: an edge keeps its port over restarts (remembered in ``ports.json``) as long as that port is free · a new edge
gets a port from a range of its own, outside of what kernels give to outgoing connections and to ``bind(0)``, begun at
a place drawn from the edge's name, so that even without the file it mostly gets the same one · ports that the topology
names are never taken for something else · a fixed port that is taken is an error that names the holder · a fixed port
is bound on ``::1``, too, where there is such an address: programs may take ``localhost`` for that one first.
"""

import errno
import os
import socket
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final

import msgspec

from meshdev.errors import ServiceError
from meshdev.wire.mesh import EdgeKey

LOOPBACK: Final = "127.0.0.1"
LOOPBACK_6: Final = "::1"
ANY_LOOPBACK_6: Final = (LOOPBACK_6, "::")
FIRST_PORT: Final = 16700  # below the range that instances get their ports from
PORT_COUNT: Final = 1300
TRIES: Final = 64
BACKLOG: Final = 4096


def bind(
    port: int, host: str = LOOPBACK, device: str = "", source: Callable[[], socket.socket] | None = None
) -> socket.socket:
    """A listening socket, on loopback or for those who come in by the interface ``device`` only. Raises OSError.

    It is one that ``source`` gives, if it does.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM) if source is None else source()
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setblocking(False)  # noqa: FBT003 - the socket module's own signature
        if device:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


class PortBook:
    """Which edge had which port, as kept in ``ports.json`` (an object: edge → port)."""

    def __init__(self, seed: str, reserved: Collection[int]) -> None:
        self._seed = seed
        self.reserved: Collection[int] = reserved
        self._ports: dict[str, int] = {}
        self.dirty = False

    def load(self, file: Path) -> None:
        """Remember what ``file`` says; a file that is missing or damaged is as good as empty."""
        try:
            self._ports = msgspec.json.decode(file.read_bytes(), type=dict[str, int]) | self._ports
        except (OSError, msgspec.DecodeError):
            return

    def encode(self) -> bytes:
        """What `save` shall write; nothing is unsaved after this."""
        self.dirty = False
        return msgspec.json.format(msgspec.json.encode(dict(sorted(self._ports.items()))))

    @staticmethod
    def save(file: Path, content: bytes) -> None:
        """Replace ``file`` as a whole. Raises OSError."""
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_name(f".{file.name}.{os.getpid()}")
        beside.write_bytes(content)
        beside.replace(file)

    def bind(self, edge: EdgeKey) -> socket.socket:
        """A listener on the edge's port of old, else on a new one. Raises OSError when there is none at all."""
        for port in self._wishes(edge):
            try:
                sock = bind(port)
            except OSError as error:
                if error.errno not in {errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL}:
                    raise
                continue
            self._remember(edge, sock.getsockname()[1])
            return sock
        sock = bind(0)
        self._remember(edge, sock.getsockname()[1])
        return sock

    def known(self, edge: EdgeKey) -> int | None:
        """The edge's port of old, unless it belongs to others now."""
        port = self._ports.get(str(edge))
        return None if port in self.reserved else port

    def forget(self, edge: EdgeKey) -> None:
        """The edge will not come again: its port is free for others."""
        if self._ports.pop(str(edge), None) is not None:
            self.dirty = True

    def _wishes(self, edge: EdgeKey) -> Iterator[int]:
        name = str(edge)
        known = self.known(edge)
        if known is not None:
            yield known
        taken = {port for other, port in self._ports.items() if other != name}
        start = zlib.crc32(f"{self._seed}\0{name}".encode())
        for step in range(TRIES):
            port = FIRST_PORT + (start + step) % PORT_COUNT
            if port not in taken and port not in self.reserved:
                yield port

    def _remember(self, edge: EdgeKey, port: int) -> None:
        name = str(edge)
        if self._ports.get(name) != port:
            self._ports[name] = port
            self.dirty = True


def bind_fixed(edge: EdgeKey, port: int, holder: Callable[[int], str] | None = None) -> socket.socket:
    """A listener on exactly ``port``. Raises ServiceError, which names the holder if it can be found."""
    try:
        return bind(port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            who = (holder or name_holder)(port)
            message = f"port {port} for {edge} is taken" + (f" by {who}" if who else "")
            hint = "Stop that program, or publish another port in the topology."
        else:
            message = f"port {port} for {edge} cannot be bound: {error.strerror}"
            hint = "Ports below 1024 need privileges; choose a higher one." if port < 1024 else ""  # noqa: PLR2004
        raise ServiceError(message, hint=hint) from error


def bind_beside(port: int, host: str = LOOPBACK_6) -> socket.socket | None:
    """A listener on the same port of ``host``; None where there is no such address. Raises OSError if it is taken."""
    try:
        return bind(port, host)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise
        return None


def name_holder(port: int, hosts: Collection[str] = ()) -> str:
    """Who listens on ``port`` (of ``hosts``), as ``name (pid 123)``; empty when the system does not tell."""
    import psutil  # noqa: PLC0415 - only needed to explain a failure

    try:
        for connection in psutil.net_connections("tcp"):
            at = connection.laddr
            if hosts and (not at or at.ip not in hosts):
                continue
            if connection.status == psutil.CONN_LISTEN and at and at.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except (psutil.Error, OSError):
        return ""
    return ""
