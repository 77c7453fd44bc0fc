"""Responses edited as they pass, however they are cut."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.faults.exchange import FaultedExchange, plan_of
from meshdev.traffic.faults.link import End, Item
from meshdev.traffic.http1_head import RequestHead
from support_faults import ON, drain, edge_faults

GET = RequestHead(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
BODY = b'{"price": 10, "tea": "green"}'
COUNTED = b"HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n" + BODY
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\n%b\r\n19\r\n%b\r\n0\r\nX-T: 1\r\n\r\n"
    % (
        BODY[:4],
        BODY[4:],
    )
)
ENDLESS = b"HTTP/1.1 200 OK\r\n\r\n" + BODY
HINTED = b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + COUNTED


def edited(table: dict[str, Any], pieces: list[bytes], request: RequestHead = GET) -> list[Item]:
    """What becomes of a response that comes in pieces."""
    plan = plan_of(edge_faults(table), request, ON, opened=ON)
    assert plan is not None
    exchange = FaultedExchange(plan, request, ON)
    for piece in pieces:
        exchange.response(piece, ON)
    exchange.response_lost(End.CLOSE, ON)
    assert exchange.downstream is not None
    return [item for _, item in drain(exchange.downstream, ON + 3600)]


def joined(items: list[Item]) -> bytes:
    """The bytes of it."""
    return b"".join(item for item in items if isinstance(item, bytes))


@pytest.mark.parametrize("response", [COUNTED, CHUNKED, ENDLESS, HINTED])
@given(cuts=st.sets(st.integers(1, 140), max_size=6))
def test_how_it_is_cut_changes_nothing(response: bytes, cuts: set[int]) -> None:
    """A rewritten body is the same however the response came."""
    marks = [0, *sorted(cut for cut in cuts if cut < len(response)), len(response)]
    pieces = [response[a:b] for a, b in pairwise(marks)]
    out = joined(edited({"rewrite": {"find": "10", "replace": "1000"}}, pieces))
    head, _, body = out.rpartition(b"\r\n\r\n")
    assert body == BODY.replace(b"10", b"1000")
    assert b"content-length: 31" in head
    assert b"chunked" not in head
    assert head.startswith(b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n") is (response is HINTED)
    spoilt = joined(edited({"malformed": True}, pieces))
    assert spoilt.count(b"\xff") == 1
    assert b"price" in spoilt.replace(b"\r\n", b"") or response is CHUNKED


def test_a_truncated_body() -> None:
    """Half of it comes, with the framing of the whole, then the connection closes."""
    assert edited({"truncate": 0.5}, [COUNTED]) == [
        b"HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n",
        BODY[:14],
        End.CLOSE,
    ]
    assert edited({"truncate": "0%"}, [COUNTED])[1:] == [End.CLOSE]
    cut = edited({"truncate": 0.5}, [CHUNKED])
    assert (cut[-1], joined(cut).endswith(b"0\r\n\r\n")) == (End.CLOSE, False)


def test_another_body() -> None:
    """It has its own type and length; what told of the old one is gone."""
    response = b"HTTP/1.1 200 OK\r\nETag: 1\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi"
    out = joined(edited({"rewrite": "[]"}, [response]))
    assert out == b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]"


def test_a_body_that_is_too_large_to_be_rewritten_passes() -> None:
    """Beyond a megabyte nothing is kept back."""
    body = b"10" * 1_000_000
    for framing in (b"Content-Length: 2000000\r\n", b""):
        response = b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n" + body
        pieces = [response[at : at + 65536] for at in range(0, len(response), 65536)]
        assert joined(edited({"rewrite": {"find": "10", "replace": "x"}}, pieces)) == response


def test_answers_without_a_body_get_none() -> None:
    """HEAD, 204 and 304 keep what they say."""
    head = RequestHead(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n"
    assert joined(edited({"malformed": True}, [said], head)) == said
    gone = b"HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n"
    assert joined(edited({"headers": {"remove": "x"}}, [gone])) == b"HTTP/1.1 204 No Content\r\n\r\n"


def test_what_frames_a_message_cannot_be_edited_away() -> None:
    """Headers that say where it ends stay."""
    table = {"headers": {"set": {"content-length": "1", "x": "y"}, "remove": "Transfer-Encoding, connection"}}
    assert joined(edited(table, [COUNTED])) == COUNTED.replace(b"29\r\n", b"29\r\nx: y\r\n")


def test_pieces_come_apart() -> None:
    """The head at once, then each piece of the body after its delay."""
    plan = plan_of(edge_faults({"chunk-delay": "1s"}), GET, ON, opened=ON)
    assert plan is not None
    exchange = FaultedExchange(plan, GET, ON)
    exchange.response(COUNTED, ON)
    assert exchange.downstream is not None
    assert [at - ON for at, _ in drain(exchange.downstream, ON + 9)] == [0, 1]


@pytest.mark.parametrize(
    "odd",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n\x00\x01",
        b"HTTP/1.1 200 OK\nA: b\n\nx",
    ],
)
def test_what_is_no_http_passes(odd: bytes) -> None:
    """A tunnel, and what cannot be read, go through as they are."""
    upgrade = RequestHead(b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
    assert joined(edited({"malformed": True}, [odd, b"more"], upgrade)) == odd + b"more"
