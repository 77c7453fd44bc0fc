"""Misses that are passed on to a real server, and those that are recorded on the way."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from meshdev.recording.model import Cut
from meshdev.storage.recordings import Library
from support_mesh import free_port
from support_played import stand_in
from support_recordings import exchange

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Tell what was asked, in several ways."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = head.lower().partition("content-length: ")[2].partition("\r\n")[0]
            content = await reader.readexactly(int(length or 0))
            path = head.split(" ")[1]
            if path.endswith("/stream"):
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                )
                for number in range(3):
                    writer.write(b"9\r\ndata: %d\n\n\r\n" % number)
                    await writer.drain()
                    await asyncio.sleep(0.02)
                writer.write(b"0\r\n\r\n")
                continue
            if path.endswith("/broken"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal")
                break
            told = json.dumps(
                {"head": head, "body": content.decode("latin-1"), "password": "hunter2-secret"}
            ).encode()
            coding = b""
            if path.endswith("/zipped"):
                told, coding = gzip.compress(told), b"Content-Encoding: gzip\r\n"
            kind = b"Content-Type: application/json\r\n"
            writer.write(
                b"HTTP/1.1 201 Made\r\n%b%bContent-Length: %d\r\n\r\n%b" % (kind, coding, len(told), told)
            )
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


@asynccontextmanager
async def real() -> AsyncIterator[str]:
    """The real service; its URL."""
    talks: set[asyncio.Task[None]] = set()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.get_running_loop().create_task(answer(reader, writer)))

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/base/"
    finally:
        server.close()
        for task in tuple(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def test_a_miss_is_asked_of_the_real_one(tmp_path: Path) -> None:
    """By its own name and below its path, with nothing added to what the caller said; hits are not."""
    async with (
        real() as url,
        stand_in(tmp_path, [exchange("GET /a", "one")], on_miss="pass", url=url) as payments,
    ):
        caller = await payments.connect()
        assert (await caller.ask("GET /a")).body == b"one"
        said = await caller.ask("POST /b?q=%2F&r=1\nX-Mine: 1\nContent-Type: text/plain", b"abc")
        assert (said.status, said.head.split("\r\n")[0]) == (201, "HTTP/1.1 201 Made")
        told = json.loads(said.body)
        assert told["body"] == "abc"
        lines = told["head"].split("\r\n")
        assert lines[0] == "POST /base/b?q=%2F&r=1 HTTP/1.1"
        names = {line.partition(":")[0].lower() for line in lines[1:] if line}
        assert names == {"host", "x-mine", "content-type", "content-length"}
        assert f"host: {url.split('/')[2]}" in told["head"].lower()
        assert (await caller.ask("GET /a")).body == b"one"
        caller.close()


async def test_an_answer_of_the_real_one_comes_as_it_comes(tmp_path: Path) -> None:
    """The first event is there before the last one is sent; a chunked request is understood, too."""
    async with real() as url, stand_in(tmp_path, [], on_miss="pass", url=url) as payments:
        caller = await payments.connect()
        caller.send("GET /stream")
        await caller.reader.readuntil(b"data: 0\n\n")
        first = asyncio.get_running_loop().time()
        await caller.reader.readuntil(b"0\r\n\r\n")
        assert asyncio.get_running_loop().time() - first > 0.03
        caller.send("POST /b\nTransfer-Encoding: chunked")
        caller.writer.write(b"3\r\nabc\r\n0\r\n\r\n")
        assert json.loads((await caller.read()).body)["body"] == "abc"
        caller.close()


async def test_a_real_one_that_is_not_there(tmp_path: Path) -> None:
    """502 that says so, for the caller and in the log."""
    url = f"http://127.0.0.1:{free_port()}"
    async with stand_in(tmp_path, [], on_miss="pass", url=url) as payments:
        said = await payments.ask("GET /b")
        assert (said.status, json.loads(said.body)["error"]) == (502, "unreachable")
        assert payments.said[-1].startswith("GET /b: 127.0.0.1 could not be asked: ConnectError")


async def test_a_real_one_that_breaks_off(tmp_path: Path) -> None:
    """What came is said, and the connection ends: nobody takes it for whole."""
    async with real() as url, stand_in(tmp_path, [], on_miss="pass", url=url) as payments:
        caller = await payments.connect()
        caller.send("GET /broken")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await caller.read()
        caller.close()


async def test_misses_are_recorded(tmp_path: Path) -> None:
    """Into a recording of their own, without secrets and codings; it is played beside the first one from then on."""
    role = {"on_miss": "record"}
    async with real() as url, stand_in(tmp_path, [exchange("GET /a", "one")], url=url, **role) as payments:
        for _ in range(2):
            assert (
                await payments.ask("GET /zipped\nAuthorization: Bearer hush-hush-0123456789")
            ).status == 201
        await payments.ask("GET /stream")

    assert 'recorded into "r-new": GET /zipped' in payments.said
    recording = await asyncio.to_thread(Library(tmp_path).open, "r-new")
    assert [(one.id, one.callee, one.route) for one in recording.exchanges] == [
        ("1", "payments", "GET /zipped"),
        ("2", "payments", "GET /zipped"),
        ("3", "payments", "GET /stream"),
    ]
    zipped, _, stream = (one.response for one in recording.exchanges)
    assert zipped is not None
    assert stream is not None
    assert zipped.body.coding == "gzip"
    assert b"hunter2-secret" not in zipped.body.data
    assert b"hush-hush" not in zipped.body.data
    assert [offset for offset, _ in stream.body.pieces] == [0, 9, 18]
    assert recording.meta.ended is not None


async def test_a_large_answer_is_cut_in_the_recording_only(tmp_path: Path) -> None:
    """At ``body_cap``."""
    role = {"on_miss": "record", "body_cap": 20}
    async with real() as url, stand_in(tmp_path, [], url=url, **role) as payments:
        assert json.loads((await payments.ask("GET /b")).body)["body"] == ""
    recording = await asyncio.to_thread(Library(tmp_path).open, "r-new")
    response = recording.exchanges[0].response
    assert response is not None
    assert (response.body.cut, len(response.body.data)) == (Cut.CAP, 20)
