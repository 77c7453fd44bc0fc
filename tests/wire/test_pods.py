"""What is asked of the keeper of networks, and its answers: each comes back as it was sent."""

import pytest

from meshdev.wire.frames import FrameReader
from meshdev.wire.pods import (
    Answer,
    Begin,
    Client,
    Forget,
    Gate,
    Known,
    Made,
    Pod,
    Question,
    Refused,
    Sockets,
    decode_answer,
    decode_question,
    encode,
)


@pytest.mark.parametrize(
    "question",
    [
        Begin(),
        Begin(joins=True),
        Gate("orders (gate)"),
        Pod("orders-0@3", "orders (gate)", "10.198.0.1"),
        Sockets("orders-0@3", 8),
        Known("orders-0@3"),
        Forget("orders-0@3"),
        Client(),
    ],
)
def test_questions(question: Question) -> None:
    """Each sort."""
    assert [decode_question(body) for body in FrameReader().feed(encode(question))] == [question]


@pytest.mark.parametrize("answer", [Made(), Made(bare=True), Refused("Operation not permitted")])
def test_answers(answer: Answer) -> None:
    """Each sort."""
    assert [decode_answer(body) for body in FrameReader().feed(encode(answer))] == [answer]


def test_what_is_neither() -> None:
    """A peer that has gone wrong is refused."""
    with pytest.raises(ValueError, match="malformed"):
        decode_question(b"\xc1")
    with pytest.raises(ValueError, match="Invalid"):
        decode_answer(b"\x91\xa4sock")
