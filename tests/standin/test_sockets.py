"""Recorded WebSockets held again with a real client."""

import asyncio
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from meshdev.recording.model import Exchange, Message, MessageKind
from support_played import stand_in
from support_recordings import exchange

UPGRADE = (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", "old"))
ASKED = (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"))


def dialogue(*messages: tuple[int, str, str | bytes]) -> Exchange:
    """``(milliseconds, "<" or ">", data)``: out of the callee, or to it."""
    told = tuple(
        Message(
            at * 1000,
            way == ">",
            MessageKind.TEXT if isinstance(data, str) else MessageKind.BINARY,
            data.encode() if isinstance(data, str) else data,
        )
        for at, way, data in messages
    )
    return exchange("GET /ws", "", status=101, headers=UPGRADE, asked_headers=ASKED, messages=told)


CHAT = dialogue(
    (1, "<", "hello"),
    (5, ">", '{"type":"subscribe","id":"a1b2c3d4-0000-4000-8000-000000000001"}'),
    (6, "<", '{"type":"subscribed"}'),
    (206, "<", b"\x00" * 70_000),
    (300, ">", "bye"),
    (301, "<", "bye"),
)


async def test_a_dialogue_is_held_again(tmp_path: Path) -> None:
    """Small and large messages, text and binary, each in its turn; identifiers may be others."""
    async with stand_in(tmp_path, [CHAT]) as payments:
        async with connect(f"ws://127.0.0.1:{payments.port}/ws", compression="deflate") as socket:
            assert await socket.recv() == "hello"
            await socket.send('{"id":"a1b2c3d4-0000-4000-8000-000000000002","type":"subscribe"}')
            assert await socket.recv() == '{"type":"subscribed"}'
            assert await socket.recv() == b"\x00" * 70_000
            await asyncio.wait_for(await socket.ping(), 5)
            await socket.send("bye")
            assert await socket.recv() == "bye"
        assert socket.close_code == 1000


async def test_messages_come_when_they_came(tmp_path: Path) -> None:
    """The gap between two of them, as recorded."""
    async with (
        stand_in(tmp_path, [CHAT], timing="recorded") as payments,
        connect(f"ws://127.0.0.1:{payments.port}/ws") as socket,
    ):
        await socket.recv()
        await socket.send('{"type":"subscribe","id":"a1b2c3d4-0000-4000-8000-000000000001"}')
        await socket.recv()
        began = asyncio.get_running_loop().time()
        await socket.recv()
        assert asyncio.get_running_loop().time() - began >= 0.15


async def test_another_message_ends_it(tmp_path: Path) -> None:
    """A wrong answer is worse than none: 1008, and a line in the log."""
    async with stand_in(tmp_path, [CHAT]) as payments:
        async with connect(f"ws://127.0.0.1:{payments.port}/ws") as socket:
            await socket.recv()
            await socket.send('{"type":"unsubscribe"}')
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        assert payments.said[-1].startswith("no match: in the WebSocket /ws: ")


async def test_fragments_make_a_message(tmp_path: Path) -> None:
    """What a caller cuts is put together."""
    async with (
        stand_in(tmp_path, [dialogue((1, ">", "one two"), (2, "<", "ok"))]) as payments,
        connect(f"ws://127.0.0.1:{payments.port}/ws") as socket,
    ):
        await socket.send(["one", " ", "two"])
        assert await socket.recv() == "ok"


async def test_who_asks_for_no_upgrade_gets_a_miss(tmp_path: Path) -> None:
    """The recorded answer makes no sense to a plain request; and no other path is upgraded."""
    async with stand_in(tmp_path, [CHAT]) as payments:
        assert (await payments.ask("GET /ws")).status == 599
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{payments.port}/other")
        assert refused.value.response.status_code == 599


async def test_a_stand_in_that_ends_goes_away(tmp_path: Path) -> None:
    """1001 for whoever is still there."""
    async with stand_in(tmp_path, [CHAT]) as payments:
        async with connect(f"ws://127.0.0.1:{payments.port}/ws") as socket:
            await socket.recv()
            await payments.stage.ends()
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
