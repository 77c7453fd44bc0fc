"""Redis cut into messages: all bytes in order, in any cut, from any place, whatever is said."""

import os
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.traffic.protocols.cutting import Composed, Cutter, LostPlaceError, Part, Piece
from meshdev.traffic.protocols.redis.cutting import AskedBorders
from meshdev.traffic.protocols.redis.deliveries import AnsweredBorders
from meshdev.traffic.protocols.redis.publishing import message_of
from meshdev.traffic.protocols.redis.said import element, end_of
from meshdev.traffic.protocols.redis.scanner import RedisScanner
from meshdev.traffic.protocols.redis.watches import kinds
from support_redis import bulk, command
from support_scanning import cut_at

EXAMPLES = int(os.environ.get("MESHDEV_FUZZ", "50"))
ASKED = [
    command("HELLO", 3),
    b"PING\r\n",
    command("SET", "a", "x" * 500, "EX", 10),
    command("PUBLISH", "order.placed", "x" * 300),
    command("CLIENT", "REPLY", "SKIP"),
    command("PUBLISH", "order.placed", "2"),
    command("XADD", "orders", "MAXLEN", "~", 100, "LIMIT", 5, "*", "Tenant", "a", "n", ""),
    command("MULTI"),
    command("SPUBLISH", "__inner", "3"),
    command("EXEC"),
    command("PUBLISH", "too", "many", "words"),
    b"*0\r\n",
    command("y" * 100, "1"),
    command("ASKING"),
    command("SUBSCRIBE", "a"),
    command("QUIT"),
]
PUSH = b">3\r\n" + bulk(b"message") + bulk(b"order.placed") + bulk(b"x" * 200)
ENTRY = b"*2\r\n" + bulk(b"1-1") + b"*2\r\n" + bulk(b"n") + bulk(b"1")
GONE = b"*2\r\n" + bulk(b"1-2") + b"*-1\r\n"
ANSWERED = [
    b"%1\r\n+proto\r\n:3\r\n",
    b"+PONG\r\n",
    PUSH,
    b"*2\r\n" + bulk(b"a" * 300) + b"*1\r\n:1\r\n",
    b">4\r\n" + bulk(b"pmessage") + bulk(b"o*") + bulk(b"order.placed") + bulk(b""),
    b"%1\r\n" + bulk(b"orders") + b"*2\r\n" + ENTRY + GONE,
    b">2\r\n" + bulk(b"invalidate") + b"*1\r\n" + bulk(b"a"),
    b"$-1\r\n",
    b"|1\r\n+a\r\n+b\r\n*1\r\n:1\r\n",
]
QUESTIONS = [
    command("HELLO", 3),
    command("PING"),
    command("LRANGE", "a", 0, -1),
    command("XREAD", "STREAMS", "orders", 0),
    command("GET", "a"),
    command("LRANGE", "a", 0, -1),
]


def scanner_at(read: int, *, asked: bool) -> RedisScanner:
    """One that has read so many bytes of a direction."""
    scanner = RedisScanner()
    if asked:
        scanner.asked(b"".join(ASKED)[:read], 0.0)
    else:
        scanner.asked(b"".join(QUESTIONS), 0.0)
        scanner.answered(b"".join(ANSWERED)[:read], 0.0)
    return scanner


def as_it_is(cutter: Cutter, piece: Piece) -> bytes:
    """What leaves in its place when nothing is done to it."""
    borders = cutter.borders
    assert isinstance(borders, Composed)
    return (
        borders.with_parts(piece.data, piece.parts, [Part() for _ in piece.parts])
        if piece.parts
        else piece.data
    )


def cut(asked: bool, read: int = 0, places: Sequence[float] = ()) -> tuple[Cutter, list[Piece]]:  # noqa: FBT001
    """What a cutter makes of a direction that begins when the scanner has read so many bytes, as that goes on."""
    scanner = scanner_at(read, asked=asked)
    cutter = scanner.cutter(asked=asked)
    feed = scanner.asked if asked else scanner.answered
    pieces: list[Piece] = []
    for data in cut_at(places)(b"".join(ASKED if asked else ANSWERED)[read:]):
        feed(data, 0.0)
        pieces += cutter.cut(data)
    assert not cutter.lost
    return cutter, pieces


def test_what_a_caller_says() -> None:
    """Commands, messages among them; where nothing may be put in, and before what everything leaves."""
    cutter, pieces = cut(asked=True)
    assert [piece.data for piece in pieces] == ASKED
    said = [(part.subject, part.inner, part.fixed) for piece in pieces for part in piece.parts]
    assert said == [
        ("order.placed", False, False),
        ("order.placed", False, False),
        ("orders", False, False),
        ("__inner", True, True),
    ]
    assert [ASKED.index(piece.data) for piece in pieces if piece.bound] == [4, 7, 8, 13]
    assert [ASKED.index(piece.data) for piece in pieces if piece.last] == [14, 15]
    assert pieces[6].parts[0].headers() == {"tenant": "a", "n": ""}
    assert not cutter.streaming


def test_what_a_server_says() -> None:
    """Messages of channels, entries of an answer; arrays are what was asked for."""
    _, pieces = cut(asked=False)
    assert [piece.data for piece in pieces] == ANSWERED
    assert [piece.message.subject for piece in pieces if piece.message] == ["order.placed"] * 2
    assert [(part.subject, part.headers()) for piece in pieces for part in piece.parts] == [
        ("orders", {"n": "1"})
    ]


@pytest.mark.parametrize("asked", [True, False])
@settings(max_examples=EXAMPLES * 2, deadline=None)
@given(st.floats(0, 1), st.lists(st.floats(0, 1), max_size=8))
def test_no_byte_is_lost(asked: bool, begun: float, places: list[float]) -> None:  # noqa: FBT001
    """Wherever it begins, however the bytes come; messages that begin later are the same."""
    said = ASKED if asked else ANSWERED
    whole = b"".join(said)
    read = int(begun * len(whole))
    cutter, pieces = cut(asked, read, places)
    assert b"".join(as_it_is(cutter, piece) for piece in pieces) == whole[read:]
    found = [piece.data for piece in pieces if piece.parts or piece.message]
    _, all_pieces = cut(asked)
    border = len(whole)
    for piece in reversed(all_pieces):
        border -= len(piece.data)
        if border < read:
            break
        if piece.parts or piece.message:
            assert piece.data in found


@settings(max_examples=EXAMPLES * 2, deadline=None)
@given(
    st.lists(st.sampled_from(ASKED) | st.binary(max_size=20), max_size=10),
    st.lists(st.floats(0, 1), max_size=5),
)
def test_any_bytes_are_survived(said: list[bytes], places: list[float]) -> None:
    """Both ways; nothing of it is lost."""
    for borders in (AskedBorders(), AnsweredBorders(kinds())):
        cutter = Cutter(borders)
        pieces = [piece for data in cut_at(places)(b"".join(said)) for piece in cutter.cut(data)]
        left = (
            b"".join(as_it_is(cutter, piece) if piece.parts else piece.data for piece in pieces)
            + cutter.rest()
        )
        assert left == b"".join(said)


def test_a_message_of_any_size_passes() -> None:
    """Beyond two MiB it is none."""
    cutter = Cutter(AskedBorders())
    data = command("PUBLISH", "a", "x" * 3_000_000) + command("PUBLISH", "a", "1")
    pieces = [piece for at in range(0, len(data), 65536) for piece in cutter.cut(data[at : at + 65536])]
    assert b"".join(piece.data for piece in pieces) == data
    assert [piece.parts[0].subject for piece in pieces if piece.parts] == ["a"]


def test_a_command_is_never_torn() -> None:
    """Between its words nothing is put in, also when the cutter begins there."""
    whole = command("CLIENT", "REPLY", "SKIP") + command("GET", "a")
    for read in range(1, len(whole)):
        scanner = RedisScanner()
        scanner.asked(whole[:read], 0.0)
        cutter = scanner.cutter(asked=True)
        assert cutter.streaming == (read < len(whole))
        pieces = cutter.cut(whole[read:]) if read < len(whole) else []
        assert b"".join(piece.data for piece in pieces) == whole[read:]
        assert not cutter.streaming


@pytest.mark.parametrize(
    "words", [[b"XADD", b"a", b"*", b"n"], [b"XADD", b"a", b"*"], [b"PUBLISH", b"a"], [b"XADD"]]
)
def test_what_is_no_message(words: list[bytes]) -> None:
    """The server will say so."""
    assert message_of(words, fixed=False) is None


@pytest.mark.parametrize("said", [b"?\r\n", b"*x\r\n", b"x" * 70_000])
def test_what_is_no_element(said: bytes) -> None:
    """Its place is lost."""
    with pytest.raises(LostPlaceError):
        element(said, 0, [1])


@pytest.mark.parametrize("said", [*ANSWERED, b"$-1\r\n", b"*-1\r\n", b"=5\r\ntxt:a\r\n", b"$0\r\n\r\n"])
def test_where_an_element_ends(said: bytes) -> None:
    """With all that is in it, and not before."""
    assert end_of(said + b"+OK\r\n", 0) == len(said)
    assert all(end_of(said[:at], 0) == -1 for at in range(1, len(said)))
