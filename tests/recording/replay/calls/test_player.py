"""Recorded calls given again: which one answers, with whose values, in which order; or a miss, never a wrong one."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from meshdev.recording.matching import Miss
from meshdev.recording.model import Exchange, Message, MessageKind, Meta, Recording, Response
from meshdev.recording.protobuf.schema import schema_of
from meshdev.recording.redaction import Redactor
from meshdev.recording.replay.calls import ALL, CallEnd, CallPlayer, Say, Surprise
from meshdev.traffic.protocols.http2.grpc import Status
from support_calls import a_call, decoded, descriptors, encoded, known

OUT, IN = True, False
CHARGE = "shop.Till/Charge"


def player(
    *calls: Exchange, named: bool = True, redactor: Redactor | None = None, timing: str = "fast"
) -> CallPlayer:
    """A player of these calls."""
    recording = Recording(meta=Meta(name="r"), exchanges=calls, descriptors=known() if named else ())
    return CallPlayer(
        [recording], redactor or Redactor(key=b"key"), service="till", endpoint="grpc", timing=timing
    )


def told(turns: Any) -> list[Any]:
    """What was said: bytes, and the status in the end."""
    assert not isinstance(turns, Surprise)
    return [one.data if isinstance(one, Say) else one.status for one in turns]


def asked(
    it: CallPlayer, method: str, *messages: bytes, metadata: tuple[tuple[str, str], ...] = ()
) -> list[Any] | Miss:
    """A call whose caller says all at once."""
    path = f"shop.Till/{method}"
    opening = it.opening(path)
    if opening is None:
        return Miss("nobody recorded it")
    first = len(messages) if opening == ALL else min(opening, len(messages))
    found = it.begin(path, metadata, messages[:first])
    if isinstance(found, Miss):
        return found
    heard = told(found.dialogue.opening(ended=first == len(messages)))
    for number, data in enumerate(messages[first:], first + 1):
        heard += told(found.dialogue.received(data))
        if number == len(messages):
            heard += told(found.dialogue.ended())
    return heard


def charge(number: int, order: str, cents: int, *, at: int = 1, **more: Any) -> Exchange:
    """A charge that goes well."""
    return a_call(
        "Charge",
        (encoded("ChargeRequest", order_id=order, amount_cents=str(cents)),),
        (encoded("Charged", id=f"ch-{number}", order_id=order, amount_cents=str(cents)),),
        number=at,
        **more,
    )


def test_equal_messages_are_the_same_call_whatever_their_bytes() -> None:
    """The order of fields on the wire says nothing; other values do."""
    it = player(charge(1, "a", 5), charge(2, "b", 5, at=2))
    one, two = encoded("ChargeRequest", order_id="b"), encoded("ChargeRequest", amount_cents="5")
    heard = asked(it, "Charge", two + one)
    assert isinstance(heard, list)
    assert decoded("Charged", heard[0])["id"] == "ch-2"
    assert heard[1] is Status.OK
    missed = asked(it, "Charge", encoded("ChargeRequest", order_id="c", amount_cents="5"))
    assert isinstance(missed, Miss)
    assert [one.place for one in missed.closest[0].differences] == ["body/order_id"]


def test_values_that_the_caller_chose_come_back() -> None:
    """An id drawn anew is no difference, and stands in the answer."""
    before, now = str(UUID(int=7 << 90 | 4 << 76)), str(UUID(int=9 << 100 | 4 << 76))
    others = [charge(number, str(UUID(int=number << 90 | 4 << 76)), 5, at=number) for number in (2, 3)]
    it = player(charge(1, before, 5), *others)
    heard = asked(it, "Charge", encoded("ChargeRequest", order_id=now, amount_cents="5"))
    assert isinstance(heard, list)
    assert decoded("Charged", heard[0])["order_id"] == now


def test_equal_calls_are_answered_in_their_order() -> None:
    """The last answer stays."""
    it = player(*(charge(number, "a", 5, at=number) for number in (1, 2, 3)))
    data = encoded("ChargeRequest", order_id="a", amount_cents="5")
    heard = [asked(it, "Charge", data) for _ in range(4)]
    assert [decoded("Charged", one[0])["id"] for one in heard if isinstance(one, list)] == [
        "ch-1",
        "ch-2",
        "ch-3",
        "ch-3",
    ]


def test_metadata_tell_calls_apart_when_answers_do() -> None:
    """A tenant, say."""
    blue, red = (("x-tenant", "blue"),), (("x-tenant", "red"),)
    it = player(charge(1, "a", 5, metadata=blue), charge(2, "a", 5, at=2, metadata=red))
    data = encoded("ChargeRequest", order_id="a", amount_cents="5")
    for metadata, wanted in ((red, "ch-2"), (blue, "ch-1")):
        heard = asked(it, "Charge", data, metadata=metadata)
        assert isinstance(heard, list)
        assert decoded("Charged", heard[0])["id"] == wanted
    assert isinstance(asked(it, "Charge", data, metadata=(("x-tenant", "green"),)), Miss)


def test_statuses_with_their_words_and_trailers() -> None:
    """As the callee ended it; a head alone has its metadata at the end."""
    one = a_call("Charge", (b"",), (), status=9, message="not%20today")
    alone = replace(
        a_call("Watch", (b"",), ()),
        response=Response(
            200,
            headers=(("content-type", "application/grpc"), ("grpc-status", "5"), ("x-why", "gone")),
        ),
    )
    it = player(one, alone)
    for method, end in (
        ("Charge", CallEnd(0.0, Status.FAILED_PRECONDITION, "not today")),
        ("Watch", CallEnd(0.0, Status.NOT_FOUND, "", (("x-why", "gone"),))),
    ):
        found = it.begin(f"shop.Till/{method}", (), [b""])
        assert not isinstance(found, Miss)
        assert found.initial == ()
        assert found.dialogue.opening(ended=True) == (end,)


def test_streams_of_one_side() -> None:
    """Many answers to one; one to many, which are looked up together."""
    watch = a_call(
        "Watch", (encoded("WatchRequest", order_id="a"),), tuple(encoded("Event", number=n) for n in (1, 2))
    )
    items = tuple(encoded("Item", cents=cents) for cents in (1, 2))
    it = player(watch, a_call("Total", items, (encoded("Sum", cents="3"),)))
    assert it.opening("shop.Till/Watch") == 1
    assert it.opening("shop.Till/Total") == ALL
    watched = asked(it, "Watch", encoded("WatchRequest", order_id="a"))
    assert watched == [encoded("Event", number=1), encoded("Event", number=2), Status.OK]
    assert asked(it, "Total", *items) == [encoded("Sum", cents="3"), Status.OK]
    assert isinstance(asked(it, "Total", items[0]), Miss)
    assert isinstance(asked(it, "Total", *items, items[0]), Miss)
    assert it.opening("shop.Till/Nope") is None


def haggle(number: int, *words: tuple[bool, int], ended: bool = True) -> Exchange:
    """A conversation: who said how many cents, in that order."""
    said = [
        Message(1000 * at, way, MessageKind.BINARY, encoded("Offer", cents=cents))
        for at, (way, cents) in enumerate(words, 1)
    ]
    close = [Message(1000 * len(words) + 500, OUT, MessageKind.CLOSE, b"")] if ended else []
    one = a_call("Haggle", (), (), number=number)
    return replace(one, messages=tuple(said + close), microseconds=1000 * len(words) + 1500)


def offer(cents: int) -> bytes:
    """A message of it."""
    return encoded("Offer", cents=cents)


def test_a_conversation_is_held_in_turns() -> None:
    """The callee speaks when it did: first, behind what it answered, at the end; with the gaps that it had."""
    it = player(haggle(1, (IN, 9), (OUT, 5), (IN, 7), (OUT, 7), (IN, 8)), timing="recorded")
    found = it.begin("shop.Till/Haggle", (), [])
    assert not isinstance(found, Miss)
    dialogue = found.dialogue
    assert dialogue.opening(ended=False) == (Say(0.001, offer(9)),)
    assert dialogue.received(offer(5)) == (Say(0.001, offer(7)),)
    assert dialogue.received(offer(7)) == (Say(0.001, offer(8)),)
    assert dialogue.ended() == (CallEnd(0.001, Status.OK),)
    assert dialogue.ended() == ()


def test_a_conversation_turns_out_to_be_another_one() -> None:
    """Those that begin alike are told apart by what comes; what no one said is a surprise, and no answer."""
    first, second = haggle(1, (IN, 9), (OUT, 5), (IN, 7)), haggle(2, (IN, 9), (OUT, 6), (IN, 8))
    it = player(first, second)
    found = it.begin("shop.Till/Haggle", (), [])
    assert not isinstance(found, Miss)
    assert told(found.dialogue.opening(ended=False)) == [offer(9)]
    assert told(found.dialogue.received(offer(6))) == [offer(8)]
    assert isinstance(found.dialogue.received(offer(6)), Surprise)
    again = it.begin("shop.Till/Haggle", (), [])
    assert not isinstance(again, Miss)
    again.dialogue.opening(ended=False)
    assert isinstance(again.dialogue.ended(), Surprise)


def test_a_call_that_its_caller_left_stays_open() -> None:
    """And one that broke off is unavailable."""
    one = haggle(1, (OUT, 5), (IN, 7), ended=False)
    left = replace(one, error="caller-reset", response=Response(200))
    gone = replace(one, error="callee-reset", response=Response(200))
    for call, status in ((left, None), (gone, Status.UNAVAILABLE)):
        it = player(call)
        found = it.begin("shop.Till/Haggle", (), [offer(5)])
        assert not isinstance(found, Miss)
        assert told(found.dialogue.opening(ended=False)) == [offer(7), status]


def test_calls_of_which_nothing_is_known() -> None:
    """By their fields' numbers: what means the same is the same, what was recorded is given byte by byte."""
    it = player(charge(1, "a", 5), charge(2, "b", 5, at=2), named=False)
    heard = asked(it, "Charge", encoded("ChargeRequest", order_id="b", amount_cents="5"))
    assert isinstance(heard, list)
    assert decoded("Charged", heard[0])["id"] == "ch-2"
    assert isinstance(asked(it, "Charge", encoded("ChargeRequest", order_id="b", amount_cents="6")), Miss)


@pytest.mark.parametrize("named", [True, False])
def test_real_secrets_find_the_calls_that_have_placeholders(named: bool) -> None:  # noqa: FBT001 -- a table's
    """By the same key; a miss tells none of them."""
    redactor = Redactor(key=b"key")
    token = "Zx81aQ9f8e7d6c5b4A3f2e1d0c"  # noqa: S105 -- a secret is what is wanted here
    data = encoded("ChargeRequest", order_id="a", api_token=token)
    made = redactor.exchange(
        a_call("Charge", (data,), (encoded("Charged", id="x"),)),
        schema_of(descriptors()) if named else schema_of(b""),
    )
    assert token.encode() not in made.messages[0].data
    it = player(made, named=named, redactor=redactor)
    assert asked(it, "Charge", data) == [encoded("Charged", id="x"), Status.OK]
    missed = asked(it, "Charge", encoded("ChargeRequest", order_id="b", api_token=token))
    assert isinstance(missed, Miss)
    assert token not in str(missed)
