"""MQTT 3.1.1 and 5 by their specifications: what a connection's packets come to."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.traffic.protocols.mqtt.scanner import MqttScanner
from meshdev.traffic.protocols.operation import MOST_PAYLOAD, Kind, Operation, Outcome
from meshdev.traffic.protocols.table import guess
from support_mqtt import Talk, connect, number, packet, properties, publish, text, variable
from support_scanning import cut_at

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
TRACED = properties(UserProperty=("traceparent", f"00-{TRACE}-{PARENT}-01"), ContentType="text/plain")
VERSIONS = pytest.mark.parametrize("version", [4, 5])


def the(operations: list[Operation]) -> Operation:
    """The only one."""
    (operation,) = operations
    return operation


def told(version: int) -> bytes:
    """No properties, where there may be some."""
    return b"\0" if version == 5 else b""


@pytest.mark.parametrize(
    ("version", "name", "detail"),
    [
        (3, "MQIsdp", "MQTT 3.1"),
        (4, "MQTT", "MQTT 3.1.1"),
        (5, "MQTT", "MQTT 5"),
        (0x84, "MQTT", "MQTT 3.1.1"),
    ],
)
def test_connecting(version: int, name: str, detail: str) -> None:
    """From CONNECT to CONNACK."""
    scanner = MqttScanner()
    first = connect(version, name)
    assert not scanner.asked(first, 1.0)
    assert scanner.waiting() == 1
    done = the(list(scanner.answered(packet(2, b"\0\0" + told(version)), 3.0)))
    assert (done.name, done.started, done.ended, done.detail) == ("CONNECT", 1.0, 3.0, detail)
    assert (done.outcome, done.code, done.bytes_in) == (Outcome.OK, "", len(first))
    assert scanner.waiting() == 0


@pytest.mark.parametrize(
    ("version", "said", "outcome", "code"),
    [
        (4, 1, Outcome.REFUSED, "UNACCEPTABLE_PROTOCOL_VERSION"),
        (4, 3, Outcome.FAILED, "SERVER_UNAVAILABLE"),
        (4, 5, Outcome.REFUSED, "NOT_AUTHORIZED"),
        (4, 77, Outcome.FAILED, "0x4d"),
        (5, 0x87, Outcome.REFUSED, "NOT_AUTHORIZED"),
        (5, 0x89, Outcome.FAILED, "SERVER_BUSY"),
        (5, 0xF0, Outcome.FAILED, "0xf0"),
    ],
)
def test_a_client_that_is_not_let_in(version: int, said: int, outcome: Outcome, code: str) -> None:
    """The broker says why."""
    scanner = MqttScanner()
    scanner.asked(connect(version), 1.0)
    done = the(list(scanner.answered(packet(2, bytes((0, said)) + told(version)), 2.0)))
    assert (done.name, done.outcome, done.code) == ("CONNECT", outcome, code)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"\x16\x03\x01", "TLS"),
        (b"GET / HTTP/1.1\r\n", "does not begin"),
        (connect(7), "no version"),
        (connect(4, "MQTX"), "no version"),
        (packet(1, b""), "less than it should"),
        (b"\x10\xff\xff\xff\xff\x01", "length"),
    ],
)
def test_other_beginnings(said: bytes, reason: str) -> None:
    """Whatever else a connection begins with is not read."""
    scanner = MqttScanner()
    assert not scanner.asked(said, 1.0)
    assert reason in scanner.gave_up
    assert (scanner.asked(said, 2.0), scanner.answered(said, 2.0), scanner.lost(3.0)) == ((), (), ())
    assert scanner.waiting() == 0


@VERSIONS
def test_publishing(version: int) -> None:
    """A message that nobody acknowledges is over when its last byte has passed."""
    talk = Talk(version)
    whole = publish("devices/17/state", b"x" * 3000, told=told(version), flags=1)
    for at in range(0, len(whole) - 1, 7):
        assert not talk.ask(whole[at : min(at + 7, len(whole) - 1)])
    done = the(talk.ask(whole[-1:]))
    assert (done.name, done.target, done.kind) == ("PUBLISH", "devices/{id}/state", Kind.PUBLISH)
    assert done.ended == done.started
    assert (done.detail, done.payload, done.bytes_in) == ("retained", b"x" * MOST_PAYLOAD, len(whole))


@VERSIONS
@pytest.mark.parametrize("asked", [True, False])
def test_messages_that_are_acknowledged(version: int, asked: bool) -> None:  # noqa: FBT001 - a case
    """Both ways: QoS 1 ends with PUBACK, QoS 2 with PUBCOMP; what is sent again is the same one."""
    talk = Talk(version)
    say, reply = (talk.ask, talk.answer) if asked else (talk.answer, talk.ask)
    more = told(version)
    assert not say(publish("a", qos=1, of=7, told=more), publish("b", qos=2, of=8, told=more))
    assert not say(publish("a", qos=1, of=7, told=more, flags=8))
    assert talk.scanner.waiting() == 2
    first = the(reply(packet(4, number(7))))
    assert (first.target, first.ended - first.started, first.outcome) == ("a", 2, Outcome.OK)
    assert first.name == ("PUBLISH" if asked else "DELIVER")
    assert first.kind is (Kind.PUBLISH if asked else Kind.DELIVER)
    assert (first.bytes_in > 0, first.bytes_out > 0) == (asked, not asked)
    assert not reply(packet(5, number(8)))
    assert not say(packet(6, number(8), 2))
    assert the(reply(packet(7, number(8)))).target == "b"
    assert talk.scanner.waiting() == 0
    assert not reply(packet(4, number(9)))


@pytest.mark.parametrize(
    ("kind", "said", "outcome", "code"),
    [
        (4, 0x10, Outcome.OK, "NO_MATCHING_SUBSCRIBERS"),
        (4, 0x87, Outcome.REFUSED, "NOT_AUTHORIZED"),
        (4, 0x97, Outcome.FAILED, "QUOTA_EXCEEDED"),
        (5, 0x87, Outcome.REFUSED, "NOT_AUTHORIZED"),
        (7, 0x92, Outcome.REFUSED, "PACKET_IDENTIFIER_NOT_FOUND"),
    ],
)
def test_messages_that_are_refused(kind: int, said: int, outcome: Outcome, code: str) -> None:
    """Version 5 says why."""
    talk = Talk(5)
    talk.ask(publish("a", qos=1 if kind == 4 else 2, told=b"\0"))
    done = the(talk.answer(packet(kind, number(1) + bytes((said, 0)))))
    assert (done.outcome, done.code) == (outcome, code)
    assert talk.scanner.waiting() == 0


def test_topic_aliases() -> None:
    """Each way has its own; one may be given another topic."""
    talk = Talk(5)
    alias = properties(TopicAlias=3)
    assert the(talk.ask(publish("a", told=alias))).target == "a"
    assert the(talk.ask(publish("", told=alias))).target == "a"
    assert the(talk.answer(publish("", told=alias))).target == ""
    assert the(talk.ask(publish("b", told=alias))).target == "b"
    assert the(talk.ask(publish("", told=alias))).target == "b"


def test_traces() -> None:
    """They ride in a user property."""
    talk = Talk(5)
    done = the(talk.ask(publish("a", told=TRACED)))
    assert (done.trace, done.parent) == (TRACE, PARENT)
    done = the(talk.answer(publish("a", told=TRACED)))
    assert (done.trace, done.parent) == (TRACE, PARENT)
    broken = properties(UserProperty=("traceparent", "x" * 55))
    assert the(talk.ask(publish("a", told=broken))).trace == ""


EVERY = properties(
    PayloadFormatIndicator=1,
    MessageExpiryInterval=9,
    ContentType="c",
    ResponseTopic="r",
    CorrelationData=b"d",
    TopicAlias=9,
    UserProperty=("k", "v"),
    SubscriptionIdentifier=300,
)


def test_every_property_is_passed_over() -> None:
    """Whatever stands before an alias."""
    talk = Talk(5)
    assert the(talk.answer(publish("a", told=EVERY))).target == "a"
    assert the(talk.answer(publish("", told=properties(TopicAlias=9)))).target == "a"


@VERSIONS
def test_subscribing(version: int) -> None:
    """An operation for each filter, as the broker answers for it."""
    talk = Talk(version)
    filters = text("devices/+/state") + b"\1" + text("$share/g/orders/#") + b"\2"
    whole = packet(8, number(5) + told(version) + filters, 2)
    assert not talk.ask(whole)
    assert talk.scanner.waiting() == 2
    refused = 0x87 if version == 5 else 0x80
    first, second = talk.answer(packet(9, number(5) + told(version) + bytes((1, refused))))
    assert (first.name, first.target, first.kind) == ("SUBSCRIBE", "devices/+/state", Kind.SUBSCRIBE)
    assert (first.detail, first.outcome, first.bytes_in) == ("QoS 1", Outcome.OK, len(whole))
    assert (second.target, second.outcome, second.bytes_in) == ("$share/g/orders/#", Outcome.REFUSED, 0)
    assert second.code == ("NOT_AUTHORIZED" if version == 5 else "FAILURE")
    assert talk.scanner.waiting() == 0


@VERSIONS
def test_unsubscribing(version: int) -> None:
    """It is a call, and version 5 says whether there was something."""
    talk = Talk(version)
    talk.ask(packet(10, number(6) + told(version) + text("a"), 2))
    done = the(talk.answer(packet(11, number(6) + (b"\0\x11" if version == 5 else b""))))
    assert (done.name, done.target, done.kind, done.outcome) == ("UNSUBSCRIBE", "a", Kind.CALL, Outcome.OK)
    assert done.code == ("NO_SUBSCRIPTION_EXISTED" if version == 5 else "")


def test_pinging() -> None:
    """Pings are answered in turn."""
    talk = Talk()
    talk.ask(packet(12))
    talk.ask(packet(12))
    assert [one.name for one in talk.answer(packet(13), packet(13))] == ["PINGREQ"] * 2
    assert not talk.answer(packet(13))


def test_authenticating() -> None:
    """What belongs to connecting is part of it; later it is an operation of its own."""
    scanner = MqttScanner()
    scanner.asked(connect(5), 1.0)
    assert not scanner.answered(packet(15, b"\x18\0"), 2.0)
    assert not scanner.asked(packet(15, b"\x18\0"), 3.0)
    assert [one.name for one in scanner.answered(packet(2, b"\0\0\0"), 4.0)] == ["CONNECT"]
    assert not scanner.asked(packet(15, b"\x19\0"), 5.0)
    assert [one.name for one in scanner.answered(packet(15), 6.0)] == ["AUTH"]


@pytest.mark.parametrize(
    ("body", "outcome", "code"),
    [
        (b"", Outcome.OK, ""),
        (b"\x04", Outcome.OK, "WITH_WILL"),
        (b"\x8e\0", Outcome.REFUSED, "SESSION_TAKEN_OVER"),
        (b"\x8b", Outcome.FAILED, "SERVER_SHUTTING_DOWN"),
    ],
)
def test_goodbye(body: bytes, outcome: Outcome, code: str) -> None:
    """Whoever says it, and why."""
    for say in (Talk(5).ask, Talk(5).answer):
        done = the(say(packet(14, body)))
        assert (done.name, done.outcome, done.code) == ("DISCONNECT", outcome, code)


def test_goodbye_before_it_began() -> None:
    """A broker may refuse a client so, too."""
    scanner = MqttScanner()
    scanner.asked(connect(5), 1.0)
    done = the(list(scanner.answered(packet(14, b"\x9d\0"), 2.0)))
    assert (done.name, done.code) == ("CONNECT", "SERVER_MOVED")


def test_a_connection_that_is_cut() -> None:
    """Everything under way was lost."""
    talk = Talk()
    talk.answer(publish("d", qos=1))
    talk.ask(publish("p", qos=2), packet(12), packet(8, number(3) + text("f") + b"\0", 2))
    talk.ask(publish("half")[:-1])
    assert talk.scanner.waiting() == 4
    lost = talk.scanner.lost(99.0)
    assert sorted(one.name for one in lost) == ["DELIVER", "PINGREQ", "PUBLISH", "SUBSCRIBE"]
    assert {(one.outcome, one.ended) for one in lost} == {(Outcome.LOST, 99.0)}
    assert talk.scanner.waiting() == 0


def test_leaving_in_order() -> None:
    """What was delivered and not acknowledged comes again; that is no error."""
    talk = Talk()
    talk.answer(publish("d", qos=1))
    talk.ask(packet(14))
    left = the(list(talk.scanner.lost(99.0)))
    assert (left.name, left.outcome, left.code) == ("DELIVER", Outcome.OK, "unacknowledged")


def test_a_long_message_is_skipped() -> None:
    """Ten megabytes leave the scanner as small as it was."""
    talk = Talk()
    whole = publish("a", b"x" * 10_000_000) + publish("b")
    done = [
        one for at in range(0, len(whole), 65536) for one in talk.scanner.asked(whole[at : at + 65536], 1.0)
    ]
    assert [(one.target, one.bytes_in) for one in done] == [("a", len(whole) - 10), ("b", 10)]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (packet(2, b"\0\0"), "type 2"),
        (packet(8, b"\0\1\0\x09a"), "less than it should"),
        (packet(4, b"\0"), "less than it should"),
        (packet(3, b"\0\x09a"), "shorter than its head"),
        (b"\x80\xff\xff\x7f", "bytes"),
        (b"\x30\xff\xff\xff\x7f\xff\xff" + b"a" * 10, ""),
        (b"\x30\xff\xff\xff\xff\x7f", "length"),
        (b"\x00\x00", "type 0"),
    ],
)
def test_giving_up(said: bytes, reason: str) -> None:
    """Packets that are none."""
    talk = Talk()
    talk.ask(publish("a") + said)
    assert reason in talk.scanner.gave_up
    assert bool(talk.scanner.gave_up) == bool(reason)


@pytest.mark.parametrize("said", [b"\x7f", b"\x23\0", b"\x26\0\1a", b"\x0b\xff\xff\xff\xff\1"])
def test_properties_that_are_none(said: bytes) -> None:
    """Nothing is guessed from what they say."""
    talk = Talk(5)
    assert not talk.ask(publish("a", told=variable(len(said)) + said))
    assert talk.scanner.gave_up


def test_what_the_first_bytes_say() -> None:
    """A CONNECT is recognised, whatever its length."""
    for first in (connect(), connect(3, "MQIsdp"), packet(1, connect()[2:] + b"x" * 300)):
        assert guess(first, b"") == "mqtt"
        assert guess(first[:3], b"") is None
    for other in (b"\x10\x0c\0\4HTTP", b"\x10\xff\xff\xff\xff\1", publish("a")):
        assert guess(other, b"") != "mqtt"


def _busy(version: int) -> list[tuple[bool, bytes]]:
    """A conversation with a bit of everything."""
    talk = Talk(version)
    none = told(version)
    some = EVERY if version == 5 else b""
    talk.ask(packet(8, number(5) + none + text("a/#") + b"\1" + text("b") + b"\0", 2), packet(12))
    talk.answer(packet(9, number(5) + none + b"\1\x80"), packet(13))
    talk.ask(publish("a/1", b"x" * 2000, qos=2, of=6, told=some), publish("a", qos=1, of=7, told=none))
    talk.answer(packet(5, number(6)), packet(4, number(7)), publish("a/1", b"x" * 200, qos=1, told=some))
    talk.ask(packet(6, number(6), 2), packet(4, number(1)), packet(10, number(8) + none + text("b"), 2))
    talk.answer(packet(7, number(6)), packet(11, number(8) + none + none), publish("z", qos=2, told=none))
    talk.ask(publish("q", qos=1, told=none), packet(14))
    return talk.said


BUSY = {version: _busy(version) for version in (4, 5)}


def _read(said: list[tuple[bool, bytes]], places: list[float]) -> tuple[list[Operation], MqttScanner]:
    scanner = MqttScanner()
    done: list[Operation] = []
    for asked, data in said:
        for piece in cut_at(places)(data):
            done += (scanner.asked if asked else scanner.answered)(piece, 0.0)
    done += scanner.lost(0.0)
    return done, scanner


@settings(deadline=None)
@given(st.sampled_from([4, 5]), st.lists(st.floats(0, 1), max_size=12))
def test_any_cut_is_the_same(version: int, places: list[float]) -> None:
    """However the bytes arrive."""
    whole, scanner = _read(BUSY[version], [])
    assert (len(whole), scanner.gave_up) == (11, "")
    assert _read(BUSY[version], places)[0] == whole


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([4, 5]), st.data())
def test_spoilt_bytes_do_no_harm(version: int, data: st.DataObject) -> None:
    """Whatever is changed, put in or left out: no exception, nothing kept that grows."""
    said = []
    for asked, whole in BUSY[version]:
        spoilt = bytearray(whole)
        for _ in range(data.draw(st.integers(0, 3))):
            at = data.draw(st.integers(0, len(spoilt)))
            spoilt[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
        said.append((asked, bytes(spoilt)))
    assert _read(said, [0.3, 0.7])[1].waiting() == 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=200)), max_size=10))
def test_arbitrary_bytes_do_no_harm(said: list[tuple[bool, bytes]]) -> None:
    """After a beginning, or without one."""
    for before in ([], BUSY[4][:2], BUSY[5][:2]):
        assert _read([*before, *said], [])[1].waiting() == 0
