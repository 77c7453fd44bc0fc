"""What an edge keeps of what passes, and what its recorder hears: bounded, whole, never in the way."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from meshdev.mesh import capture, recorder_link
from meshdev.mesh.capture import ENDLESS, MOST_KEPT, OVERHEAD, RING_BODY, EdgeCapture, Take
from meshdev.mesh.recorder_link import RecorderLink
from meshdev.traffic.http1_head import RequestHead
from meshdev.wire.capture import Closed, Item, Lost, Marker, Named, Opened, Piece, Whole, decode_batch
from meshdev.wire.frames import FrameReader
from meshdev.wire.mesh import EdgeKey, EdgePolicy

KEY = EdgeKey("orders", "payments", "http")
HEAD = RequestHead(b"POST /charges HTTP/1.1\r\nContent-Length: 4\r\n\r\n")
IDS = b"a" * 32 + b"-" + b"b" * 16
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Ear:
    """The recorder's end of a link."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)  # noqa: FBT003 - the socket module's own signature
        self._reader = FrameReader()

    async def until_marked(self, link: RecorderLink) -> list[Item]:
        """Everything that came before a mark made now, without names."""
        link.mark(7)
        found: list[Item] = []
        while not (found and found[-1] == Marker(7)):
            data = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.ours, 1 << 20), 10.0)
            for body in self._reader.feed(data):
                found += decode_batch(body).items
        return [item for item in found[:-1] if not isinstance(item, Named)]


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    """An ear, closed in the end."""
    made = Ear()
    yield made
    made.ours.close()
    made.theirs.close()


@pytest.fixture
async def link(ear: Ear) -> AsyncIterator[RecorderLink]:
    """A link to the ear."""
    made = RecorderLink(asyncio.get_running_loop())
    made.connect(ear.theirs)
    yield made
    made.close()


def edge(
    link: RecorderLink, *, keep: int = 1 << 20, recorded: bool = False, body_cap: int = 1 << 20
) -> EdgeCapture:
    """An edge that keeps as much."""
    made = EdgeCapture(3, KEY, link)
    made.adopt(EdgePolicy(keep=keep, recorded=recorded, body_cap=body_cap))
    return made


async def test_a_dump_tells_what_was_kept(link: RecorderLink, ear: Ear) -> None:
    """Plain exchanges and others, in order, under the token that asked."""
    kept = edge(link)
    kept.keep(HEAD.raw, 0.0, 200, ANSWER, "payments-0@1", IDS)
    take = Take(kept, HEAD.raw, 0.0)
    take.ask(b"body")
    take.hear(ANSWER)
    take.over(200, "payments-0@1", IDS, "")
    assert await ear.until_marked(link) == []
    kept.dump(5, 0.0)
    first, second = await ear.until_marked(link)
    assert isinstance(first, Whole)
    assert isinstance(second, Whole)
    assert (first.request, first.answer, first.facts.status, first.token) == (HEAD.raw, ANSWER, 200, 5)
    assert (second.request, second.answer, second.token) == (HEAD.raw + b"body", ANSWER, 5)


async def test_a_dump_reaches_back_as_far_as_asked(link: RecorderLink, ear: Ear) -> None:
    """What began before is left out."""
    kept = edge(link)
    for started in (1.0, 2.0, 3.0):
        kept.keep(HEAD.raw, started, 200, ANSWER, "", IDS)
    kept.dump(5, 2.0)
    assert [item.started for item in await ear.until_marked(link) if isinstance(item, Whole)] == [2.0, 3.0]


async def test_a_dump_finds_one_exchange_by_its_span(link: RecorderLink, ear: Ear) -> None:
    """Plain ones and others; nothing else is sent."""
    kept = edge(link)
    spans = [b"%016x" % number for number in range(4)]
    for number, span in enumerate(spans):
        ids = b"f" * 32 + b"-" + span
        if number % 2:
            kept.keep(HEAD.raw, float(number), 200, ANSWER, "", ids)
        else:
            Take(kept, HEAD.raw, float(number)).over(200, "", ids, "")
    for number in (1, 2):
        kept.dump(5, 0.0, spans[number])
        (item,) = await ear.until_marked(link)
        assert isinstance(item, Whole)
        assert item.started == number


async def test_the_ring_is_bounded_in_bytes(link: RecorderLink, ear: Ear) -> None:
    """The oldest go first; a single one that is too large is not kept either."""
    cost = len(HEAD.raw) + len(ANSWER) + OVERHEAD
    kept = edge(link, keep=3 * cost)
    for number in range(10):
        kept.keep(HEAD.raw, float(number), 200, ANSWER, "", IDS)
    kept.dump(1, 0.0)
    assert [item.started for item in await ear.until_marked(link) if isinstance(item, Whole)] == [
        7.0,
        8.0,
        9.0,
    ]
    kept.keep(HEAD.raw, 10.0, 200, b"x" * 4 * cost, "", IDS)
    kept.dump(1, 0.0)
    assert await ear.until_marked(link) == []


async def test_a_flood_is_kept_as_far_as_it_is_told(link: RecorderLink) -> None:
    """Between two telemetry frames there is room for so many; recorded edges have room for all."""
    kept = edge(link)
    assert kept.room == MOST_KEPT
    kept.keep(HEAD.raw, 0.0, 200, ANSWER, "", IDS)
    assert kept.room == MOST_KEPT - 1
    kept.refill()
    assert kept.room == MOST_KEPT
    assert edge(link, recorded=True).room == ENDLESS


async def test_a_body_in_the_ring_is_cut(link: RecorderLink, ear: Ear) -> None:
    """Its beginning is kept without a gap, and its size."""
    kept = edge(link)
    take = Take(kept, HEAD.raw, 0.0)
    take.hear(ANSWER)
    for _ in range(3):
        take.hear(b"x" * (RING_BODY // 2))
    take.hear(b"tail")
    take.over(200, "", IDS, "")
    kept.dump(1, 0.0)
    (item,) = await ear.until_marked(link)
    assert isinstance(item, Whole)
    assert item.answer == ANSWER + b"x" * (RING_BODY // 2)
    assert item.heard_bytes == len(ANSWER) + 3 * (RING_BODY // 2) + 4


async def test_what_is_recorded_and_grows_goes_in_pieces(link: RecorderLink, ear: Ear) -> None:
    """It needs no memory here, up to the cap; what came before it grew comes first."""
    kept = edge(link, recorded=True, body_cap=3 * RING_BODY)
    take = Take(kept, HEAD.raw, 0.0)
    take.ask(b"body")
    for letter in (b"a", b"b", b"c", b"d"):
        take.hear(letter * RING_BODY)
    take.over(200, "", IDS, "")
    opened, *pieces, closed = await ear.until_marked(link)
    assert isinstance(opened, Opened)
    assert isinstance(closed, Closed)
    told = [(piece.asked, piece.data[:1]) for piece in pieces if isinstance(piece, Piece)]
    assert told == [(True, b"P"), (True, b"b"), (False, b"a"), (False, b"b"), (False, b"c")]
    assert closed.heard_bytes == 4 * RING_BODY
    assert not closed.lost


async def test_what_lasts_is_told_while_it_does(
    link: RecorderLink, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that still comes after a while is not kept back until its end."""
    monkeypatch.setattr(capture, "LASTS_AFTER", -1)
    take = Take(edge(link, recorded=True), HEAD.raw, 0.0)
    take.hear(b"first")
    told = await ear.until_marked(link)
    assert [type(item) for item in told] == [Opened, Piece, Piece]


async def test_a_slow_recorder_is_not_waited_for(
    link: RecorderLink, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound exchanges are dropped, and counted."""
    monkeypatch.setattr(recorder_link, "MOST_WAITING", 100_000)
    kept = edge(link, recorded=True)
    for _ in range(20):
        kept.keep(HEAD.raw, 0.0, 200, ANSWER + b"x" * 50_000, "", IDS)
    found = await ear.until_marked(link)
    whole = [item for item in found if isinstance(item, Whole)]
    lost = sum(item.exchanges for item in found if isinstance(item, Lost))
    assert len(whole) + lost == 20
    assert lost


async def test_without_a_recorder_nothing_is_missed() -> None:
    """An edge whose recorder is not there yet, or no longer, serves on."""
    link = RecorderLink(asyncio.get_running_loop())
    kept = edge(link, recorded=True)
    kept.keep(HEAD.raw, 0.0, 200, ANSWER, "", IDS)
    take = Take(kept, HEAD.raw, 0.0)
    take.hear(b"x" * 3 * RING_BODY)
    take.over(200, "", IDS, "")
    link.mark(1)


async def test_a_recorder_that_goes_is_let_go(link: RecorderLink, ear: Ear) -> None:
    """Its end breaks; what is told then goes nowhere."""
    ear.ours.close()
    kept = edge(link, recorded=True)
    for _ in range(3):
        kept.keep(HEAD.raw, 0.0, 200, ANSWER, "", IDS)
        link.mark(1)
        await asyncio.sleep(0)
    assert not link.add(3, KEY, Marker(1), 0)
