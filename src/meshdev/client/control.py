"""The synchronous client of the control API: a call goes in, its typed answer comes out.

A connection per call: on a Unix socket that costs less than finding out whether a kept one is still good.
"""

import contextlib
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from meshdev import __version__
from meshdev.client import calls
from meshdev.client.calls import AnswerError, Call
from meshdev.client.project import Project, absence, knock
from meshdev.errors import DaemonError, MeshdevError
from meshdev.wire.control import API_VERSION, VersionView

if TYPE_CHECKING:
    from meshdev.client.exchange import Exchange

T = TypeVar("T")

_CHUNK = 65536


class Control:
    """Talks to the daemon of ``project``; raises the MeshdevError that the daemon reports, or a DaemonError."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def __repr__(self) -> str:
        return f"Control({str(self.project.root)!r})"

    def send(self, call: Call[T], *, timeout: float | None = None) -> T:
        """The answer to ``call``; ``timeout`` seconds instead of the call's own."""
        within = call.timeout if timeout is None else timeout
        from meshdev.client.exchange import Exchange  # noqa: PLC0415 -- a start waits for nothing that it can do without

        exchange = Exchange(call.method, call.path, call.body)
        try:
            payload = _run(exchange, self.project.socket(), within)
        except OSError as error:
            raise trouble(self.project, error, within) from None
        try:
            return call.decode(exchange.status, payload)
        except AnswerError as error:
            raise self._explained(error) from None

    def check_version(self) -> VersionView:
        """Who answers; raises DaemonError when it speaks another version of the API."""
        view = self.send(calls.version())
        mismatch = _mismatch(view)
        if mismatch is not None:
            raise mismatch
        return view

    def _explained(self, error: AnswerError) -> DaemonError:
        """The difference of versions, when that is what is behind an answer of another shape."""
        if error.path == calls.version().path:
            return error
        try:
            return _mismatch(self.send(calls.version())) or error
        except MeshdevError:
            return error

    def lease(self) -> "Lease":
        """Tie the system to this process: it stops when the process dies without `calls.release_lease`."""
        return Lease(self.project)


class Lease:
    """``GET /v1/lease``, held open. Close it only after a release; the kernel closes it when this process dies."""

    def __init__(self, project: Project) -> None:
        from meshdev.client.exchange import Exchange  # noqa: PLC0415

        exchange = Exchange("GET", "/v1/lease")
        try:
            self._connection = knock(project.socket(), timeout=calls.QUICK)
        except OSError as error:
            raise trouble(project, error, calls.QUICK) from None
        try:
            self._take(exchange)
        except BaseException as error:
            self._connection.close()
            if isinstance(error, OSError):
                raise trouble(project, error, calls.QUICK) from None
            raise

    def _take(self, exchange: "Exchange") -> None:
        """Send, and wait for the answer's head: a lease that is granted never gets to the end of its body."""
        self._connection.sendall(exchange.outgoing)
        payload = b""
        while not exchange.status:
            payload += exchange.receive(self._connection.recv(_CHUNK))
        if exchange.status >= 400:  # noqa: PLR2004 -- where HTTP's errors begin
            while not exchange.done:
                payload += exchange.receive(self._connection.recv(_CHUNK))
            raise calls.problem(exchange.status, payload)

    def close(self) -> None:
        """Let go."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _mismatch(view: VersionView) -> DaemonError | None:
    if view.api == API_VERSION:
        return None
    return DaemonError(
        f"the running daemon is meshdev {view.meshdev} (API {view.api}), "
        f"this command is meshdev {__version__} (API {API_VERSION})",
        hint="`meshdev down` ends it, `meshdev up` starts one of this version",
    )


def trouble(project: Project, error: OSError, within: float) -> DaemonError:
    """What an OSError on the daemon's socket means for the person in front."""
    match error:
        case TimeoutError():
            return DaemonError(
                f"the daemon of {project.root} has not answered within {within:g} s",
                hint=f"`meshdev down` ends it whatever it does; its own log: {project.daemon_log}",
            )
        case FileNotFoundError() | ConnectionRefusedError() | PermissionError():
            return absence(project)
        case _:
            return DaemonError(
                f"the connection to the daemon broke: {error}", hint="`meshdev status` looks again"
            )


def _run(exchange: "Exchange", path: Path, within: float) -> bytes:
    """Do the whole exchange within so many seconds; raises OSError or DaemonError."""
    deadline = time.monotonic() + within
    body = []
    with contextlib.closing(knock(path, timeout=within)) as connection:
        _arm(connection, deadline)
        connection.sendall(exchange.outgoing)
        while not exchange.done:
            _arm(connection, deadline)
            body.append(exchange.receive(connection.recv(_CHUNK)))
    return b"".join(body)


def _arm(connection: socket.socket, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
