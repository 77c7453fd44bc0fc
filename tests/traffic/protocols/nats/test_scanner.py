"""NATS read along: by the specification's messages, and between nats-py and a real nats-server."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.protocols.cutting import Cutter
from meshdev.traffic.protocols.nats.asked import MOST_OPEN, MOST_SUBSCRIPTIONS, PATIENCE
from meshdev.traffic.protocols.nats.frames import MOST_LINE, NatsBorders
from meshdev.traffic.protocols.nats.scanner import MOST_UNACKNOWLEDGED, NatsScanner
from meshdev.traffic.protocols.nats.subjects import Delivery, api_call, delivery_of, subject_pattern
from meshdev.traffic.protocols.operation import Kind, Operation, Outcome
from meshdev.traffic.protocols.table import guess
from support_nats import PARENT, TRACE, TRACEPARENT, connect, core, jetstream, nats_server
from support_npm import npm_package
from support_product import eventually
from support_scanning import Chunk, Conversation, Scanned, byte_by_byte, cut_at, read_again, scanned, timeless

HELLO = [
    Chunk(asked=False, data=b'INFO {"server_id":"x"} \r\n'),
    Chunk(asked=True, data=b"CONNECT {}\r\nPING\r\nSUB _INBOX.me.* 1\r\n"),
    Chunk(asked=False, data=b"PONG\r\n"),
]
HEADERS = b"NATS/1.0\r\nx-user: test\r\ntraceparent: %s\r\n\r\n" % TRACEPARENT.encode()
ACKED = b"$JS.ACK.SHOP.mailer.1.7.3.1795846932498623734.12"


def with_headers(operation: bytes, arguments: bytes, headers: bytes, payload: bytes = b"") -> bytes:
    """A message with headers."""
    sizes = (len(headers), len(headers) + len(payload))
    return b"%s %s %d %d\r\n%s%s\r\n" % (operation, arguments, *sizes, headers, payload)


def read(*chunks: tuple[bool, bytes]) -> list[Operation]:
    """What is made of this after a greeting, without the greeting's own operation and without times."""
    operations, scanner = read_again(NatsScanner, [*HELLO, *(Chunk(*chunk) for chunk in chunks)])
    assert scanner.gave_up == ""
    return timeless(operations)[1:]


def short(operations: list[Operation]) -> list[tuple[str, str, str]]:
    """Name, target, kind."""
    return [(it.name, it.target, str(it.kind)) for it in operations]


TRACED: dict[str, object] = {"trace": TRACE, "parent": PARENT}
PULL = b"PUB $JS.API.CONSUMER.MSG.NEXT.SHOP.mailer _INBOX.me 2\r\n{}\r\n"


@pytest.mark.parametrize(
    ("asked", "data", "name", "target", "kind", "more"),
    [
        (True, b"SUB order.* 2\r\n", "SUB", "order.*", Kind.SUBSCRIBE, {}),
        (True, b"sub o.> workers 2\r\n", "SUB", "o.>", Kind.SUBSCRIBE, {"detail": "queue workers"}),
        (True, b"PUB a.17 5\r\nhello\r\n", "PUB", "a.{id}", Kind.PUBLISH, {"payload": b"hello"}),
        (True, b"pub a b.other 0\r\n\r\n", "PUB", "a", Kind.PUBLISH, {}),
        (
            True,
            with_headers(b"HPUB", b"a", HEADERS, b"x"),
            "PUB",
            "a",
            Kind.PUBLISH,
            {**TRACED, "payload": b"x"},
        ),
        (False, b"MSG a 1 2\r\nhi\r\n", "MSG", "a", Kind.DELIVER, {}),
        (
            False,
            b"MSG\ta 1\t%s 0\r\n\r\n" % ACKED,
            "MSG",
            "a",
            Kind.DELIVER,
            {"detail": "SHOP/mailer", "lag": 12},
        ),
        (False, with_headers(b"HMSG", b"a 1", HEADERS, b"x"), "MSG", "a", Kind.DELIVER, TRACED),
        (True, b"PUB _INBOX.you.1 2\r\nok\r\n", "REPLY", "_INBOX.{id}", Kind.CALL, {}),
        (False, b"MSG _INBOX.me.9 1 2\r\nok\r\n", "REPLY", "_INBOX.{id}", Kind.CALL, {}),
        (True, PULL, "CONSUMER.MSG.NEXT", "SHOP", Kind.CALL, {"detail": "mailer"}),
        (True, b"PUB %s 4\r\n-NAK\r\n" % ACKED, "NAK", "SHOP", Kind.CALL, {"detail": "SHOP/mailer"}),
    ],
)
def test_single_messages(
    *, asked: bool, data: bytes, name: str, target: str, kind: Kind, more: dict[str, Any]
) -> None:
    """What each message is."""
    expected = Operation(name, target, 0.0, 0.0, kind=kind, **more)
    size = len(data)
    assert read((asked, data)) == [
        expected._replace(bytes_in=size if asked else 0, bytes_out=0 if asked else size)
    ]


@pytest.mark.parametrize(
    ("asked", "data"),
    [
        (True, b"PING\r\nPONG\r\nUNSUB 7\r\nUNSUB 1 5\r\nSUB _INBOX.x 9\r\n"),
        (False, b"PING\r\nPONG\r\n+OK\r\nINFO {}\r\n"),
        (False, with_headers(b"HMSG", b"_INBOX.me.1 1", b"NATS/1.0 404 No Messages\r\n\r\n")),
        (False, with_headers(b"HMSG", b"order.push 1", b"NATS/1.0 100 Idle Heartbeat\r\n\r\n")),
        (False, b"MSG _INBOX.me.1 1 0\r\n\r\n"),
    ],
)
def test_what_means_nothing(*, asked: bool, data: bytes) -> None:
    """Pings, statuses, and what is told elsewhere."""
    assert read((asked, data)) == []


ASK = b"PUB a _INBOX.me.1 1\r\n?\r\n"
ASK_API = b"PUB $JS.API.STREAM.INFO.SHOP _INBOX.me.1 0\r\n\r\n"
ERROR = (
    b'{"error":{"code":%d,"err_code":10077,"description":"maximum messages exceeded"},"stream":"S","seq":0}'
)
NOT_FOUND = b'{"type":"x","error":{"code":404,"err_code":10059,"description":"stream not found"}}'
SERVICE_ERROR = b"NATS/1.0\r\nNats-Service-Error: no such order\r\nNats-Service-Error-Code: 404\r\n\r\n"
DUPLICATE = "a duplicate, not stored again"


def reply(body: bytes, headers: bytes = b"") -> bytes:
    """An answer."""
    if headers:
        return with_headers(b"HMSG", b"_INBOX.me.1 1", headers, body)
    return b"MSG _INBOX.me.1 1 %d\r\n%s\r\n" % (len(body), body)


@pytest.mark.parametrize(
    ("ask", "answer", "route", "kind", "outcome", "code", "detail"),
    [
        (ASK, reply(b"ok"), "REQUEST a", "", Outcome.OK, "", ""),
        (ASK, reply(b"ok", HEADERS), "REQUEST a", "", Outcome.OK, "", ""),
        (ASK, reply(b'{"error":"not for you"}'), "REQUEST a", "", Outcome.OK, "", ""),
        (ASK, reply(b"", b"NATS/1.0 503\r\n\r\n"), "REQUEST a", "", Outcome.FAILED, "no responders", ""),
        (
            ASK,
            reply(b"", b"NATS/1.0 408 Timeout\r\n\r\n"),
            "REQUEST a",
            "",
            Outcome.REFUSED,
            "408",
            "Timeout",
        ),
        (ASK, reply(b"", SERVICE_ERROR), "REQUEST a", "", Outcome.REFUSED, "404", "no such order"),
        (ASK, reply(b'{"stream":"SHOP","seq":1}'), "PUB a", "publish", Outcome.OK, "", ""),
        (
            ASK,
            reply(b'{"stream":"SHOP","seq":1,"duplicate": true}'),
            "PUB a",
            "publish",
            Outcome.OK,
            "",
            DUPLICATE,
        ),
        (ASK, reply(ERROR % 503), "PUB a", "publish", Outcome.FAILED, "10077", "maximum messages exceeded"),
        (ASK, reply(ERROR % 400), "PUB a", "publish", Outcome.REFUSED, "10077", "maximum messages exceeded"),
        (ASK_API, reply(b'{"type":"x"}'), "STREAM.INFO SHOP", "", Outcome.OK, "", ""),
        (ASK_API, reply(NOT_FOUND), "STREAM.INFO SHOP", "", Outcome.REFUSED, "10059", "stream not found"),
    ],
)
def test_what_is_asked_and_answered(
    *, ask: bytes, answer: bytes, route: str, kind: str, outcome: Outcome, code: str, detail: str
) -> None:
    """Requests, JetStream's confirmations and refusals, its API, services that refuse."""
    (done,) = read((True, ask), (False, answer))
    assert (done.route, str(done.kind), done.outcome, done.code, done.detail) == (
        route,
        kind,
        outcome,
        code,
        detail,
    )
    assert (done.bytes_in, done.bytes_out) == (len(ask), len(answer))


def test_a_delivery_and_its_acknowledgement() -> None:
    """An acknowledgement lasts since the delivery; what is in progress is acknowledged later."""
    scanner = NatsScanner()
    for chunk in HELLO:
        (scanner.asked if chunk.asked else scanner.answered)(chunk.data, 0.0)
    scanner.answered(b"MSG order.placed 1 " + ACKED + b" 2\r\nhi\r\n", 1.0)
    (progress,) = scanner.asked(b"PUB " + ACKED + b" 4\r\n+WPI\r\n", 3.0)
    (done,) = scanner.asked(b"PUB " + ACKED + b" 4\r\n+ACK\r\n", 5.0)
    assert (progress.name, progress.target, progress.started, progress.ended) == ("WPI", "order.placed", 1, 3)
    assert (done.name, done.target, done.started, done.ended) == ("ACK", "order.placed", 1.0, 5.0)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            b"-ERR 'Permissions Violation for Publish to \"foo\"'\r\n",
            (Outcome.REFUSED, "Permissions Violation"),
        ),
        (b"-ERR 'Slow Consumer'\r\n", (Outcome.FAILED, "Slow Consumer")),
    ],
)
def test_errors(error: bytes, expected: tuple[Outcome, str]) -> None:
    """What the server objects to, and who is to blame."""
    (done,) = read((False, error))
    assert (done.name, done.outcome, done.code) == ("-ERR", *expected)


def test_a_refused_connection() -> None:
    """The error is the answer to CONNECT."""
    refused = Chunk(asked=False, data=b"-ERR 'Authorization Violation'\r\n")
    (done,), _ = read_again(NatsScanner, [*HELLO[:2], refused])
    assert (done.name, done.outcome, done.code) == ("CONNECT", Outcome.REFUSED, "Authorization Violation")


def test_nobody_answers() -> None:
    """After a minute, or with the connection, a request is lost; until then it waits."""
    scanner = NatsScanner()
    scanner.asked(b"SUB _INBOX.me.* 1\r\n", 0.0)
    assert scanner.asked(ASK, 1.0) == ()
    assert scanner.waiting() == 1
    (late,) = scanner.asked(b"PING\r\n", 1.0 + PATIENCE)
    assert (late.name, late.outcome, late.code) == ("REQUEST", Outcome.LOST, "no answer")
    assert scanner.waiting() == 0
    scanner.asked(ASK + b"CONNECT {}\r\n", 100.0)
    assert [(it.name, it.outcome) for it in scanner.lost(101.0)] == [
        ("REQUEST", Outcome.LOST),
        ("CONNECT", Outcome.LOST),
    ]


def test_an_inbox_for_one_answer() -> None:
    """Clients of old subscribe for each request, and unsubscribe after one message."""
    ask = b"SUB _INBOX.once 5\r\nUNSUB 5 1\r\nPUB a _INBOX.once 0\r\n\r\n"
    again = b"PUB a _INBOX.once 0\r\n\r\n"
    done = read((True, ask), (False, b"MSG _INBOX.once 5 2\r\nok\r\n"), (True, again))
    assert short(done) == [("REQUEST", "a", ""), ("PUB", "a", "publish")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00", "it goes on in TLS"),
        (b"GET / HTTP/1.1\r\n", "this is not NATS"),
        (b"PURR x\r\n", "no message begins with 'PURR'"),
        (b"PUB a x\r\n", "a PUB without a size"),
        (b"PUB a\r\n", "a PUB without a size"),
        (b"PUB a 99999999999999\r\n", "a PUB without a size"),
        (b"CONNECT " + b"x" * MOST_LINE, "a line has no end"),
        (b"CONNECT " + b"x" * MOST_LINE + b"\r\n", "a line has no end"),
    ],
)
def test_giving_up(data: bytes, reason: str) -> None:
    """Why, and nothing is told from then on."""
    for cut in (None, byte_by_byte if len(data) < 100 else None):
        chunks = [*HELLO, Chunk(asked=True, data=data), Chunk(asked=True, data=ASK)]
        operations, scanner = read_again(NatsScanner, chunks, cut)
        assert scanner.gave_up == reason
        assert [it.name for it in operations] == ["CONNECT"]
        assert scanner.waiting() == 0


def test_memory_is_bounded() -> None:
    """Requests, deliveries and subscriptions without an end."""
    scanner = NatsScanner()
    scanner.asked(b"SUB _INBOX.me.* x\r\n", 0.0)
    told = 0
    for number in range(MOST_OPEN + 10):
        told += len(scanner.asked(b"PUB a _INBOX.me.%d 0\r\n\r\n" % number, 0.0))
    assert (told, scanner.waiting()) == (10, MOST_OPEN)
    for number in range(MOST_SUBSCRIPTIONS + 10):
        scanner.asked(b"SUB _INBOX.%d %d\r\n" % (number, number), 0.0)
    for number in range(MOST_UNACKNOWLEDGED + 10):
        scanner.answered(b"MSG a 1 $JS.ACK.S.c.1.%d.1.1.0 0\r\n\r\n" % number, 0.0)
    held = (scanner._inboxes._numbers, scanner._inboxes._exact, scanner._unacknowledged)
    assert [len(it) for it in held] == [MOST_SUBSCRIPTIONS, MOST_SUBSCRIPTIONS, MOST_UNACKNOWLEDGED]


def test_a_large_message() -> None:
    """Ten megabytes are counted down; only the beginning is kept."""
    data = b"PUB a 10000000\r\n" + b"x" * 10_000_000 + b"\r\n"
    operations, _ = read_again(
        NatsScanner,
        [Chunk(asked=True, data=data)],
        lambda data: (data[at : at + 65536] for at in range(0, len(data), 65536)),
    )
    assert [(it.bytes_in, len(it.payload)) for it in operations] == [(len(data), 1024)]
    half, scanner = read_again(NatsScanner, [Chunk(asked=True, data=data[:5_000_000])])
    assert (half, scanner.gave_up) == ([], "")


@pytest.mark.parametrize(
    ("subject", "pattern"),
    [
        ("order.placed", "order.placed"),
        ("orders.17.paid", "orders.{id}.paid"),
        ("a.0af7651916cd43dd.b", "a.{id}.b"),
        ("user.1b4e28ba-2fa1-11d2-883f-0016d3cca427", "user.{id}"),
        ("order-1042.x", "{id}.x"),
        ("v2.orders", "v2.orders"),
        ("events.jane@example", "events.{id}"),
        ("a.VsDF5iCL3aEYoT8JGqDaQr", "a.{id}"),
        ("inventory.warehouse-north.updated", "inventory.warehouse-north.updated"),
        ("_INBOX.abc.def", "_INBOX.{id}"),
        ("$KV.settings.user.42", "$KV.settings.{key}"),
        ("a.b.c.d.e.f.g.h.i.j.k.l", "a.b.c.d.e.f.g.h.i.j...."),
        ("order.>", "order.>"),
        ("caf\u00e9.\u0007", "caf\u00e9.\ufffd"),
    ],
)
def test_subject_patterns(subject: str, pattern: str) -> None:
    """Few values, whatever clients make up."""
    assert subject_pattern(subject.encode()) == pattern


def test_what_jetstream_writes_into_subjects() -> None:
    """Deliveries in both forms, and the API's words."""
    assert delivery_of(ACKED) == Delivery("SHOP", "mailer", 1, 12)
    assert delivery_of(b"$JS.ACK.hub.Ax3.SHOP.mailer.2.7.3.179.5.r4nd") == Delivery("SHOP", "mailer", 2, 5)
    assert delivery_of(b"$JS.ACK.SHOP.mailer") is None
    assert delivery_of(b"$JS.ACK.SHOP.mailer.x.7.3.179.y") is None
    assert api_call(b"$JS.API.CONSUMER.CREATE.SHOP.mailer.order.*") == (
        "CONSUMER.CREATE",
        "SHOP",
        "mailer.order",
    )
    assert api_call(b"$JS.API.STREAM.NAMES") == ("STREAM.NAMES", "", "")
    assert api_call(b"$JS.API.strange") == ("API", "strange", "")


def test_the_first_bytes_say_it() -> None:
    """The server speaks first."""
    assert guess(b"", b'INFO {"server_id"') == "nats"
    assert guess(b"CONNECT {}", b"INF") is None


# --- cutting ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", [b"PUB order.placed _INBOX.a 5\r\n", b"MSG order.placed 1 5\r\n"])
def test_cutting(line: bytes) -> None:
    """A message with its subject, and the same with another payload."""
    data = line + b"hello\r\n"
    (piece,) = Cutter(NatsBorders()).cut(data)
    assert piece.data == data
    assert piece.message is not None
    assert (piece.message.subject, piece.message.inner) == ("order.placed", False)
    assert NatsBorders().payload(data) == b"hello"
    assert NatsBorders().with_payload(data, b"mud!") == line.replace(b" 5\r", b" 4\r") + b"mud!\r\n"


def test_cutting_headers() -> None:
    """Headers can be asked for, and stay when the payload does not."""
    data = with_headers(b"hpub", b"$JS.API.X", HEADERS, b"hello")
    (piece,) = Cutter(NatsBorders()).cut(data)
    assert piece.message is not None
    assert piece.message.inner
    assert piece.message.headers() == {"x-user": "test", "traceparent": TRACEPARENT}
    poisoned = NatsBorders().with_payload(data, b"mud")
    assert poisoned == with_headers(b"HPUB", b"$JS.API.X", HEADERS, b"mud")
    (piece,) = Cutter(NatsBorders()).cut(poisoned)
    assert piece.data == poisoned


def test_what_is_no_message_is_cut_too() -> None:
    """Lines are pieces of their own; what cannot be read is passed on."""
    pieces = Cutter(NatsBorders()).cut(b"PING\r\nSUB a 1\r\n" + ASK + b"!strange")
    assert [(piece.data, piece.message is not None) for piece in pieces] == [
        (b"PING\r\n", False),
        (b"SUB a 1\r\n", False),
        (ASK, True),
        (b"!strange", False),
    ]


# --- real traffic -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A real nats-server."""
    with nats_server(tmp_path_factory.mktemp("nats")) as port:
        yield port


def _ended(it: Scanned) -> None:
    eventually(lambda: all(one.over for one in it.conversations))
    assert it.gave_up == []


@pytest.fixture(scope="module")
def conversations(server: int) -> list[Conversation]:
    """What nats-py says to it, core and JetStream."""
    found: list[Conversation] = []
    for say in (core, jetstream):
        with scanned(NatsScanner, server) as it:
            asyncio.run(say(it.port))
            _ended(it)
            found += it.conversations
    return found


def test_core(conversations: list[Conversation]) -> None:
    """Publishes and deliveries with wildcards and queue groups, requests with and without an answer."""
    operations = conversations[0].operations
    assert sorted(short(operations)) == sorted(
        [
            ("CONNECT", "", ""),
            ("SUB", "plain.*", "subscribe"),
            ("SUB", "work.>", "subscribe"),
            ("SUB", "svc.echo", "subscribe"),
            ("PUB", "plain.one", "publish"),
            ("PUB", "work.{id}.paid", "publish"),
            ("PUB", "plain.two", "publish"),
            ("MSG", "plain.one", "deliver"),
            ("MSG", "work.{id}.paid", "deliver"),
            ("MSG", "plain.two", "deliver"),
            ("MSG", "svc.echo", "deliver"),
            ("REPLY", "_INBOX.{id}", ""),
            ("REQUEST", "svc.echo", ""),
            ("REQUEST", "svc.nobody", ""),
        ]
    )
    assert {it.trace for it in operations if it.target == "plain.two"} == {TRACE}
    requests = {it.target: it for it in operations if it.name == "REQUEST"}
    assert requests["svc.echo"].ended > requests["svc.echo"].started
    assert requests["svc.nobody"].code == "no responders"


def test_jetstream(conversations: list[Conversation]) -> None:
    """Confirmed publishes, what was refused, pulls, lag, every sort of acknowledgement, a bucket's key."""
    operations = conversations[1].operations
    published = [it for it in operations if it.name == "PUB" and it.target == "order.placed"]
    assert [it.detail for it in published] == ["", "", "", "a duplicate, not stored again"]
    assert all(it.ended > it.started and it.kind is Kind.PUBLISH for it in published)
    assert [it.lag for it in operations if it.detail == "SHOP/mailer" and it.name == "MSG"] == [2, 1, 0]
    assert "SHOP/mailer, delivery 2" in [it.detail for it in operations]
    acks = [it for it in operations if it.name in ("ACK", "NAK", "TERM") and it.detail == "SHOP/mailer"]
    assert [it.name for it in acks] == ["ACK", "NAK", "TERM", "ACK"]
    assert {it.target for it in acks} == {"order.placed"}
    assert [it.code for it in operations if it.name == "STREAM.INFO"] == ["10059"]
    assert ("PUB", "$KV.settings.{key}", "publish") in short(operations)
    assert [it for it in operations if it.outcome is Outcome.LOST] == []


def test_byte_by_byte(conversations: list[Conversation]) -> None:
    """Each byte alone gives the same."""
    for one in conversations:
        whole, _ = read_again(NatsScanner, one.chunks)
        operations, scanner = read_again(NatsScanner, one.chunks, byte_by_byte)
        assert scanner.gave_up == ""
        assert timeless(operations) == timeless(whole)
        assert short(operations) == short(one.operations)


@given(places=st.lists(st.floats(0, 1), max_size=6))
def test_any_cut(conversations: list[Conversation], places: list[float]) -> None:
    """Cut anywhere, the same operations, and the same messages for faults."""
    for one in conversations:
        whole, _ = read_again(NatsScanner, one.chunks)
        operations, _ = read_again(NatsScanner, one.chunks, cut_at(places))
        assert timeless(operations) == timeless(whole)
    for asked in (True, False):
        stream = b"".join(chunk.data for chunk in conversations[1].chunks if chunk.asked is asked)
        cutter = Cutter(NatsBorders())
        pieces = [piece for data in cut_at(places)(stream) for piece in cutter.cut(data)]
        assert b"".join(piece.data for piece in pieces) == stream
        assert not cutter.lost
        messages = [piece.data for piece in pieces if piece.message]
        assert messages == [piece.data for piece in Cutter(NatsBorders()).cut(stream) if piece.message]


@given(places=st.lists(st.floats(0, 1), max_size=4), place=st.floats(0, 1), asked=st.booleans())
def test_spliced_in_anywhere(
    conversations: list[Conversation], *, places: list[float], place: float, asked: bool
) -> None:
    """A cutter from the scanner's place finds all messages that begin behind it."""
    stream = b"".join(chunk.data for chunk in conversations[1].chunks if chunk.asked is asked)
    at = int(place * len(stream))
    scanner = NatsScanner()
    for data in cut_at(places)(stream[:at]):
        (scanner.asked if asked else scanner.answered)(data, 0.0)
    pieces = scanner.cutter(asked=asked).cut(stream[at:])
    assert b"".join(piece.data for piece in pieces) == stream[at:]
    begins, behind = 0, []
    for piece in Cutter(NatsBorders()).cut(stream):
        if piece.message and begins >= at:
            behind.append(piece.data)
        begins += len(piece.data)
    assert [piece.data for piece in pieces if piece.message] == behind


@given(chunks=st.lists(st.tuples(st.booleans(), st.binary(max_size=200)), max_size=20))
def test_arbitrary_bytes(chunks: list[tuple[bool, bytes]]) -> None:
    """Nothing raises."""
    read_again(NatsScanner, [Chunk(*chunk) for chunk in chunks])


SHARE = st.floats(0, 1, exclude_max=True)


@given(
    which=SHARE,
    mutations=st.lists(st.tuples(SHARE, SHARE, st.integers(0, 3), st.binary(max_size=3)), max_size=6),
)
def test_mutated_traffic(
    conversations: list[Conversation], which: float, mutations: list[tuple[float, float, int, bytes]]
) -> None:
    """Bytes changed, cut out, put in: nothing raises, what is cut stays complete."""
    chunks = [
        Chunk(chunk.asked, chunk.data[:5000])
        for chunk in conversations[int(which * len(conversations))].chunks
    ]
    for where, place, cut, put in mutations:
        number = int(where * len(chunks))
        said = bytearray(chunks[number].data)
        at = int(place * len(said))
        said[at : at + cut] = put
        chunks[number] = Chunk(chunks[number].asked, bytes(said))
    read_again(NatsScanner, chunks)
    for asked in (True, False):
        cutter = Cutter(NatsBorders())
        stream = [chunk.data for chunk in chunks if chunk.asked is asked and chunk.data]
        left = b"".join(piece.data for said in stream for piece in cutter.cut(said))
        assert left + cutter.rest() == b"".join(stream)


NODE = """
const { connect, StringCodec } = require(process.argv[2]);
(async () => {
  const client = await connect({ servers: `127.0.0.1:${process.argv[1]}` });
  const manager = await client.jetstreamManager();
  await manager.streams.add({ name: 'NODE', subjects: ['node.*'] });
  await manager.consumers.add('NODE', { durable_name: 'c', ack_policy: 'explicit' });
  const stream = client.jetstream();
  await stream.publish('node.placed', StringCodec().encode('hello'), { msgID: '1' });
  const message = await (await stream.consumers.get('NODE', 'c')).next({ expires: 5000 });
  await message.ackAck();
  client.subscribe('svc.node', { callback: (_, asked) => asked.respond(asked.data) });
  const answer = await client.request('svc.node', 'x', { timeout: 5000 });
  if (answer.string() !== 'x') throw new Error(answer.string());
  await client.drain();
})();
"""


def test_node(server: int) -> None:
    """Another client, of Node."""
    package = npm_package("nats")
    with scanned(NatsScanner, server) as it:
        command = ["node", "-e", NODE, str(it.port), str(package)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        _ended(it)
        found = short(it.operations)
    assert {one for one in found if one[0] in ("PUB", "MSG", "ACK", "REQUEST", "SUB")} == {
        ("PUB", "node.placed", "publish"),
        ("MSG", "node.placed", "deliver"),
        ("ACK", "node.placed", ""),
        ("SUB", "svc.node", "subscribe"),
        ("MSG", "svc.node", "deliver"),
        ("REQUEST", "svc.node", ""),
    }


def test_a_subject_that_is_not_permitted(tmp_path: Path) -> None:
    """A real server that refuses a subject says so."""
    config = tmp_path / "conf"
    config.write_text(
        'authorization { users = [{ user: "u", password: "p", permissions: { publish: "open.>" } }] }'
    )

    async def say(port: int) -> None:
        client = await connect(port, user="u", password="p")  # noqa: S106 - of this server
        await client.publish("secret", b"x")
        await client.flush()
        await client.close()

    with nats_server(tmp_path, "-c", str(config)) as port, scanned(NatsScanner, port) as it:
        asyncio.run(say(it.port))
        _ended(it)
        refused = [one for one in it.operations if one.outcome is Outcome.REFUSED]
    assert [(one.name, one.code) for one in refused] == [("-ERR", "Permissions Violation")]
