"""MongoDB's protocol by the specification: messages, documents, what is not answered, what cannot be read."""

import os
import struct
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
import zstandard
from bson import decimal128, int64, regex, timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.traffic.protocols.incoming import Incoming, Reading
from meshdev.traffic.protocols.mongodb.bson import walk
from meshdev.traffic.protocols.mongodb.scanner import MOST_WAITING, MongoScanner
from meshdev.traffic.protocols.operation import Outcome
from support_mongodb import MORE_TO_COME, OP_COMPRESSED, OP_MSG, OP_QUERY, OP_REPLY
from support_scanning import Chunk, byte_by_byte, cut_at, read_again, timeless

EXAMPLES = int(os.environ.get("MESHDEV_FUZZ", "50"))  # raise it for a longer hunt
CHECKSUM = 1
FIND = {"find": "orders", "filter": {"who": "secret"}, "$db": "shop"}
VALUES: dict[str, Any] = {
    "double": 1.5, "string": "text", "document": {"ok": 0.0}, "array": [1, {"ok": 0}], "binary": b"abc", "none": None,
    "id": bson.ObjectId(), "true": True, "date": datetime(2026, 1, 1, tzinfo=UTC), "regex": regex.Regex("a.c", "i"),
    "int32": 7, "stamp": timestamp.Timestamp(1, 2), "int64": int64.Int64(7), "decimal": decimal128.Decimal128("1.5"),
    "code": bson.Code("f()"), "scoped": bson.Code("f()", {"a": 1}), "min": bson.MinKey(), "max": bson.MaxKey(),
}  # fmt: skip


def framed(operation: int, body: bytes, number: int = 7, answers: int = 0) -> bytes:
    """A message."""
    return struct.pack("<iiii", len(body) + 16, number, answers, operation) + body


def said(
    document: dict[str, Any], *, number: int = 7, answers: int = 0, flags: int = 0, behind: bytes = b""
) -> bytes:
    """An OP_MSG."""
    body = struct.pack("<IB", flags, 0) + bson.encode(document) + behind
    return framed(OP_MSG, body, number, answers)


def answer(document: dict[str, Any], *, number: int = 99, answers: int = 7, flags: int = 0) -> bytes:
    """An answer, to number 7 if nothing else is said."""
    return said(document, number=number, answers=answers, flags=flags)


def sequence(name: str, *documents: dict[str, Any]) -> bytes:
    """A section of documents."""
    body = name.encode() + b"\0" + b"".join(map(bson.encode, documents))
    return b"\1" + struct.pack("<i", len(body) + 4) + body


def read(asked: bytes, answered: bytes = b"") -> list[Any]:
    """What is told of it; the same byte by byte."""
    chunks = [Chunk(asked=True, data=asked), Chunk(asked=False, data=answered)]
    whole, scanner = read_again(MongoScanner, chunks)
    single, again = read_again(MongoScanner, chunks, byte_by_byte)
    assert timeless(single) == timeless(whole)
    assert again.gave_up == scanner.gave_up == ""
    return whole


def test_a_command_and_its_answer() -> None:
    """Its name, database and collection, both sizes; nothing of its values."""
    (it,) = read(said(FIND), answer({"cursor": {"firstBatch": [{"who": "secret"}]}, "ok": 1.0}))
    assert (it.name, it.target, it.outcome, it.code) == ("find", "shop.orders", Outcome.OK, "")
    assert (it.bytes_in, it.detail) == (len(said(FIND)), "")
    assert "secret" not in repr(it)


@pytest.mark.parametrize(
    ("command", "name", "target"),
    [
        ({"insert": "orders", "documents": [{"a": "x" * 9000}], "$db": "shop"}, "insert", "shop.orders"),
        ({"getMore": int64.Int64(5), "collection": "orders", "$db": "shop"}, "getMore", "shop.orders"),
        ({"aggregate": 1, "pipeline": [], "$db": "shop"}, "aggregate", "shop"),
        ({"insert": "log_2024", "$db": "tenant-1042"}, "insert", "tenant-{id}.log_{id}"),
        ({"createUser": "ana", "pwd": "secret", "$db": "admin"}, "createUser", ""),
        ({"saslStart": 1, "payload": b"secret", "$db": "admin"}, "saslStart", ""),
        ({"dropDatabase": 1, "$db": "shop"}, "dropDatabase", "shop"),
        ({"no such \n": 1, "$db": "shop"}, "(unknown)", "shop"),
        ({}, "(unknown)", ""),
    ],
)
def test_names_and_targets(command: dict[str, Any], name: str, target: str) -> None:
    """By the first element, and those that say where."""
    (it,) = read(said(command), answer({"ok": 1}))
    assert (it.name, it.target) == (name, target)


@pytest.mark.parametrize(
    ("document", "code", "outcome"),
    [
        ({"ok": 1.0}, "", Outcome.OK),
        ({"ok": 1}, "", Outcome.OK),
        ({"ok": True, "code": 5}, "", Outcome.OK),
        ({"ok": 0.0, "errmsg": "no", "code": 13, "codeName": "Unauthorized"}, "Unauthorized", Outcome.REFUSED),
        ({"codeName": "ShutdownInProgress", "code": 91, "ok": 0}, "ShutdownInProgress", Outcome.FAILED),
        ({"ok": 0.0, "code": 4242}, "4242", Outcome.REFUSED),
        ({"ok": 0.0}, "error", Outcome.REFUSED),
        ({"n": 0, "writeErrors": [{"index": 0, "code": 11000}], "ok": 1.0}, "DuplicateKey", Outcome.REFUSED),
        ({"n": 1, "writeErrors": [], "ok": 1.0}, "", Outcome.OK),
        ({"n": 1, "writeConcernError": {"code": 64}, "ok": 1.0}, "WriteConcernFailed", Outcome.FAILED),
        ({"cursor": {"firstBatch": [{"ok": 0.0, "x": "y" * 9000}]}, "ok": 1.0}, "", Outcome.OK),
    ],
)  # fmt: skip
def test_errors(document: dict[str, Any], code: str, outcome: Outcome) -> None:
    """Of the whole, of single writes, of the write concern; what stands in documents is none."""
    (it,) = read(said(FIND), answer(document))
    assert (it.code, it.outcome) == (code, outcome)


def test_sections_and_a_checksum() -> None:
    """Documents beside the command, before or behind it."""
    documents = sequence("documents", {"a": 1}, {"ok": 0.0, "b": "x" * 5000})
    command = {"insert": "orders", "$db": "shop"}
    behind = said(command, flags=CHECKSUM, behind=documents + b"\xff\xff\xff\xff")
    before = framed(OP_MSG, struct.pack("<I", 0) + documents + b"\0" + bson.encode(command))
    for request in (behind, before):
        (it,) = read(request, answer({"ok": 1.0}))
        assert (it.name, it.target) == ("insert", "shop.orders")


def test_documents_that_are_longer_than_their_message() -> None:
    """Are no documents; the next message is read."""
    broken = framed(OP_MSG, struct.pack("<IBi", 0, 1, 100), number=1)
    first, second = read(broken + said(FIND), answer({"ok": 1.0}, answers=1) + answer({"ok": 1.0}))
    assert (first.name, second.name) == ("(unknown)", "find")


@pytest.mark.parametrize(
    "body",
    [
        framed(OP_MSG, b"\0\0"),
        framed(OP_MSG, b"\0\0\0\0\0" + struct.pack("<i", 3)),
        framed(OP_MSG, b"\0\0\0\0\0" + struct.pack("<i", 20) + b"\x01" + b"x" * 15),
        framed(OP_MSG, b"\0\0\0\0\0" + struct.pack("<i", 12) + b"\x99name\0\0\0"),
        framed(OP_MSG, b"\0\0\0\0\0" + struct.pack("<i", 12) + b"\x0bname\0ab"),
        framed(OP_QUERY, b"\0\0\0\0no end"),
        framed(OP_COMPRESSED, b"\0\0"),
        framed(OP_COMPRESSED, struct.pack("<iiB", OP_COMPRESSED, 50, 0) + b"x" * 20),
        framed(OP_COMPRESSED, struct.pack("<iiB", 4242, 50, 0) + b"x" * 20),
    ],
)
def test_what_makes_no_sense_is_told_as_unknown(body: bytes) -> None:
    """The message has its borders, so the next one is read."""
    first, second = read(
        body[:4] + struct.pack("<i", 1) + body[8:] + said(FIND),
        answer({"ok": 1.0}, answers=1) + answer({"ok": 1.0}),
    )
    assert first.target == ""
    assert second.name == "find"


def test_the_greeting_of_old_drivers() -> None:
    """OP_QUERY and OP_REPLY."""
    query = struct.pack("<i", 0) + b"admin.$cmd\0" + struct.pack("<ii", 0, -1) + bson.encode({"isMaster": 1})
    reply = struct.pack("<iqii", 8, 0, 0, 1) + bson.encode({"ismaster": True, "ok": 1.0})
    (it,) = read(framed(OP_QUERY, query), framed(OP_REPLY, reply, 99, 7))
    assert (it.name, it.target, it.outcome) == ("isMaster", "", Outcome.OK)


@pytest.mark.parametrize("compressor", [0, 2, 3])
def test_what_is_compressed_is_read(compressor: int) -> None:
    """As far as it is compressed with what is here."""
    packers: dict[int, Any] = {0: bytes, 2: zlib.compress, 3: zstandard.compress}
    pack = packers[compressor]

    def compressed(message: bytes) -> bytes:
        _, number, answers, operation = struct.unpack_from("<iiii", message)
        head = struct.pack("<iiB", operation, len(message) - 16, compressor)
        return framed(OP_COMPRESSED, head + pack(message[16:]), number, answers)

    big = {"insert": "orders", "$db": "shop", "documents": [{"x": os.urandom(500_000)}]}
    error = {"ok": 0.0, "code": 13, "codeName": "Unauthorized"}
    (it,) = read(compressed(said(big)), compressed(answer(error)))
    assert (it.name, it.target, it.code) == ("insert", "shop.orders", "Unauthorized")
    (it,) = read(compressed(said(FIND, flags=MORE_TO_COME)))
    assert (it.name, it.started) == ("find", it.ended)
    (it,) = read(compressed(said(FIND))[:30] + b"?" * (len(compressed(said(FIND))) - 30), answer({"ok": 1.0}))
    assert it.outcome is Outcome.OK


def test_who_waits_for_news_has_no_latency() -> None:
    """A hello, and a getMore that may take its time; lost is neither."""
    hello = {
        "hello": 1,
        "topologyVersion": {"counter": int64.Int64(1)},
        "maxAwaitTimeMS": 10_000,
        "$db": "admin",
    }
    more = {"getMore": int64.Int64(5), "collection": "orders", "maxTimeMS": 1000, "$db": "shop"}
    find = {"find": "orders", "maxTimeMS": 1000, "$db": "shop"}
    for command, waits in ((hello, True), (more, True), (find, False)):
        scanner = MongoScanner()
        scanner.asked(said(command), 1.0)
        (it,) = scanner.answered(answer({"ok": 1.0}), 9.0)
        assert (it.ended - it.started, it.detail) == ((0.0, "waited 8.000 s") if waits else (8.0, ""))
        scanner.asked(said(command), 1.0)
        assert [it.outcome for it in scanner.lost(2.0)] == ([] if waits else [Outcome.LOST])


def test_a_stream_of_answers_goes_on_from_answer_to_answer() -> None:
    """Each answers the one before it."""
    scanner = MongoScanner()
    scanner.asked(said(FIND), 1.0)
    first = scanner.answered(answer({"ok": 1.0}, flags=MORE_TO_COME), 2.0)
    second = scanner.answered(answer({"ok": 1.0}, number=100, answers=99, flags=MORE_TO_COME), 3.0)
    assert scanner.waiting() == 1
    third = scanner.answered(answer({"ok": 1.0}, number=101, answers=100), 4.0)
    assert [it.ended - it.started for it in (*first, *second, *third)] == [1.0, 0.0, 0.0]
    assert scanner.waiting() == 0


@pytest.mark.parametrize(
    ("asked", "answered", "why"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 9, b"", "it is encrypted (TLS)"),
        (b"GET / HTTP/1.1\r\n\r\n", b"", "it is not MongoDB's protocol"),
        (framed(2002, b"x" * 10), b"", "the client speaks as before OP_MSG"),
        (framed(OP_MSG, b""), b"", "it is not MongoDB's protocol"),
        (b"", answer({"ok": 1.0}), "the server answered what nobody had asked"),
        (
            framed(OP_COMPRESSED, struct.pack("<iiB", OP_MSG, 9, 1) + b"?"),
            b"",
            "it is compressed with snappy",
        ),
        (
            b"".join(said({"ping": 1}, number=n) for n in range(MOST_WAITING + 1)),
            b"",
            f"more than {MOST_WAITING} commands wait for their answers",
        ),
    ],
)
def test_giving_up(asked: bytes, answered: bytes, why: str) -> None:
    """With a reason, and nothing more is told."""
    scanner = MongoScanner()
    scanner.asked(asked, 0.0)
    scanner.answered(answered, 0.0)
    assert scanner.gave_up == why
    assert not scanner.asked(said(FIND), 0.0)
    assert not scanner.lost(0.0)


def test_big_messages_are_skipped_and_not_kept() -> None:
    """Ten megabytes in a document, cut anyhow."""
    request = said({"insert": "orders", "documents": [{"x": b"y" * 10_000_000}], "$db": "shop"})
    scanner = MongoScanner()
    for at in range(0, len(request), 65536):
        scanner.asked(request[at : at + 65536], 0.0)
        assert len(scanner._asked.data) <= 65536 + 1024
    (it,) = scanner.answered(answer({"ok": 1.0}), 1.0)
    assert (it.target, it.bytes_in) == ("shop.orders", len(request))


def elements(document: bytes, cut: Any) -> list[tuple[bytes, int]]:
    """What `walk` shows of a document."""
    found: list[tuple[bytes, int]] = []

    def follow(incoming: Incoming) -> Reading:
        names = frozenset(name.encode() for name in bson.decode(document))
        yield from walk(incoming, len(document), lambda name, kind, _: found.append((name, kind)), names)
        assert incoming.position == len(document)
        found.append((b"end", 0))
        yield 1 << 62

    incoming = Incoming(follow)
    for data in cut(document):
        incoming.put(data)
    return found


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.sampled_from(list(VALUES)), max_size=30), st.lists(st.floats(0, 1), max_size=4))
def test_documents_are_walked_as_pymongo_writes_them(kinds: list[str], places: list[float]) -> None:
    """All types, in any order, cut anywhere."""
    document = bson.encode({f"{name}{n}": VALUES[name] for n, name in enumerate(kinds)})
    expected = [(f"{name}{n}".encode()) for n, name in enumerate(kinds)]
    for cut in (byte_by_byte, cut_at(places)):
        assert [name for name, _ in elements(document, cut)] == [*expected, b"end"]


MESSAGES = st.sampled_from(
    [
        said(FIND), said(FIND, flags=MORE_TO_COME),
        said({"insert": "a", "$db": "b"}, behind=sequence("documents", {"a": 1})),
        said(VALUES), framed(OP_COMPRESSED, struct.pack("<iiB", OP_MSG, 50, 2) + zlib.compress(said(FIND)[16:])),
    ]
)  # fmt: skip
ANSWERS = st.sampled_from(
    [
        answer({"ok": 1.0}), answer({"ok": 1.0}, flags=MORE_TO_COME), answer({"ok": 1.0}, answers=99),
        answer({"ok": 0.0, "codeName": "a"}), answer({"writeErrors": [{"code": 11000}], **VALUES}),
    ]
)  # fmt: skip
CHANGES = st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=4)), max_size=2)


@settings(max_examples=EXAMPLES * 4, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), MESSAGES, ANSWERS, CHANGES), max_size=6),
    st.lists(st.floats(0, 1), max_size=5),
)
def test_cuts_change_nothing(
    talk: Sequence[tuple[bool, bytes, bytes, list[tuple[float, bytes]]]], places: list[float]
) -> None:
    """Whole, by the byte, or cut anywhere, also when bytes are changed."""
    chunks = []
    for asked, request, response, changes in talk:
        data = request if asked else response
        for place, put in changes:
            at = int(place * len(data))
            data = data[:at] + put + data[at + len(put) :]
        chunks.append(Chunk(asked, data))
    whole, scanner = read_again(MongoScanner, chunks)
    for cut in (byte_by_byte, cut_at(places)):
        other, again = read_again(MongoScanner, chunks, cut)
        assert timeless(other) == timeless(whole)
        assert again.gave_up == scanner.gave_up


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=200)), max_size=20))
def test_any_bytes_are_survived(talk: Sequence[tuple[bool, bytes]]) -> None:
    """No exception."""
    read_again(MongoScanner, [Chunk(*one) for one in talk])
