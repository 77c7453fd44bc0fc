"""Loopback ports for instances: free, outside the kernel's ephemeral range, and held until the instance binds.

A held port is a bound socket that doesn't listen. On Linux a program that sets SO_REUSEADDR (nearly every server does)
binds and listens over it; for the others `HeldPort.loosen` lets the socket go right before the start. Two daemons
never hand out the same port: each locks the byte with the port's number in one file per user. The kernel drops such
locks when their process ends, so nothing is ever stale. A port is handed out again as late as possible.
"""

import contextlib
import errno
import fcntl
import os
import socket
import sys
from pathlib import Path

from meshdev.errors import DaemonError, ServiceError

LOOPBACK = "127.0.0.1"
_RANGE = (20_000, 32_768)
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_HOLDS = (
    sys.platform == "linux"
)  # elsewhere a bound socket keeps everybody out: the lock alone holds the port


class HeldPort:
    """One port that nobody else gets until `release`."""

    __slots__ = ("_pool", "_socket", "port")

    def __init__(self, pool: "PortPool", port: int, held: socket.socket | None) -> None:
        self._pool = pool
        self._socket = held
        self.port = port

    def __repr__(self) -> str:
        return f"HeldPort({self.port})"

    def loosen(self) -> None:
        """Let a program bind that doesn't set SO_REUSEADDR; other daemons still keep away."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def release(self) -> None:
        """The port is free again. Twice is once."""
        self.loosen()
        self._pool.forget(self)


class PortPool:
    """Hands out ports. One per process: a record lock does not protect a process from itself."""

    def __init__(self, registry: Path | None = None, *, first: int = 0) -> None:
        self._fd = _open_registry(registry or _default_registry())
        self._held: dict[int, HeldPort] = {}
        low, high = _port_range()
        self._low, self._size = low, high - low
        self._next = (first or os.getpid() * 61) % self._size  # daemons begin at different places

    def hold(self, preferred: int | None = None) -> HeldPort:
        """A free port, ``preferred`` if it is free. Raises ServiceError when there is none."""
        if preferred is not None and (held := self._try(preferred)) is not None:
            return held
        for _ in range(self._size):
            port = self._low + self._next
            self._next = (self._next + 1) % self._size
            if (held := self._try(port)) is not None:
                return held
        message = f"no free port between {self._low} and {self._low + self._size - 1}"
        raise ServiceError(message, hint="stop what holds so many ports")

    def hold_fixed(self, port: int) -> HeldPort:
        """Exactly ``port``. Raises ServiceError that says who has it."""
        held = self._try(port)
        if held is not None:
            return held
        if port in self._held:
            raise ServiceError(
                f"port {port} is taken by another instance of this system",
                hint="let the program listen on $PORT, or give it another number",
            )
        owner = holder_of(port) or self._registered(port)
        if not owner and port < 1024 and os.geteuid() != 0:  # noqa: PLR2004 -- the privileged ports
            raise ServiceError(f"port {port} needs root", hint="choose a port of 1024 or more")
        raise ServiceError(
            f"port {port} is taken by {owner or 'another program'}",
            hint=f"stop it, or choose another port than {port}",
        )

    def forget(self, held: HeldPort) -> None:
        """Called by `HeldPort.release`."""
        if self._held.get(held.port) is held:
            del self._held[held.port]
            fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, held.port)

    def close(self) -> None:
        """Release everything."""
        for held in tuple(self._held.values()):
            held.release()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _try(self, port: int) -> HeldPort | None:
        if port in self._held or not self._lock(port):
            return None
        bound = _bind(port)
        if bound is None:
            fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, port)
            return None
        if not _HOLDS:
            bound.close()
        held = HeldPort(self, port, bound if _HOLDS else None)
        self._held[port] = held
        return held

    def _lock(self, port: int) -> bool:
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EAGAIN}:
                return False
            raise
        return True

    def _registered(self, port: int) -> str:
        if self._lock(port):
            fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, port)
            return ""
        return "another meshdev system of yours"


def holder_of(port: int) -> str:
    """Who listens on ``port``: ``pid 123 (node)``; empty when that cannot be told."""
    import psutil  # noqa: PLC0415 -- only to explain a failure

    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.status != psutil.CONN_LISTEN or not connection.laddr or not connection.pid:
                continue
            if connection.laddr.port == port:
                return f"pid {connection.pid} ({psutil.Process(connection.pid).name()})"
    return ""


def _bind(port: int) -> socket.socket | None:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((LOOPBACK, port))
    except OSError:
        found.close()
        return None
    return found


def _port_range() -> tuple[int, int]:
    """Ports outside the range from which the kernel takes those of outgoing connections."""
    low, high = _RANGE
    with contextlib.suppress(OSError, ValueError):
        ephemeral_low, ephemeral_high = map(int, _EPHEMERAL.read_text().split())
        if ephemeral_low > low:
            high = min(high, ephemeral_low)
        elif ephemeral_high < high:
            low = ephemeral_high + 1
    return low, high


def _default_registry() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    base = Path(runtime) / "meshdev" if runtime else Path(f"/tmp/meshdev-{os.getuid()}")  # noqa: S108 -- 0700, checked
    return base / "ports.lock"


def _open_registry(path: Path) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.parent.stat().st_uid != os.geteuid():
        raise DaemonError(f"{path.parent} belongs to another user", hint="remove it, or set XDG_RUNTIME_DIR")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
