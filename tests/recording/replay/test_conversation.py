"""WebSockets played again."""

import json
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from meshdev.recording.matching import Matcher
from meshdev.recording.model import Exchange, Message, MessageKind, Meta, Recording, Response
from meshdev.recording.replay import Answer, Conversation, Replayer, Step, Unexpected
from support_recording import STARTED, Chance, exchange, request

CHANCE = Chance(9)
OLD, NEW = CHANCE.uuid(), CHANCE.uuid()
MS = 1_000


def said(at: int, who: str, content: object, kind: MessageKind = MessageKind.TEXT) -> Message:
    """A message; ``>`` from the caller."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Message(at * MS, who == ">", kind, data)


def asked(content: object, kind: MessageKind = MessageKind.TEXT) -> Message:
    """A message of the caller in the replay."""
    return said(0, ">", content, kind)


def conversation(*messages: Message, timing: str = "recorded") -> Conversation:
    """One that was recorded."""
    one: Exchange = replace(
        exchange(
            0, request("GET", "/ws", headers={"Upgrade": "websocket"}), Response(101, "Switching Protocols")
        ),
        messages=messages,
    )
    answer = Replayer(Matcher([Recording(meta=Meta(name="x"), exchanges=(one,))]), timing).answer(one.request)
    assert isinstance(answer, Answer)
    assert answer.conversation is not None
    return answer.conversation


def told(steps: Sequence[Step] | Unexpected) -> list[tuple[float, object]]:
    """Waits and contents."""
    assert not isinstance(steps, Unexpected), steps.reason
    return [(round(step.delay, 6), json.loads(step.message.data)) for step in steps]


def test_answers_wait_for_their_questions() -> None:
    """What came before the first question comes at once; gaps are those of the recording."""
    talk = conversation(
        said(0, "<", "hello"),
        said(50, "<", "ready"),
        said(100, ">", {"op": "sub", "to": "x"}),
        said(130, "<", 1),
        said(180, "<", 2),
        said(200, ">", "bye"),
        said(210, "<", "ok"),
    )
    assert told(talk.opening()) == [(0.0, "hello"), (0.05, "ready")]
    assert told(talk.received(asked({"to": "x", "op": "sub"}))) == [(0.03, 1), (0.05, 2)]
    assert not talk.over
    assert told(talk.received(asked("bye"))) == [(0.01, "ok")]
    assert talk.over


def test_noise_is_recognised_and_comes_back() -> None:
    """Ids and times of this caller, now and in all that follows."""
    now = int(STARTED) + 1
    talk = conversation(
        said(0, ">", {"id": OLD, "at": now, "op": "put"}),
        said(1, "<", {"ack": OLD}),
        said(2, ">", {"ref": OLD}),
        said(3, "<", {"done": OLD}),
        timing="fast",
    )
    assert told(talk.opening()) == []
    assert told(talk.received(asked({"op": "put", "id": NEW, "at": now + 5_000}))) == [(0.0, {"ack": NEW})]
    assert isinstance(talk.received(asked({"ref": OLD})), Unexpected)
    assert told(talk.received(asked({"ref": NEW}))) == [(0.0, {"done": NEW})]


@pytest.mark.parametrize(
    "content",
    [
        {"op": "put", "n": 2},
        {"op": "put"},
        {"op": "put", "n": 1, "m": 1},
        ["put"],
        "put",
        {"op": "put", "n": "1"},
    ],
)
def test_other_data_is_another_message(content: object) -> None:
    """It is not answered, and said what would have been; the recorded one still is."""
    talk = conversation(said(0, ">", {"op": "put", "n": 1}), said(1, "<", "ok"))
    unexpected = talk.received(asked(content))
    assert isinstance(unexpected, Unexpected)
    assert unexpected.expected is not None
    assert told(talk.received(asked({"op": "put", "n": 1})))[0][1] == "ok"


def test_kinds_count() -> None:
    """Binary messages are compared byte by byte, pings are nobody's, a close may say what it wants."""
    talk = conversation(
        said(0, ">", b"\0\1", MessageKind.BINARY),
        said(1, "<", 1),
        said(2, ">", b"\x03\xe8", MessageKind.CLOSE),
    )
    assert told(talk.received(asked(b"", MessageKind.PING))) == []
    for wrong in (asked(b"\0\1"), asked(b"\0\2", MessageKind.BINARY)):
        assert isinstance(talk.received(wrong), Unexpected)
    assert [content for _, content in told(talk.received(asked(b"\0\1", MessageKind.BINARY)))] == [1]
    assert told(talk.received(asked(b"\x03\xe9", MessageKind.CLOSE))) == []
    assert told(talk.received(asked(b"\x03\xe9", MessageKind.CLOSE))) == []
    assert isinstance(talk.received(asked("more")), Unexpected)
