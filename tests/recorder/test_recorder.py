"""The recorder: what belongs to a recording, when it is over, what of it is safe."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from meshdev.mesh.channel import Channel
from meshdev.recorder import recorder
from meshdev.recorder.recall import MOST_BODY
from meshdev.recorder.recorder import Recorder
from meshdev.recorder.session import Redact
from meshdev.recording.journal import read_segment
from meshdev.recording.model import Cut, Exchange
from meshdev.recording.protobuf.schema import Schema
from meshdev.storage.recordings.writer import segments_of
from meshdev.wire.capture import (
    Attach,
    Batch,
    Begin,
    Closed,
    Facts,
    Finish,
    Finished,
    FromRecorder,
    Item,
    Lost,
    Marker,
    Named,
    Opened,
    Piece,
    Progress,
    Recall,
    Recalled,
    Secrets,
    ToRecorder,
    Whole,
    decode_from_recorder,
    encode,
)
from meshdev.wire.faults import EdgePattern, FaultMatch
from meshdev.wire.mesh import EdgeKey

GET = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
KEYS = {1: EdgeKey("orders", "payments", "http"), 2: EdgeKey("orders", "stock", "http")}


def as_it_is(_: Secrets) -> Redact:
    """No secret is known here; that is another test's subject."""

    def same(exchange: Exchange, _: Schema) -> Exchange:
        return exchange

    return same


class Desk:
    """A recorder, its daemon's end, and any number of workers'."""

    def __init__(self, redacting: Callable[[Secrets], Redact] = as_it_is) -> None:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        self.heard: asyncio.Queue[FromRecorder] = asyncio.Queue()
        self.recorder = Recorder(loop, theirs, redacting)
        self.channel = Channel(
            loop,
            ours,
            received=lambda body: self.heard.put_nowait(decode_from_recorder(body)),
            closed=lambda: None,
        )
        self.say(Secrets(b"k" * 32))
        self.workers: list[Channel] = []

    def say(self, message: ToRecorder) -> None:
        """As the daemon."""
        self.channel.send(encode(message))

    def worker(self) -> Channel:
        """One more worker, which names its edges."""
        ours, theirs = socket.socketpair()
        with theirs:
            self.channel.send(encode(Attach()), theirs.fileno())
        made = Channel(asyncio.get_running_loop(), ours, received=lambda _: None, closed=lambda: None)
        self.workers.append(made)
        tell(made, *(Named(number, key) for number, key in KEYS.items()))
        return made

    async def finished(self) -> Finished:
        """The next recording that is closed."""
        while not isinstance(message := await self.heard.get(), Finished):
            pass
        return message

    async def recalled(self) -> Recalled:
        """The next exchange that is told."""
        while not isinstance(message := await self.heard.get(), Recalled):
            pass
        return message


def tell(worker: Channel, *items: Item) -> None:
    """As a worker."""
    worker.send(encode(Batch(1000.0, items)))


def whole(path: bytes, edge: int = 1, token: int = 0) -> Whole:
    """A call that is over."""
    return Whole(edge, 1.0, 500, GET % path, OK, Facts(status=200), token=token)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A desk, closed in the end."""
    made = Desk()
    yield made
    for worker in made.workers:
        worker.close()
    made.channel.close()
    await made.recorder.finished.wait()


def read(folder: Path) -> list[Exchange]:
    """What is on the disk."""
    return [one for path in segments_of(folder) for one in read_segment(path.read_bytes()).exchanges]


def targets(folder: Path) -> list[str]:
    """What was asked in it."""
    return [one.request.target for one in read(folder)]


async def test_what_belongs_to_a_recording(desk: Desk, tmp_path: Path) -> None:
    """Edges and a match decide; recordings at the same time don't disturb each other."""
    desk.say(Begin("all", str(tmp_path / "all")))
    desk.say(Begin("stock", str(tmp_path / "stock"), (EdgePattern("*", "stock"),)))
    desk.say(Begin("some", str(tmp_path / "some"), match=FaultMatch(methods=("GET",), path="/b*")))
    worker = desk.worker()
    tell(worker, whole(b"a"), whole(b"b", 2), whole(b"bb"), Marker(1), Marker(2), Marker(3))
    for token, name in enumerate(("all", "stock", "some"), 1):
        desk.say(Finish(name, token))
        assert (await desk.finished()).name == name
    assert targets(tmp_path / "all") == ["/a", "/b", "/bb"]
    assert targets(tmp_path / "stock") == ["/b"]
    assert targets(tmp_path / "some") == ["/b", "/bb"]
    assert [one.id for one in read(tmp_path / "all")] == ["1", "2", "3"]


async def test_what_began_first_is_looked_at_first(desk: Desk, tmp_path: Path) -> None:
    """A request that others are behind ends after them; what it tells (a secret, say) is known before theirs."""
    desk.say(Begin("all", str(tmp_path / "all")))
    worker = desk.worker()
    inner = Whole(2, 2.0, 500, GET % b"inner", OK, Facts(status=200))
    tell(worker, inner, whole(b"outer"), Marker(1))
    desk.say(Finish("all", 1))
    await desk.finished()
    assert [(one.request.target, one.id) for one in read(tmp_path / "all")] == [
        ("/outer", "1"),
        ("/inner", "2"),
    ]


async def test_a_recording_ends_when_every_worker_has_said_so(desk: Desk, tmp_path: Path) -> None:
    """What a worker told before its mark is in it, however late it comes."""
    desk.say(Begin("all", str(tmp_path / "all")))
    first, second = desk.worker(), desk.worker()
    tell(first, whole(b"a"), Marker(1))
    desk.say(Finish("all", 1))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(desk.finished(), 0.1)
    tell(second, whole(b"b"), Marker(1), whole(b"too-late"))
    assert (await desk.finished()).exchanges == 2
    assert targets(tmp_path / "all") == ["/a", "/b"]


async def test_a_worker_that_is_gone_is_not_waited_for(desk: Desk, tmp_path: Path) -> None:
    """What it had under way is kept as far as it came."""
    desk.say(Begin("all", str(tmp_path / "all")))
    worker = desk.worker()
    tell(worker, Opened(1, 1, 2.0), Piece(1, True, 0, GET % b"long"), Piece(1, False, 10, OK[:-1]))  # noqa: FBT003
    desk.say(Finish("all", 1))
    worker.close()
    assert (await desk.finished()).exchanges == 1
    (found,) = read(tmp_path / "all")
    assert found.response is not None
    assert found.response.body.cut is Cut.BROKEN


async def test_what_goes_on_when_it_ends_is_kept_as_far_as_it_came(desk: Desk, tmp_path: Path) -> None:
    """A stream of events that never ends is in the recording, marked."""
    desk.say(Begin("all", str(tmp_path / "all")))
    worker = desk.worker()
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces = [Piece(1, False, at, data) for at, data in ((5, head), (10, b"3\r\nabc\r\n"))]  # noqa: FBT003
    tell(worker, Opened(1, 1, 2.0), Piece(1, True, 0, GET % b"events"), *pieces, Marker(1))  # noqa: FBT003
    desk.say(Finish("all", 1))
    await desk.finished()
    tell(worker, Closed(1, 50, Facts(status=200)))
    (found,) = read(tmp_path / "all")
    assert found.response is not None
    assert (found.response.body.data, found.response.body.cut) == (b"abc", Cut.BROKEN)


async def test_a_dump_is_for_whom_asked(desk: Desk, tmp_path: Path) -> None:
    """What passed before goes into the recording of its token, and into no other."""
    desk.say(Begin("live", str(tmp_path / "live")))
    desk.say(Begin("past", str(tmp_path / "past"), token=9))
    worker = desk.worker()
    tell(worker, whole(b"old", token=9), whole(b"new"), Marker(9), Marker(1))
    desk.say(Finish("past", 9))
    await desk.finished()
    desk.say(Finish("live", 1))
    await desk.finished()
    assert targets(tmp_path / "past") == ["/old"]
    assert targets(tmp_path / "live") == ["/new"]


async def test_progress_is_what_is_on_the_disk(desk: Desk, tmp_path: Path) -> None:
    """As soon as it is told, it is read back; losses are told, too, and stand in the recording."""
    desk.say(Begin("all", str(tmp_path / "all")))
    tell(desk.worker(), whole(b"a"), Lost(3))
    told = await desk.heard.get()
    assert isinstance(told, Progress)
    assert (told.exchanges, told.lost) == (1, 3)
    assert targets(tmp_path / "all") == ["/a"]
    segment = read_segment(segments_of(tmp_path / "all")[0].read_bytes())
    assert segment.notes == ["3 exchanges were lost: the recorder was too slow"]
    assert told.bytes == segment.size


async def test_a_folder_that_cannot_be_written_to_is_told(desk: Desk) -> None:
    """The recording is over before it began, with the reason."""
    desk.say(Begin("all", "/proc/none/all"))
    assert "cannot write to" in (await desk.finished()).trouble


async def test_when_the_daemon_is_gone_what_there_is_is_kept(tmp_path: Path) -> None:
    """The last words of a daemon that was killed are on the disk."""
    desk = Desk()
    desk.say(Begin("all", str(tmp_path / "all")))
    worker = desk.worker()
    tell(worker, whole(b"a"))
    await desk.heard.get()
    desk.channel.close()
    await desk.recorder.finished.wait()
    worker.close()
    assert targets(tmp_path / "all") == ["/a"]


async def test_a_mark_that_never_comes_is_not_waited_for_for_ever(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was started too late to be asked does not keep the recording open."""
    monkeypatch.setattr(recorder, "PATIENCE", 0.05)
    desk.say(Begin("all", str(tmp_path / "all")))
    tell(desk.worker(), whole(b"a"))
    desk.say(Finish("all", 1))
    assert (await desk.finished()).exchanges == 1


async def test_what_cannot_be_redacted_is_not_written(tmp_path: Path) -> None:
    """A defect of ours costs that call, never a secret; it is told in the recording."""

    def failing(exchange: Exchange, _: Schema) -> Exchange:
        if exchange.request.target == "/bad":
            raise ValueError("a defect")
        return exchange

    desk = Desk(lambda _: failing)
    desk.say(Begin("all", str(tmp_path / "all")))
    tell(desk.worker(), whole(b"bad"), whole(b"good"), Marker(1))
    desk.say(Finish("all", 1))
    told = await desk.finished()
    assert (told.exchanges, told.lost) == (1, 1)
    assert targets(tmp_path / "all") == ["/good"]
    desk.workers[0].close()
    desk.channel.close()
    await desk.recorder.finished.wait()


def seen(span: str, answer: bytes = OK, token: int = 9) -> Whole:
    """A call out of a ring, by its span."""
    ids = Facts(ids=b"a" * 32 + b"-" + span.encode(), status=200)
    return Whole(1, 1.0, 500, GET % span.encode(), answer, ids, token=token)


async def test_one_call_is_recalled_by_its_span_and_leaves_nothing_on_the_disk(
    desk: Desk, tmp_path: Path
) -> None:
    """When every worker has told what it has; no recording that is under way gets it a second time."""
    one, other = desk.worker(), desk.worker()
    desk.say(Begin("all", str(tmp_path)))
    desk.say(Recall(9, "00f067aa0ba902b7"))
    tell(one, Marker(9))
    tell(other, seen("1111111111111111"), seen("00f067aa0ba902b7"), Marker(9))
    told = await desk.recalled()
    found = msgspec.msgpack.decode(told.exchange, type=Exchange)
    assert told.token == 9
    assert (found.request.target, found.span) == ("/00f067aa0ba902b7", "00f067aa0ba902b7")
    assert found.response is not None
    assert found.response.body.data == b"ok"
    desk.say(Finish("all", 10))
    for worker in (one, other):
        tell(worker, Marker(10))
    assert (await desk.finished()).exchanges == 0


async def test_a_call_that_no_ring_has_any_more_is_told_to_be_gone(desk: Desk) -> None:
    """An answer comes all the same."""
    desk.say(Recall(9, "00f067aa0ba902b7"))
    assert await desk.recalled() == Recalled(9)


async def test_what_is_recalled_fits_into_a_frame(desk: Desk) -> None:
    """Of a small body that was compressed from a large one, the beginning."""
    packed = gzip.compress(b"0" * 30_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    worker = desk.worker()
    desk.say(Recall(9, "00f067aa0ba902b7"))
    tell(worker, seen("00f067aa0ba902b7", head + packed), Marker(9))
    found = msgspec.msgpack.decode((await desk.recalled()).exchange, type=Exchange)
    assert found.response is not None
    assert found.response.body.cut is Cut.CAP
    assert len(found.response.body.data) == MOST_BODY


async def test_a_dump_may_be_there_before_the_word_for_it(desk: Desk, tmp_path: Path) -> None:
    """A worker's answer can overtake the daemon: what it brings waits for its recording."""
    worker = desk.worker()
    desk.say(Begin("live", str(tmp_path / "live")))
    tell(
        worker,
        whole(b"old", token=9),
        seen("00f067aa0ba902b7", token=10),
        Marker(9),
        Marker(10),
        whole(b"new"),
    )
    told = await desk.heard.get()
    assert isinstance(told, Progress)  # all of it has arrived
    desk.say(Begin("past", str(tmp_path / "past"), token=9))
    desk.say(Finish("past", 9))
    assert (await desk.finished()).exchanges == 1
    assert targets(tmp_path / "past") == ["/old"]
    desk.say(Recall(10, "00f067aa0ba902b7"))
    assert (await desk.recalled()).exchange
