"""A call whole: when what went, what was said, what is not there."""

from collections.abc import Sequence

import msgspec

from meshdev.recording.protobuf.codec import Codecs
from meshdev.tui.cells import width_of
from meshdev.tui.recordings.compared import compared
from meshdev.tui.recordings.exchange_lines import exchange_lines
from meshdev.tui.tone import Span
from support_calls import a_call, encoded, known
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


def test_a_call_of_grpc_has_its_messages_by_name() -> None:
    """Or by number; two calls are compared by them."""
    asked = encoded("ChargeRequest", order_id="o-1", amount_cents="5")
    one = a_call("Charge", (asked,), (encoded("Charged", id="ch-1"),))
    other = a_call("Charge", (asked,), (encoded("Charged", id="ch-2"),))
    decode = Codecs(known()).decode
    named = text(exchange_lines(one, 100, decode))
    assert '→ {"order_id":"o-1","amount_cents":"5"}' in named
    assert "HTTP/2" in named
    assert '→ {"1":"o-1","2":5}' in text(exchange_lines(one, 100))
    told = text(compared(one, other, 100, decode))
    assert "≠ body/messages/0/id" in told
    assert "ch-2" in told
    for line in exchange_lines(one, 50, decode):
        assert width_of("".join(span.text for span in line)) <= 50
