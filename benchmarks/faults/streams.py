"""Load whose every byte is checked: streams over TCP, bodies over HTTP, both against an echo."""

import asyncio
import hashlib
import random
from dataclasses import dataclass, field
from time import monotonic

_CHUNK = 16_384
_BODY = 60_000
_PAUSE = 0.004


@dataclass(slots=True)
class Tally:
    """What has passed, and what was wrong with it. ``injected`` counts answers of faults, which name them."""

    bytes: int = 0
    requests: int = 0
    injected: int = 0
    wrong: list[str] = field(default_factory=list)


async def stream(port: int, seed: int, stop: asyncio.Event, tally: Tally) -> None:
    """One connection: random bytes out, the same back, until ``stop``; then all that is under way, to the last byte."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    draw = random.Random(seed)
    said, heard = hashlib.sha256(), hashlib.sha256()
    total = got = 0

    async def say() -> None:
        nonlocal total
        while not stop.is_set():
            data = draw.randbytes(draw.randrange(1, _CHUNK))
            said.update(data)
            total += len(data)
            writer.write(data)
            await writer.drain()
            await asyncio.sleep(_PAUSE)
        writer.write_eof()

    async with asyncio.TaskGroup() as group:
        group.create_task(say())
        while data := await reader.read(65536):
            heard.update(data)
            got += len(data)
            tally.bytes += len(data)
    writer.close()
    if got != total or said.digest() != heard.digest():
        tally.wrong.append(f"stream {seed}: {got} of {total} bytes came back, or others")


async def bodies(port: int, seed: int, stop: asyncio.Event, tally: Tally) -> None:
    """Requests with random bodies, one after the other; an answer is the body, or a fault's and says so."""
    draw = random.Random(seed)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while not stop.is_set():
            body = draw.randbytes(draw.randrange(0, _BODY))
            writer.write(
                b"POST /echo HTTP/1.1\r\nhost: echo\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
            )
            head, answer = await answered(reader)
            tally.requests += 1
            tally.bytes += len(answer)
            if b"x-meshdev-fault:" in head:
                tally.injected += 1
            elif answer != body or not head.startswith(b"HTTP/1.1 200"):
                tally.wrong.append(
                    f"request of {seed}: {len(body)} bytes, answered {head[:40]!r} {len(answer)}"
                )
            if b"connection: close" in head.lower():
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.sleep(_PAUSE)
    finally:
        writer.close()


async def answered(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of one counted response."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    )
    return head, await reader.readexactly(length)


async def pings(http: int, raw: int, count: int) -> tuple[list[float], list[float]]:
    """Seconds that small requests take, one after the other: over HTTP, and over TCP."""
    reader, writer = await asyncio.open_connection("127.0.0.1", http)
    times: list[float] = []
    for _ in range(count):
        began = monotonic()
        writer.write(b"GET /ping HTTP/1.1\r\nhost: echo\r\ncontent-length: 4\r\n\r\nping")
        await answered(reader)
        times.append(monotonic() - began)
    writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", raw)
    others: list[float] = []
    for _ in range(count):
        began = monotonic()
        writer.write(b"ping")
        await reader.readexactly(4)
        others.append(monotonic() - began)
    writer.close()
    return times, others
