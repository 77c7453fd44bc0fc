"""A call whole: when what went, what was said, what is not there."""

from collections.abc import Sequence

import msgspec

from meshdev.tui.cells import width_of
from meshdev.tui.recordings.compared import compared
from meshdev.tui.recordings.exchange_lines import exchange_lines
from meshdev.tui.tone import Span
from support_recorded import charge, dialogue, events, picture_download


def text(lines: Sequence[Sequence[Span]]) -> str:
    """What stands there."""
    return "\n".join("".join(span.text for span in line) for line in lines)


def test_a_call_without_an_answer_says_why() -> None:
    """In the words of the mesh."""
    lost = msgspec.structs.replace(charge(), response=None, error="callee-reset")
    assert "← no answer: callee-reset" in text(exchange_lines(lost, 80))


def test_nothing_is_wider_than_there_is_room() -> None:
    """In a narrow pane, too; long headers are broken and cut."""
    request = msgspec.structs.replace(
        charge().request, headers=(("Cookie", "a=b; " * 200), ("X" * 12, "y" * 900))
    )
    long = msgspec.structs.replace(charge(), request=request)
    for exchange in (long, charge(), events(), dialogue(), picture_download()):
        for width in (50, 80, 120):
            for line in exchange_lines(exchange, width):
                assert width_of("".join(span.text for span in line)) <= width


def test_two_calls_differ_by_places_and_the_same_ones_do_not() -> None:
    """Request and answer apart; what only one of them has stands against a dash."""
    same = text(compared(charge(1), charge(1), 100))
    assert same.count("0 differences") == 2
    assert "≠" not in same
    gone = msgspec.structs.replace(charge(1), response=None)
    told = text(compared(charge(1), gone, 100))
    assert "≠ status" in told
    assert "6 differences, 0 the same" in told
