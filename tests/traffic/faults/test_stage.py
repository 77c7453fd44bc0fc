"""Faults on messages in simulated time: which leave, when, in which order, and what else stays as it was."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.faults.connection import ConnectionFaults
from meshdev.traffic.faults.edge import EdgeFaults
from meshdev.traffic.faults.link import End, Item
from meshdev.traffic.protocols.cutting import Cutter
from support_faults import ON
from support_messages import Notes, note
from support_scanning import cut_at
from support_stage import PING, Left, Run

ONE, TWO, THREE, FOUR = (note("order.placed", b"%d" % number) for number in range(1, 5))


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"drop": True, "times": 1}, [(0.0, PING), (1.0, TWO)]),
        ({"drop": {"percentage": 0}}, [(0.0, ONE), (0.0, PING), (1.0, TWO)]),
        ({"duplicate": True, "times": 1}, [(0.0, ONE), (0.0, ONE), (0.0, PING), (1.0, TWO)]),
        (
            {"duplicate": {"copies": 2, "gap": "500ms"}, "times": 1},
            [(0.0, ONE), (0.0, PING), (0.5, ONE), (1.0, ONE), (1.0, TWO)],
        ),
        ({"delay": "3s", "times": 1}, [(0.0, PING), (1.0, TWO), (3.0, ONE)]),
        ({"delay": "3s"}, [(0.0, PING), (3.0, ONE), (4.0, TWO)]),
        ({"reorder": {"within": "5s"}}, [(0.0, PING), (1.0, TWO), (1.0, ONE)]),
        ({"reorder": {"behind": 2}}, [(0.0, PING), (1.0, ONE), (2.0, TWO)]),
        ({"reorder": {"behind": 2, "within": "2s"}}, [(0.0, PING), (1.0, TWO), (2.0, ONE)]),
        (
            {"poison": {"payload": "mud"}, "times": 1},
            [(0.0, note("order.placed", b"mud")), (0.0, PING), (1.0, TWO)],
        ),
        ({"poison": True, "times": 1}, [(0.0, note("order.placed", b"\xff")), (0.0, PING), (1.0, TWO)]),
        (
            {"delay": "3s", "duplicate": True, "times": 1},
            [(0.0, PING), (1.0, TWO), (3.0, ONE), (3.0, ONE)],
        ),
    ],
)
@pytest.mark.parametrize("upstream", [True, False])
def test_what_each_does(table: Mapping[str, Any], expected: Left, *, upstream: bool) -> None:
    """To a message, what is none, and a second message a second later; both ways."""
    assert Run(table, upstream=upstream).say(0.0, ONE + PING).say(1.0, TWO).until() == expected


@pytest.mark.parametrize(("direction", "hit"), [("upstream", True), ("downstream", False), ("both", True)])
def test_direction(direction: str, *, hit: bool) -> None:
    """Upstream is what is published."""
    assert (Run({"drop": {"direction": direction}}).say(0.0, ONE).items() == []) is hit


@pytest.mark.parametrize(
    ("pattern", "subject", "fits"),
    [
        ("", "order.placed", True),
        ("order.*", "order.placed", True),
        ("order.*", "order.placed.late", False),
        ("order.**", "order.placed.late", True),
        ("order.>", "order.placed.late", True),
        ("order/#", "order/placed/late", True),
        ("+/placed", "order/placed", True),
        ("a+b", "a+b", True),
        ("order.p*", "order.placed", True),
        (">", "order.placed", True),
        ("order?placed", "order.placed", False),
        ("", "$JS.ACK.x", False),
        ("**", "$JS.ACK.x", False),
        ("$JS.**", "$JS.ACK.x", True),
    ],
)
def test_subjects(pattern: str, subject: str, *, fits: bool) -> None:
    """Globs over tokens; the protocol's own doings only when they are asked for."""
    match = {"subject": pattern} if pattern else {}
    assert (Run({"drop": True, "match": match}).say(0.0, note(subject, b"x")).items() == []) is fits


def test_counts_and_hits() -> None:
    """Messages are counted as requests are."""
    run = Run({"drop": True, "match": {"every": 2, "subject": "order.*"}})
    assert run.say(0.0, ONE + note("other", b"") + TWO + THREE + FOUR).items() == [
        ONE,
        note("other", b""),
        THREE,
    ]
    assert run.edge.take_hits() == {"a/drop": 2}


def test_the_seed_decides() -> None:
    """The same seed and order of messages: the same decisions, however they come."""

    def kept(seed: int, *, at_once: bool) -> list[Item]:
        run = Run({"drop": {"percentage": 50, "seed": seed}})
        notes = [note("order.placed", b"%d" % number) for number in range(100)]
        return run.say(0.0, *([b"".join(notes)] if at_once else notes)).items()

    first = kept(1, at_once=True)
    assert 30 < len(first) < 70
    assert first == kept(1, at_once=False)
    assert first != kept(2, at_once=False)


def test_pairs_change_places() -> None:
    """At 100 % each second message overtakes the one before."""
    assert Run({"reorder": True}).say(0.0, ONE + TWO + THREE + FOUR).items() == [TWO, ONE, FOUR, THREE]


def test_only_what_fits_overtakes() -> None:
    """Others pass, but don't count."""
    other = note("other", b"")
    run = Run({"reorder": True, "match": {"subject": "order.*"}})
    assert run.say(0.0, ONE + other + TWO).items() == [other, TWO, ONE]


# --- in and out -------------------------------------------------------------------------------------


def test_spliced_in_the_middle_of_a_message() -> None:
    """What is left of it passes; what is late is not put into it."""
    run = Run({"delay": "1s"}, cutter=Cutter(Notes(), skip=4))
    assert run.say(0.0, b"ab").say(0.5, b"cd" + ONE).until() == [(0.0, b"ab"), (0.5, b"cd"), (1.5, ONE)]


def test_nothing_is_put_into_a_unit_that_streams() -> None:
    """A large message is under way when a late one is due: it leaves right behind it."""
    large = note("order.placed", b"x" * 3_000_000)
    run = (
        Run({"delay": "1s", "times": 1}).say(0.0, ONE).say(0.5, large[:2_500_000]).say(3.0, large[2_500_000:])
    )
    out = run.until()
    assert b"".join(item for _, item in out if isinstance(item, bytes)) == large + ONE
    assert out[-1] == (3.0, ONE)


@pytest.mark.parametrize("table", [{"delay": "1h"}, {"reorder": {"within": "1h"}}])
def test_taken_out_it_lets_go(table: Mapping[str, Any]) -> None:
    """What was held back leaves at once, and what had come of the next message before what still comes."""
    run = Run(table).say(0.0, ONE + PING + TWO[:5]).switch(1.0)
    assert run.idle()
    assert run.say(2.0, TWO[5:]).until() == [(0.0, PING), (1.0, ONE), (1.0, TWO[:5]), (2.0, TWO[5:])]


def test_taken_out_while_a_unit_streams() -> None:
    """It stays until the unit is over, lets go, and is gone."""
    large = note("order.placed", b"x" * 3_000_000)
    run = Run({"delay": "1h", "times": 1}).say(0.0, ONE + large[:100]).switch(1.0)
    assert not run.idle()
    run.say(2.0, large[100:])
    assert run.connection.tidy(ON + 2.0)
    assert run.idle()
    assert b"".join(item for item in run.items() if isinstance(item, bytes)) == large + ONE


def test_one_of_two_is_taken_out() -> None:
    """What only the other holds back stays."""
    first = {"delay": "1h", "match": {"subject": "order.placed"}}
    other = {"delay": "2h", "match": {"subject": "other"}}
    run = Run(first, other).say(0.0, ONE + note("other", b""))
    run.switch(1.0, {"drop": {"percentage": 0}}, other)
    assert run.until() == [(1.0, ONE)]


@pytest.mark.parametrize("end", [End.EOF, End.CLOSE])
def test_an_end_waits(end: End) -> None:
    """Behind what is late and what is overtaken."""
    assert Run({"delay": "3s"}).say(0.0, ONE, end).until() == [(3.0, ONE), (3.0, end)]
    assert Run({"reorder": True}).say(0.0, ONE, end).until() == [(0.0, ONE), (0.0, end)]
    assert Run({"drop": True}).say(0.0, ONE + TWO[:5], end).until() == [(0.0, TWO[:5]), (0.0, end)]


def test_a_lost_place_is_not_made_worse() -> None:
    """What is late leaves before what makes no sense."""
    run = Run({"delay": "1h"}).say(0.0, ONE).say(1.0, b"nonsense\n" + TWO)
    assert run.until() == [(1.0, ONE), (1.0, b"nonsense\n" + TWO)]


def test_messages_come_before_bytes() -> None:
    """An older fault on bytes changes nothing of where messages are cut: they are cut where the connection is."""
    late = {"latency": "1s", "direction": "both"}
    run = Run(late, cutter=Cutter(Notes(), out=ONE[:5])).say(0.0, ONE[:5])
    run.switch(0.2, late, {"drop": True}).say(0.5, ONE[5:] + TWO + PING)
    assert run.until() == [(1.0, ONE[:5]), (1.5, ONE[5:]), (1.5, PING)]


TABLES: Sequence[Mapping[str, Any]] = (
    {"duplicate": {"gap": "2s"}, "percentage": 50},
    {"delay": {"delay": "1s", "jitter": "1s"}, "percentage": 50},
    {"reorder": {"behind": 2, "within": "3s"}, "percentage": 50},
    {"poison": {"payload": "mud"}, "percentage": 50},
)


@given(
    st.lists(st.tuples(st.sampled_from(["order.a", "$x", "b"]), st.binary(max_size=40)), max_size=30),
    st.lists(st.floats(0, 1), max_size=10),
    st.lists(st.sets(st.integers(0, 3)), min_size=11, max_size=11),
)
def test_the_stream_stays_valid(
    notes: list[tuple[str, bytes]], places: list[float], switched: list[set[int]]
) -> None:
    """Faults come and go at any byte: what leaves are whole units, and each message at least once."""
    stream = b"".join(note(subject, body) + PING for subject, body in notes)
    read = bytearray()
    run = Run(*TABLES[:2])
    run.connection = ConnectionFaults(ON - 1, lambda _: _at(bytes(read)))
    run.edge = EdgeFaults("orders -> payments", "orders")
    run.chain = run.connection.upstream
    for second, (data, on) in enumerate(zip(cut_at(places)(stream), switched, strict=False)):
        run.switch(second, *(TABLES[index] for index in sorted(on)))
        run.say(second + 0.5, data)
        read += data
    run.switch(30.0)
    out = b"".join(item for item in run.items() if isinstance(item, bytes))
    pieces = Cutter(Notes()).cut(out)
    assert b"".join(piece.data for piece in pieces) == out
    counted = [piece.data for piece in pieces if piece.message is not None]
    assert len(counted) >= len(notes)
    assert out.count(PING) >= len(notes)


def _at(read: bytes) -> Cutter:
    """A cutter as a scanner would give it that has read so much."""
    at = 0
    while at < len(read):
        unit = Notes().measure(read, at)
        if unit is None:
            return Cutter(Notes(), out=read[at:])
        at += unit.size
    return Cutter(Notes(), skip=at - len(read))
