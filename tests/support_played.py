"""A stand-in within a test: its stages and conversations on real sockets, its log in a list."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meshdev.recording.model import Exchange
from meshdev.standin.answering import Stage
from meshdev.standin.conversation import Conversation
from meshdev.standin.role import Role, read, written
from meshdev.standin.staging import staged
from support_recordings import saved


@dataclass(slots=True)
class StandIn:
    """Where it listens, what it has said to its log, and its stage."""

    port: int
    stage: Stage
    said: list[str] = field(default_factory=list)

    async def connect(self) -> "Caller":
        """A connection to it."""
        return Caller(*await asyncio.open_connection("127.0.0.1", self.port))

    async def ask(self, request: str, body: bytes = b"") -> "Said":
        """One request over a connection of its own: ``GET /x`` and header lines."""
        caller = await self.connect()
        try:
            return await caller.ask(request, body)
        finally:
            caller.close()


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: its status, its head as it came, its content."""

    status: int
    head: str
    body: bytes


@dataclass(slots=True)
class Caller:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, request: str, body: bytes = b"") -> Said:
        """Send and read one answer."""
        self.send(request, body)
        return await self.read(head=request.startswith("HEAD"))

    def send(self, request: str, body: bytes = b"") -> None:
        """``POST /x`` and further header lines; the length is added."""
        first, *lines = request.split("\n")
        line = first if " HTTP/" in first else f"{first} HTTP/1.1"
        length = [f"Content-Length: {len(body)}"] if body else []
        self.writer.write("\r\n".join([line, "Host: x", *lines, *length, "", ""]).encode("latin-1") + body)

    async def read(self, *, head: bool = False) -> Said:
        """One answer, in whatever framing."""
        raw = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)).decode("latin-1")
        status = int(raw.split(" ", 2)[1])
        lowered = raw.lower()
        body = b""
        if head or status in (100, 101, 204, 304):
            pass
        elif "transfer-encoding: chunked" in lowered:
            while size := int(await self.reader.readline(), 16):
                body += (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readuntil(b"\r\n")
        elif "content-length: " in lowered:
            size = int(lowered.partition("content-length: ")[2].partition("\r\n")[0])
            body = await self.reader.readexactly(size)
        else:
            body = await self.reader.read()
        return Said(status, raw, body)

    async def ended(self) -> bool:
        """Whether the other side has closed; so does this one."""
        try:
            return await asyncio.wait_for(self.reader.read(1), 10) == b""
        except ConnectionError:
            return True
        finally:
            self.close()

    def close(self) -> None:
        """Go."""
        self.writer.close()


@asynccontextmanager
async def stand_in(folder: Path, exchanges: Iterable[Exchange], **role: Any) -> AsyncIterator[StandIn]:
    """A stand-in for payments out of ``exchanges``; ``role`` are further fields of its role."""
    said: list[str] = []
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(saved, folder, "r", exchanges)
    told = Role(service="payments", folder=str(folder), recordings=("r",), ports={"http": "PORT"}, **role)
    stage = (await asyncio.to_thread(staged, read(written(told)), said.append))["http"]
    assert isinstance(stage, Stage)
    server = await loop.create_server(lambda: Conversation(loop, stage), "127.0.0.1", 0)
    try:
        yield StandIn(server.sockets[0].getsockname()[1], stage, said)
    finally:
        server.close()
        await asyncio.wait_for(stage.ends(), 10)
        if stage.passing is not None:
            await stage.passing.close()
