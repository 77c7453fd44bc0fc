"""A journal is read back as it was written, and up to wherever the writing stopped."""

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.recording.journal import MAGIC, JournalWriter, read_segment
from meshdev.recording.model import Body, Exchange, Request, Response
from support_raw import exchange

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"


def an_exchange(number: int, asked: bytes = b"", told: bytes | None = None) -> Exchange:
    """One with these bodies."""
    return Exchange(
        str(number),
        float(number),
        10,
        "a",
        "b",
        Request("POST", f"/{number}", (("Host", "x"),), Body(asked, len(asked))),
        None if told is None else Response(200, "OK", (), Body(told, len(told), pieces=((0, 5),))),
    )


_BODIES = st.one_of(
    st.binary(max_size=10),
    st.sampled_from([b"same " * 40, b"other " * 40]),
    st.binary(min_size=65, max_size=300),
)


@given(st.lists(st.tuples(_BODIES, st.none() | _BODIES), max_size=12), st.integers(1, 4))
def test_what_went_in_comes_out(bodies: list[tuple[bytes, bytes | None]], every: int) -> None:
    """Exchanges in order and whole, whichever blocks they were written in."""
    written = [an_exchange(number, *pair) for number, pair in enumerate(bodies)]
    writer, data = JournalWriter(), b""
    for number, one in enumerate(written):
        writer.add(one)
        if number % every == 0:
            data += writer.take()
    data += writer.take()
    segment = read_segment(data)
    assert segment.exchanges == written
    assert not segment.torn
    assert not segment.foreign


def test_the_same_body_is_kept_once() -> None:
    """A body that comes a thousand times costs the place of one, and a few bytes for each exchange."""
    body = random.Random(1).randbytes(1500)
    writer = JournalWriter()
    for number in range(1000):
        writer.add(an_exchange(number, told=body))
    data = writer.take()
    assert len(data) < 1500 + 1000 * 20
    assert all(one.response and one.response.body.data == body for one in read_segment(data).exchanges)


@settings(max_examples=60)
@given(st.data())
def test_a_torn_end_costs_only_itself(data: st.DataObject) -> None:
    """Cut anywhere, everything before the torn block is read, and the rest is told in bytes."""
    writer, ends, whole = JournalWriter(), [0], b""
    for number in range(5):
        writer.add(an_exchange(number, told=b"body %d " % number * 20))
        whole += writer.take()
        ends.append(len(whole))
    cut = data.draw(st.integers(0, len(whole)))
    segment = read_segment(whole[:cut])
    blocks = sum(1 for end in ends[1:] if end <= cut)
    assert [one.id for one in segment.exchanges] == [str(number) for number in range(blocks)]
    if cut >= len(MAGIC):
        assert segment.torn == cut - max(ends[blocks], len(MAGIC))


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_changed_byte_is_noticed(at: int, value: int) -> None:
    """A block whose bytes are others ends the reading; what was before stays true."""
    writer = JournalWriter()
    writer.add(an_exchange(1, told=b"first " * 20))
    first = writer.take()
    writer.add(an_exchange(2, told=b"second " * 20))
    data = bytearray(first + writer.take())
    at = len(first) + at % (len(data) - len(first))
    data[at] = value
    segment = read_segment(bytes(data))
    assert [one.id for one in segment.exchanges][:1] == ["1"]
    if bytes(data) != first + writer.take():
        assert all(one.id in {"1", "2"} for one in segment.exchanges)


@pytest.mark.parametrize("data", [b"MDRJ\x02\n\r\n", b"something else entirely", b"\x00" * 40])
def test_what_is_no_journal_is_told(data: bytes) -> None:
    """Of another version, or nothing of ours."""
    assert read_segment(data).foreign


def test_an_empty_file_is_a_journal_of_nothing() -> None:
    """The recorder was killed before its first block."""
    segment = read_segment(b"")
    assert not segment.foreign
    assert not segment.exchanges


def test_a_note_is_kept() -> None:
    """What was lost stands in the recording."""
    writer = JournalWriter()
    writer.note("3 exchanges were lost")
    assert read_segment(writer.take()).notes == ["3 exchanges were lost"]


def test_a_field_that_came_later_has_its_default() -> None:
    """Recordings of an older meshdev are read: arrays may be shorter."""
    now = exchange(GET)
    told = msgspec.msgpack.decode(msgspec.msgpack.encode(now))[:7]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(told), type=Exchange).endpoint == "http"
