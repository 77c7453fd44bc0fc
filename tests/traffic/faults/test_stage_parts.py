"""Faults on messages that are parts of a unit, in simulated time: something always leaves in their place."""

from collections.abc import Mapping
from typing import Any

import pytest

from meshdev.traffic.faults.link import End, Item
from meshdev.traffic.protocols.cutting import Cutter
from support_messages import Answered, note
from support_stage import PING, Left, Run

ONE, TWO = (note("order.placed", b"%d" % number) for number in (1, 2))
FIXED = note("fixed", b"1")
THERE = b"-\n"


def run(*tables: Mapping[str, Any]) -> Run:
    """A direction whose messages are answered."""
    return Run(*tables, cutter=Cutter(Answered()))


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"drop": True, "times": 1}, [(0.0, THERE), (0.0, PING), (1.0, TWO)]),
        ({"duplicate": True, "times": 1}, [(0.0, ONE + ONE), (0.0, PING), (1.0, TWO)]),
        (
            {"duplicate": {"copies": 2, "gap": "500ms"}, "times": 1},
            [(0.0, ONE), (0.0, PING), (0.5, b"!" + ONE), (1.0, b"!" + ONE), (1.0, TWO)],
        ),
        ({"delay": "3s", "times": 1}, [(0.0, THERE), (0.0, PING), (1.0, TWO), (3.0, b"!" + ONE)]),
        ({"reorder": {"within": "5s"}}, [(0.0, THERE), (0.0, PING), (1.0, TWO), (1.0, b"!" + ONE)]),
        (
            {"poison": {"payload": "mud"}, "delay": "3s", "times": 1},
            [(0.0, THERE), (0.0, PING), (1.0, TWO), (3.0, b"!" + note("order.placed", b"mud"))],
        ),
    ],
)
def test_what_each_does(table: Mapping[str, Any], expected: Left) -> None:
    """To a message, what is none, and a second message a second later."""
    assert run(table).say(0.0, ONE + PING).say(1.0, TWO).until() == expected


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"delay": "3s"}, [(3.0, FIXED), (3.0, PING), (3.0, PING)]),
        ({"reorder": True}, [(0.0, FIXED), (0.0, PING), (1.0, PING)]),
        ({"duplicate": {"gap": "1s"}}, [(0.0, FIXED + FIXED), (0.0, PING), (1.0, PING)]),
        ({"drop": True}, [(0.0, THERE), (0.0, PING), (1.0, PING)]),
    ],
)
def test_what_cannot_leave_alone(table: Mapping[str, Any], expected: Left) -> None:
    """It is late with all that follows it, and never overtaken."""
    assert run(table).say(0.0, FIXED + PING).say(1.0, PING).until() == expected


def test_what_waits_leaves_when_the_fault_is_off() -> None:
    """In its order; its bytes count as held until then, and an end comes behind them."""
    one = run({"delay": "1h"}).say(0.0, FIXED + PING)
    assert one.chain.held == len(FIXED + PING)
    one.switch(1.0, {"drop": True})
    assert one.until(1.0) == [(1.0, FIXED), (1.0, PING)]
    assert one.chain.held == 0
    assert run({"delay": "2s"}).say(0.0, FIXED, End.EOF).until() == [(2.0, FIXED), (2.0, End.EOF)]


def test_nothing_is_put_between_what_is_bound() -> None:
    """What falls due meanwhile leaves behind it, in whatever reads it comes."""
    late = {"delay": "2s", "match": {"subject": "order.*"}}
    expected: list[Item] = [THERE, b"(\n", PING, FIXED, b")\n", b"!" + ONE]
    assert (
        run(late).say(0.0, ONE).say(1.0, b"(\n").say(3.0, PING + FIXED).say(4.0, b")\n").items() == expected
    )
    assert run(late).say(0.0, ONE).say(3.0, b"(\n" + PING + FIXED + b")\n").items() == [
        THERE,
        b"!" + ONE,
        *expected[1:5],
    ]


def test_parts_of_one_unit_overtake_each_other() -> None:
    """Each fault has one that is overtaken at a time."""

    class Pair(Answered):
        """A line is a unit with its first two letters as parts."""

        def measure(self, data: bytes, at: int) -> Any:
            unit = super().measure(data, at)
            return unit and unit._replace(parts=[*unit.parts, *unit.parts])

        def with_parts(self, data: bytes, messages: Any, parts: Any) -> bytes:
            return b"".join(super(Pair, self).with_parts(data, messages, [part]) for part in parts)

    one = Run({"reorder": True}, cutter=Cutter(Pair()))
    assert one.say(0.0, ONE).items() == [THERE + ONE, b"!" + ONE]
