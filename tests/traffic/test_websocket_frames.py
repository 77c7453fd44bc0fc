"""WebSocket frames: whatever is counted is what the `websockets` library reads, however the bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side

from meshdev.traffic.websocket_frames import Control, Event, FrameScanner, GaveUp, Message

MASKED = pytest.mark.parametrize("masked", [True, False], ids=["caller", "callee"])
DATA = (Opcode.TEXT, Opcode.BINARY)


def read(pieces: list[bytes], *, masked: bool, extended: bool = False) -> list[Event]:
    """The events of these bytes."""
    scanner = FrameScanner(masked=masked, extended=extended)
    events = [event for piece in pieces for event in scanner.feed(piece)]
    assert scanner.messages == sum(isinstance(event, Message) for event in events)
    return events


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """``data`` in pieces."""
    at = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(at)]


def oracle(data: bytes, *, masked: bool) -> tuple[list[Event], bool]:
    """What the library reads in the same bytes, and whether it found fault with them."""
    protocol = Protocol(Side.SERVER if masked else Side.CLIENT, max_size=None)
    protocol.receive_data(data)
    events: list[Event] = []
    text, size = False, 0
    for frame in protocol.events_received():
        assert isinstance(frame, Frame)
        if frame.opcode in (Opcode.PING, Opcode.PONG, Opcode.CLOSE):
            events.append(Control(frame.opcode, len(frame.data)))
            continue
        if frame.opcode in DATA:
            text, size = frame.opcode is Opcode.TEXT, 0
        size += len(frame.data)
        if frame.fin:
            events.append(Message(text, size))
    return events, protocol.parser_exc is not None


def sizes() -> st.SearchStrategy[int]:
    """Each way to write a length, and its edges."""
    return st.integers(0, 300) | st.sampled_from([125, 126, 127, 65535, 65536, 70000])


@st.composite
def conversations(draw: st.DrawFn, *, masked: bool) -> bytes:
    """Messages in one frame or many, with control frames between, and perhaps a close."""
    out = bytearray()

    def add(opcode: Opcode, data: bytes, *, fin: bool = True) -> None:
        out.extend(Frame(opcode, data, fin).serialize(mask=masked))

    for _ in range(draw(st.integers(0, 6))):
        if draw(st.booleans()):
            add(draw(st.sampled_from([Opcode.PING, Opcode.PONG])), bytes(draw(st.integers(0, 125))))
        fragments = [bytes(size) for size in draw(st.lists(sizes(), min_size=1, max_size=3))]
        for number, data in enumerate(fragments):
            opcode = Opcode.CONT if number else draw(st.sampled_from(DATA))
            add(opcode, data, fin=number == len(fragments) - 1)
            if draw(st.booleans()):
                add(Opcode.PING, b"x")
    if draw(st.booleans()):
        add(Opcode.CLOSE, draw(st.sampled_from([b"", b"\x03\xe8", b"\x03\xe9going away"])))
        out.extend(draw(st.binary(max_size=20)))
    return bytes(out)


@MASKED
@given(data=st.data(), places=st.lists(st.integers(0, 10**6), max_size=12))
def test_conversations_are_read_as_the_library_reads_them(
    masked: bool,  # noqa: FBT001 - a parameter of the test
    data: st.DataObject,
    places: list[int],
) -> None:
    """The same messages and control frames, in any split, also if the last is not complete."""
    whole = data.draw(conversations(masked=masked))
    part = whole[: data.draw(st.integers(0, len(whole)) | st.just(len(whole)))]
    events, fault = oracle(part, masked=masked)
    assert not fault
    assert read(cut(part, places), masked=masked) == events


@MASKED
@given(
    data=st.binary(max_size=300)
    | st.lists(
        st.tuples(
            st.sampled_from([0x81, 0x82, 0x01, 0x80, 0x00, 0x89, 0x8A, 0x88, 0xC1, 0x83, 0x09]), st.binary()
        )
    ).map(lambda parts: b"".join(bytes([first]) + rest for first, rest in parts)),
    places=st.lists(st.integers(0, 400), max_size=12),
)
def test_any_bytes_in_any_split(masked: bool, data: bytes, places: list[int]) -> None:  # noqa: FBT001
    """Never an exception, always the same events; where we give up the library does not go on either."""
    events = read([data], masked=masked)
    assert read(cut(data, places), masked=masked) == events
    assert read([bytes([byte]) for byte in data], masked=masked) == events
    theirs, fault = oracle(data, masked=masked)
    gave_up = bool(events) and isinstance(events[-1], GaveUp)
    told = events[:-1] if gave_up else events
    assert theirs == told[: len(theirs)]
    if not fault:
        assert theirs == told


@MASKED
@pytest.mark.parametrize("first", [0x83, 0x8B, 0xC1, 0xA1, 0x80, 0x09])
def test_what_is_no_websocket_is_given_up_once(masked: bool, first: int) -> None:  # noqa: FBT001
    """With the reason, and nothing is read after it."""
    data = bytes([first, 0x80 if masked else 0]) + bytes(4) + Frame(Opcode.TEXT, b"hi").serialize(mask=masked)
    [event] = read([data], masked=masked)
    assert isinstance(event, GaveUp)


def test_masking_tells_callers_from_callees() -> None:
    """A frame that is masked the wrong way is not believed."""
    for masked in (True, False):
        [event] = read([Frame(Opcode.TEXT, b"hi").serialize(mask=not masked)], masked=masked)
        assert isinstance(event, GaveUp)


def test_a_length_beyond_all_bounds_is_given_up() -> None:
    """The first bit of a long length must be zero (RFC 6455 §5.2); the library waits for the bytes."""
    [event] = read([b"\x82\x7f" + b"\xff" * 8], masked=False)
    assert event == GaveUp("a frame that is too long")


def test_compressed_messages_are_counted_with_their_size_on_the_wire() -> None:
    """With an agreed extension reserved bits are no objection."""
    deflate = PerMessageDeflate(
        remote_no_context_takeover=False,
        local_no_context_takeover=False,
        remote_max_window_bits=15,
        local_max_window_bits=15,
    )
    frame = deflate.encode(Frame(Opcode.TEXT, b"again and " * 100))
    plain = Frame(frame.opcode, frame.data).serialize(mask=False)
    wire = bytes([plain[0] | 0x40]) + plain[1:]
    assert read([wire], masked=False, extended=True) == [Message(text=True, size=len(frame.data))]
    [event] = read([wire], masked=False)
    assert isinstance(event, GaveUp)
