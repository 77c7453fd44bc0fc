"""The event-stream parser: the standard's rules, and chunks cut anywhere."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from meshdev.client.sse import Message, SseParser

STREAM = (
    "\ufeff: hello\n\nid: 1\ndata: {}\n\nid: 2\r\ndata: a\r\ndata:b\r\n\r\nevent: x\rdata: ü\r\r".encode()
)
MESSAGES = [Message("{}", id="1"), Message("a\nb", id="2"), Message("ü", event="x", id="2")]


def test_messages_of_a_stream() -> None:
    """Comments, all three line ends, several data lines, event and id."""
    assert SseParser().feed(STREAM + b":\n") == MESSAGES


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_chunks_may_be_cut_anywhere(cuts: list[int]) -> None:
    """The messages don't depend on how the bytes arrive."""
    parser = SseParser()
    bounds = [0, *sorted(cuts), len(STREAM)]
    seen = []
    for begin, end in pairwise(bounds):
        seen += parser.feed(STREAM[begin:end])
    seen += parser.feed(b":\n")
    assert seen == MESSAGES


@given(st.binary(max_size=200))
def test_garbage_never_raises(data: bytes) -> None:
    """Whatever arrives, the parser goes on."""
    SseParser().feed(data)


def test_unfinished_message_is_dropped() -> None:
    """A message counts when its empty line has come."""
    assert SseParser().feed(b"data: half\n") == []


def test_id_with_nul_is_ignored() -> None:
    """The standard forbids NUL in an id."""
    assert [Message("x", id="")] == SseParser().feed(b"id: a\0\ndata: x\n\n")
