"""The body of an engine's answer: head, chunks, bytes until the end, in any pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.runners.container.body import Answer, BadAnswer

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """One chunk as it goes over the line."""
    return b"%x\r\n%s\r\n" % (len(data), data)


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8), st.lists(st.integers(1, 40), max_size=60))
def test_chunks_in_any_pieces(chunks: list[bytes], cuts: list[int]) -> None:
    """Whatever the pieces, the body is the chunks' content, and its end is seen."""
    wire = CHUNKED + b"".join(map(chunk, chunks)) + b"0\r\n\r\n"
    answer = Answer()
    body = b""
    for cut in [*cuts, len(wire)]:
        body += answer.feed(wire[:cut])
        wire = wire[cut:]
    assert body == b"".join(chunks)
    assert answer.ended


def test_bytes_until_the_connection_ends() -> None:
    """An answer without chunks is passed on as it comes."""
    answer = Answer()
    assert answer.feed(PLAIN[:20]) == b""
    assert answer.feed(PLAIN[20:] + b"one") == b"one"
    assert answer.feed(b"two") == b"two"
    assert (answer.status, answer.ended) == (200, False)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"message": "no such container"}', "no such container"),
        (b"plain words", "plain words"),
        (b"", "status 404"),
    ],
)
def test_a_refusal_is_a_complaint(body: bytes, expected: str) -> None:
    """What the engine says goes to nobody else."""
    answer = Answer()
    assert answer.feed(b"HTTP/1.1 404 Not Found\r\n\r\n" + body) == b""
    assert answer.complaint == expected


@pytest.mark.parametrize("wire", [b"SSH-2.0\r\n\r\n", CHUNKED + b"zz\r\n", b"x" * 70_000])
def test_nonsense_is_told(wire: bytes) -> None:
    """Something that is no HTTP answer is no silent end."""
    with pytest.raises(BadAnswer):
        Answer().feed(wire)
