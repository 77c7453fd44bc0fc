"""Cutting: whole messages at their borders, from anywhere in the stream, with no byte more or less."""

from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.protocols.cutting import MOST_MESSAGE, Cutter, Piece
from support_messages import Notes, note
from support_scanning import byte_by_byte, cut_at

UNITS = (note("a", b"first"), b"-\n", note("b.c", b""), note("a", b"x" * 500), b"-\n")
STREAM = b"".join(UNITS)
PLACES = st.lists(st.floats(0, 1), max_size=8)


def whole(pieces: list[Piece]) -> list[tuple[str, bytes]]:
    """The messages among them."""
    return [(piece.message.subject, piece.data) for piece in pieces if piece.message is not None]


def test_messages_and_what_is_none() -> None:
    """Every unit is a piece, a message knows its subject."""
    pieces = Cutter(Notes()).cut(STREAM)
    assert tuple(piece.data for piece in pieces) == UNITS
    assert whole(pieces) == [("a", UNITS[0]), ("b.c", UNITS[2]), ("a", UNITS[3])]


@given(PLACES)
def test_cuts_change_nothing(places: list[float]) -> None:
    """However bytes come, the same messages leave, and all bytes do."""
    cutter = Cutter(Notes())
    pieces = [piece for data in cut_at(places)(STREAM) for piece in cutter.cut(data)]
    assert b"".join(piece.data for piece in pieces) == STREAM
    assert whole(pieces) == whole(Cutter(Notes()).cut(STREAM))
    assert not cutter.streaming
    assert not cutter.held


@given(st.integers(0, len(STREAM)), PLACES)
def test_it_begins_anywhere(place: int, places: list[float]) -> None:
    """Spliced in at any byte, the unit under way passes as it is, and all messages behind it are found."""
    begun = 0
    for unit in UNITS:
        if begun + len(unit) > place:
            break
        begun += len(unit)
    unit = next((unit for unit in UNITS if STREAM.startswith(unit, begun)), b"")
    head = unit.find(b"\n") + 1
    done = place - begun
    cutter = (
        Cutter(Notes(), skip=len(unit) - done) if done >= head else Cutter(Notes(), out=STREAM[begun:place])
    )
    assert cutter.streaming == (done > 0)
    rest = STREAM[place:]
    pieces = [piece for data in cut_at(places)(rest) for piece in cutter.cut(data)]
    assert b"".join(piece.data for piece in pieces) == rest
    behind = whole(Cutter(Notes()).cut(STREAM[begun + (len(unit) if done else 0) :]))
    assert whole(pieces) == behind


def test_a_message_that_is_too_large_passes_as_it_comes() -> None:
    """It is not kept, and it is no message; the next one is."""
    cutter = Cutter(Notes())
    large = note("a", b"x" * MOST_MESSAGE)
    first = cutter.cut(large[:1000])
    assert first == [Piece(large[:1000])]
    assert cutter.streaming
    pieces = cutter.cut(large[1000:] + UNITS[0])
    assert [len(piece.data) for piece in pieces] == [len(large) - 1000, len(UNITS[0])]
    assert whole(pieces) == [("a", UNITS[0])]


def test_what_is_kept_can_be_had() -> None:
    """Taken out in the middle of a message, it gives back what it kept."""
    cutter = Cutter(Notes())
    assert cutter.cut(UNITS[3][:20]) == []
    assert cutter.held == 20
    assert cutter.rest() == UNITS[3][:20]
    assert cutter.held == 0


def test_a_lost_place_is_lost_for_good() -> None:
    """What makes no sense passes, and everything behind it."""
    cutter = Cutter(Notes())
    assert whole(cutter.cut(UNITS[0] + b"nonsense\n" + UNITS[0])) == [("a", UNITS[0])]
    assert cutter.lost
    assert cutter.cut(UNITS[0]) == [Piece(UNITS[0])]
    assert not cutter.streaming


def test_a_head_without_an_end_is_not_kept_for_ever() -> None:
    """More than a message may have is passed on."""
    cutter = Cutter(Notes())
    assert cutter.cut(b"a" * (MOST_MESSAGE // 2)) == []
    pieces = [piece for _ in range(3) for piece in cutter.cut(b"a" * (MOST_MESSAGE // 2))]
    assert cutter.lost
    assert sum(len(piece.data) for piece in pieces) == 2 * MOST_MESSAGE
    assert cutter.held == 0


def test_byte_by_byte() -> None:
    """One byte at a time."""
    cutter = Cutter(Notes())
    pieces = [piece for data in byte_by_byte(STREAM) for piece in cutter.cut(data)]
    assert whole(pieces) == whole(Cutter(Notes()).cut(STREAM))
