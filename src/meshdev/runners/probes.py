"""One probe, once: http, grpc, tcp, exec, file.

Each answers `Answer` with words that a person can act on, never raises.

HTTP counts as healthy from 200 to 399, gRPC when the service says that it is ``SERVING`` (grpc.health.v1).
"""

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meshdev.errors import ServiceError
from meshdev.kernel.quantity import format_duration
from meshdev.runners.execute import Executed, execute
from meshdev.runners.namespaces import Within
from meshdev.runners.ports import LOOPBACK
from meshdev.runners.reaper import Reaper

if TYPE_CHECKING:
    from meshdev.runners.grpc_health import Serving

_BODY_SHOWN = 200
_READ = 16 * 1024
_HEALTHY = range(200, 400)


@dataclass(frozen=True, slots=True)
class Answer:
    """Healthy or not, and why."""

    ok: bool
    detail: str


MakeSocket = Callable[[], Awaitable[socket.socket]]
Execute = Callable[[tuple[str, ...], float], Awaitable[Executed]]


@dataclass(frozen=True, slots=True)
class ProbePlace:
    """Where exec probes run and relative file paths begin: the instance's directory and environment.

    ``host`` is where its ports are; commands are run ``within`` the namespaces that it has. ``socket`` makes sockets
    of its own network, if it has one. With ``execute`` it is a container: commands are run, and files looked for, in
    it.
    """

    cwd: Path
    env: Mapping[str, str]
    host: str = LOOPBACK
    execute: Execute | None = None
    within: Within | None = None
    socket: MakeSocket | None = None


async def probe_tcp(
    port: int, *, within: float, host: str = LOOPBACK, make: MakeSocket | None = None
) -> Answer:
    """Healthy when the port accepts a connection."""
    name = f"tcp port {port}"
    try:
        async with asyncio.timeout(within):
            (await _connect(port, host, make)).close()
    except TimeoutError:
        return Answer(ok=False, detail=f"{name}: no answer within {format_duration(within)}")
    except OSError as error:
        return Answer(ok=False, detail=f"{name}: {_reason(error)}")
    return Answer(ok=True, detail=f"{name}: accepts connections")


async def probe_http(
    port: int, path: str, *, within: float, host: str = LOOPBACK, make: MakeSocket | None = None
) -> Answer:
    """Healthy when ``GET path`` answers with a status from 200 to 399."""
    import h11  # noqa: PLC0415 -- not everybody's probe, and nobody's before the start

    name = f"GET {path}"
    try:
        async with asyncio.timeout(within):
            status, reason, body = await _get(port, path, host, make)
    except TimeoutError:
        return Answer(ok=False, detail=f"{name}: no answer within {format_duration(within)}")
    except h11.RemoteProtocolError as error:
        return Answer(ok=False, detail=f"{name}: the answer is no HTTP: {error}")
    except h11.LocalProtocolError as error:
        return Answer(ok=False, detail=f"{name}: cannot be asked: {error}")
    except OSError as error:
        return Answer(ok=False, detail=f"{name}: {_reason(error)}")
    detail = f"{name}: {status} {reason}".rstrip()
    if status in _HEALTHY:
        return Answer(ok=True, detail=detail)
    shown = " ".join(body.decode(errors="replace").split())[:_BODY_SHOWN]
    return Answer(ok=False, detail=f"{detail}: {shown}" if shown else detail)


async def probe_exec(
    reaper: Reaper, argv: tuple[str, ...], place: ProbePlace, *, within: float, mark: int = 0
) -> Answer:
    """Healthy when ``argv`` ends with exit code 0 in time."""
    try:
        if place.execute is not None:
            done = await place.execute(argv, within)
        else:
            done = await execute(
                reaper,
                argv,
                cwd=place.cwd,
                env=place.env,
                within=within,
                mark=mark,
                within_names=place.within,
            )
    except ServiceError as error:
        return Answer(ok=False, detail=error.message)
    output = " ".join(done.output.decode(errors="replace").split())[-_BODY_SHOWN:]
    if done.timed_out:
        how = f"not done within {format_duration(within)}"
    elif done.signal is not None:
        how = f"ended by signal {done.signal}"
    else:
        how = f"exit code {done.code}"
    detail = f"{argv[0]}: {how}" + (f": {output}" if output else "")
    return Answer(ok=done.code == 0 and not done.timed_out, detail=detail)


def probe_file(path: Path) -> Answer:
    """Healthy when ``path`` exists."""
    if path.exists():
        return Answer(ok=True, detail=f"file {path}: exists")
    return Answer(ok=False, detail=f"file {path}: does not exist")


async def probe_grpc(
    port: int, service: str, *, within: float, host: str = LOOPBACK, make: MakeSocket | None = None
) -> Answer:
    """Healthy when ``service``, or the server if that is empty, says that it is serving."""
    from meshdev.runners.grpc_health import NoHttp2Error, Serving  # noqa: PLC0415 -- not everybody's probe
    from meshdev.traffic.protocols.http2.hpack_blocks import BlockError  # noqa: PLC0415

    name = f"grpc health of {service}" if service else "grpc health"
    try:
        async with asyncio.timeout(within):
            serving, why = await _check(port, service, host, make)
    except TimeoutError:
        return Answer(ok=False, detail=f"{name}: no answer within {format_duration(within)}")
    except (NoHttp2Error, BlockError, struct.error):
        return Answer(ok=False, detail=f"{name}: the answer is no HTTP/2")
    except OSError as error:
        return Answer(ok=False, detail=f"{name}: {_reason(error)}")
    return Answer(ok=serving is Serving.SERVING, detail=f"{name}: {why if serving is None else serving.name}")


async def _check(port: int, service: str, host: str, make: MakeSocket | None) -> "tuple[Serving | None, str]":
    """What the service says of itself, or why it does not."""
    from meshdev.runners.grpc_health import Check  # noqa: PLC0415

    loop = asyncio.get_running_loop()
    check = Check(service)
    connection = await _connect(port, host, make)
    try:
        await loop.sock_sendall(connection, check.begin(f"{host}:{port}"))
        while not check.is_over:
            data = await loop.sock_recv(connection, _READ)
            if not data:
                return None, "the connection was closed before the answer"
            answer = check.feed(data)
            if answer and not check.is_over:
                await loop.sock_sendall(connection, answer)
        return check.serving, check.why
    finally:
        connection.close()


async def _connect(port: int, host: str, make: MakeSocket | None) -> socket.socket:
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM) if make is None else await make()
    connection.setblocking(False)  # noqa: FBT003 -- positional-only
    try:
        await asyncio.get_running_loop().sock_connect(connection, (host, port))
    except BaseException:
        connection.close()
        raise
    return connection


async def _get(port: int, path: str, host: str, make: MakeSocket | None) -> tuple[int, str, bytes]:
    """Status, reason and the beginning of the body."""
    import h11  # noqa: PLC0415

    loop = asyncio.get_running_loop()
    talk = h11.Connection(h11.CLIENT)
    headers = [
        ("host", f"{host}:{port}"),
        ("user-agent", "meshdev-probe"),
        ("accept", "*/*"),
        ("connection", "close"),
    ]
    asked = talk.send(h11.Request(method="GET", target=path, headers=headers)) or b""
    asked += talk.send(h11.EndOfMessage()) or b""
    connection = await _connect(port, host, make)
    try:
        await loop.sock_sendall(connection, asked)
        status, reason, body = 0, "", b""
        while len(body) < _BODY_SHOWN:
            event = talk.next_event()
            if event is h11.NEED_DATA:
                talk.receive_data(await loop.sock_recv(connection, _READ))
            elif isinstance(event, h11.Response):
                status, reason = event.status_code, event.reason.decode("latin-1")
                if status in _HEALTHY:
                    break
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif not isinstance(event, h11.InformationalResponse):
                break
        return status, reason, body
    finally:
        connection.close()


def _reason(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error)
