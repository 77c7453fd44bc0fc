"""One probe, once: http, grpc, tcp, exec, file.

Each answers `Answer` with words that a person can act on, never raises.

HTTP counts as healthy from 200 to 399, gRPC when the service says that it is ``SERVING`` (grpc.health.v1).
"""

import asyncio
import os
import ssl
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
from meshdev.runners.probe_line import Line, MakeSocket
from meshdev.runners.reaper import Reaper

if TYPE_CHECKING:
    from meshdev.runners.grpc_health import Serving

_BODY_SHOWN = 200
_HEALTHY = range(200, 400)


@dataclass(frozen=True, slots=True)
class Answer:
    """Healthy or not, and why."""

    ok: bool
    detail: str


Execute = Callable[[tuple[str, ...], float], Awaitable[Executed]]


@dataclass(frozen=True, slots=True)
class ProbePlace:
    """Where exec probes run and relative file paths begin: the instance's directory and environment.

    ``host`` is where its ports are; commands are run ``within`` the namespaces that it has. ``socket`` makes sockets
    of its own network, if it has one; ``tls`` are the endpoints that speak it. With ``execute`` it is a container:
    commands are run, and files looked for, in it.
    """

    cwd: Path
    env: Mapping[str, str]
    host: str = LOOPBACK
    execute: Execute | None = None
    within: Within | None = None
    socket: MakeSocket | None = None
    tls: frozenset[str] = frozenset()


async def probe_tcp(
    port: int, *, within: float, host: str = LOOPBACK, make: MakeSocket | None = None, tls: bool = False
) -> Answer:
    """Healthy when the port accepts a connection."""
    name = f"tcp port {port}"
    try:
        async with asyncio.timeout(within):
            (await Line.opened(port, host, make, tls=tls)).close()
    except TimeoutError:
        return Answer(ok=False, detail=f"{name}: no answer within {format_duration(within)}")
    except OSError as error:
        return Answer(ok=False, detail=f"{name}: {_reason(error)}")
    return Answer(ok=True, detail=f"{name}: accepts connections")


async def probe_http(
    port: int,
    path: str,
    *,
    within: float,
    host: str = LOOPBACK,
    make: MakeSocket | None = None,
    tls: bool = False,
) -> Answer:
    """Healthy when ``GET path`` answers with a status from 200 to 399."""
    import h11  # noqa: PLC0415 -- not everybody's probe, and nobody's before the start

    name = f"GET {path}"
    try:
        async with asyncio.timeout(within):
            status, reason, body = await _get(port, path, host, make, tls=tls)
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
    port: int,
    service: str,
    *,
    within: float,
    host: str = LOOPBACK,
    make: MakeSocket | None = None,
    tls: bool = False,
) -> Answer:
    """Healthy when ``service``, or the server if that is empty, says that it is serving."""
    from meshdev.runners.grpc_health import NoHttp2Error, Serving  # noqa: PLC0415 -- not everybody's probe
    from meshdev.traffic.protocols.http2.hpack_blocks import BlockError  # noqa: PLC0415

    name = f"grpc health of {service}" if service else "grpc health"
    try:
        async with asyncio.timeout(within):
            serving, why = await _check(port, service, host, make, tls=tls)
    except TimeoutError:
        return Answer(ok=False, detail=f"{name}: no answer within {format_duration(within)}")
    except (NoHttp2Error, BlockError, struct.error):
        return Answer(ok=False, detail=f"{name}: the answer is no HTTP/2")
    except OSError as error:
        return Answer(ok=False, detail=f"{name}: {_reason(error)}")
    return Answer(ok=serving is Serving.SERVING, detail=f"{name}: {why if serving is None else serving.name}")


async def _check(
    port: int, service: str, host: str, make: MakeSocket | None, *, tls: bool
) -> "tuple[Serving | None, str]":
    """What the service says of itself, or why it does not."""
    from meshdev.runners.grpc_health import Check  # noqa: PLC0415

    check = Check(service)
    connection = await Line.opened(port, host, make, alpn="h2", tls=tls)
    try:
        await connection.say(check.begin(f"{host}:{port}", secure=tls))
        while not check.is_over:
            data = await connection.hear()
            if not data:
                return None, "the connection was closed before the answer"
            answer = check.feed(data)
            if answer and not check.is_over:
                await connection.say(answer)
        return check.serving, check.why
    finally:
        connection.close()


async def _get(
    port: int, path: str, host: str, make: MakeSocket | None, *, tls: bool
) -> tuple[int, str, bytes]:
    """Status, reason and the beginning of the body."""
    import h11  # noqa: PLC0415

    talk = h11.Connection(h11.CLIENT)
    headers = [
        ("host", f"{host}:{port}"),
        ("user-agent", "meshdev-probe"),
        ("accept", "*/*"),
        ("connection", "close"),
    ]
    asked = talk.send(h11.Request(method="GET", target=path, headers=headers)) or b""
    asked += talk.send(h11.EndOfMessage()) or b""
    connection = await Line.opened(port, host, make, alpn="http/1.1", tls=tls)
    try:
        await connection.say(asked)
        status, reason, body = 0, "", b""
        while len(body) < _BODY_SHOWN:
            event = talk.next_event()
            if event is h11.NEED_DATA:
                talk.receive_data(await connection.hear())
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
    if isinstance(error, ssl.SSLError):
        return f"no TLS: {(error.reason or str(error)).replace('_', ' ').lower()}"
    return os.strerror(error.errno).lower() if error.errno else str(error)
