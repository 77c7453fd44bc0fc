"""Kafka's scanner over messages by the schemas of kafka-python: all versions of Produce and Fetch, and the rest."""

import struct
from random import Random
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from meshdev.traffic.protocols.kafka.names import MOST_NAMES, TopicNames
from meshdev.traffic.protocols.kafka.scanner import MOST_WAITING, KafkaScanner
from meshdev.traffic.protocols.operation import Kind, Operation, Outcome
from support_kafka_messages import batch, message, versions
from support_scanning import Chunk, byte_by_byte, read_again, timeless

PRODUCE, FETCH, METADATA = 0, 1, 3
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACED = [("traceparent", f"00-{TRACE}-{PARENT}-01".encode())]
IDS = {"orders": UUID(int=1), "stock": UUID(int=2)}
GZIP = 1
ANY = Random(0)


def names() -> TopicNames:
    """A book that knows the topics."""
    book = TopicNames()
    book.learn([{"name": name, "id": uuid.bytes} for name, uuid in IDS.items()])
    return book


def bare(**fields: Any) -> SimpleNamespace:
    """A structure without tagged fields."""
    return SimpleNamespace(tags=set(), unknown_tags=None, **fields)


def produced(version: int, parts: dict[str, list[bytes]], *, acks: int = -1, correlation: int = 7) -> bytes:
    """A Produce request of these batches."""
    topics = [
        bare(
            name=name,
            topic_id=IDS[name],
            partition_data=[bare(index=n, records=it) for n, it in enumerate(records)],
        )
        for name, records in parts.items()
    ]
    return message(
        PRODUCE, version, ANY, asked=True, correlation=correlation, acks=acks, topic_data=topics
    ).data


def acknowledged(version: int, errors: dict[str, int]) -> bytes:
    """The answer to it."""
    random = Random(version)
    topics = [
        bare(
            name=name, topic_id=IDS[name],
            partition_responses=[
                bare(index=0, error_code=error, base_offset=5, log_append_time_ms=-1, log_start_offset=0,
                     record_errors=[bare(batch_index=1, batch_index_error_message="no")], error_message=None)
            ],
        )
        for name, error in errors.items()
    ]  # fmt: skip
    return message(PRODUCE, version, random, asked=False, responses=topics).data


def fetched(version: int, parts: dict[str, list[tuple[int, int, bytes | None]]]) -> bytes:
    """A Fetch answer: for each topic partitions of (error, high watermark, records)."""
    aborted = [bare(producer_id=1, first_offset=2)] * 3
    topics = [
        bare(
            topic=name, topic_id=IDS[name],
            partitions=[
                bare(partition_index=n, error_code=error, high_watermark=filled, last_stable_offset=filled,
                     log_start_offset=0, aborted_transactions=aborted, preferred_read_replica=-1, records=records)
                for n, (error, filled, records) in enumerate(partitions)
            ],
        )
        for name, partitions in parts.items()
    ]  # fmt: skip
    return message(FETCH, version, ANY, asked=False, error_code=0, responses=topics).data


def asked(key: int, version: int, correlation: int = 7, /, **given: Any) -> bytes:
    """Any request."""
    return message(key, version, Random(version), asked=True, correlation=correlation, **given).data


def read(*said: tuple[bool, bytes]) -> list[Operation]:
    """What is told of it; the same byte by byte."""
    chunks = [Chunk(*one) for one in said]
    whole, scanner = read_again(lambda: KafkaScanner(names()), chunks)
    single, again = read_again(lambda: KafkaScanner(names()), chunks, byte_by_byte)
    assert timeless(single) == timeless(whole)
    assert (again.gave_up, again.waiting()) == (scanner.gave_up, scanner.waiting()) == ("", 0)
    return whole


ASK, TELL = True, False


@pytest.mark.parametrize("version", versions(PRODUCE))
def test_what_is_produced_is_told_by_topic(version: int) -> None:
    """Records, the first one's beginning, those with a trace, and the errors, in every version."""
    orders = [batch([b"hello", b"b", b"c"], [[], TRACED, []]), batch([b"d"])]
    request = produced(version, {"orders": orders, "stock": [batch([b"x" * 9000] * 7, compression=GZIP)]})
    done = read((ASK, request), (TELL, acknowledged(version, {"orders": 0, "stock": 19})))
    assert [(it.name, it.target, it.messages_in, it.trace, it.code, it.outcome) for it in done] == [
        ("Produce", "orders", 3, "", "", Outcome.OK),
        ("Produce", "orders", 1, TRACE, "", Outcome.OK),
        ("Produce", "stock", 7, "", "NOT_ENOUGH_REPLICAS", Outcome.FAILED),
    ]
    assert {it.kind for it in done} == {Kind.PUBLISH}
    assert [it.payload for it in done] == [b"hello", b"hello", b""]
    assert sum(it.bytes_in for it in done) == len(request)
    assert sum(it.bytes_out for it in done) == len(acknowledged(version, {"orders": 0, "stock": 19}))


@pytest.mark.parametrize("version", versions(PRODUCE))
def test_without_acks_nobody_answers(version: int) -> None:
    """It ends as it is asked, and the next answer is the next request's."""
    done = read(
        (
            ASK,
            produced(version, {"orders": [batch([b"a"])]}, acks=0)
            + produced(version, {"stock": [batch([b"b"])]}),
        ),
        (TELL, acknowledged(version, {"stock": 0})),
    )
    assert [(it.target, it.messages_in) for it in done] == [("orders", 1), ("stock", 1)]


@pytest.mark.parametrize("version", range(4, versions(FETCH)[-1] + 1))
def test_what_is_fetched_is_told_by_topic(version: int) -> None:
    """Records, how many are behind them, traces and errors, in every version; it waits, so there is no latency."""
    whole = batch([b"hello", b"b"], [TRACED, []])
    later = batch([b"c"], offset=2)
    cut_off = batch([b"d" * 1000], offset=3)[:500]
    answer = fetched(
        version,
        {"orders": [(0, 10, whole + later + cut_off), (0, 2, whole), (0, 5, None)], "stock": [(1, -1, b"")]},
    )
    done = read((ASK, asked(FETCH, version)), (TELL, answer))
    assert [(it.name, it.target, it.messages_out, it.trace, it.code, it.lag) for it in done] == [
        ("Fetch", "orders", 3, "", "", 7),
        ("Fetch", "orders", 1, TRACE, "", 7),
        ("Fetch", "orders", 1, TRACE, "", 7),
        ("Fetch", "stock", 0, "", "OFFSET_OUT_OF_RANGE", None),
    ]
    assert {it.kind for it in done} == {Kind.DELIVER}
    assert all(it.started == it.ended and it.detail == "waited 0.000 s" for it in done)
    assert sum(it.bytes_out for it in done) == len(answer)


@pytest.mark.parametrize("version", range(4, versions(FETCH)[-1] + 1))
def test_an_empty_fetch_delivers_nothing(version: int) -> None:
    """One call, no message."""
    (operation,) = read((ASK, asked(FETCH, version)), (TELL, fetched(version, {})))
    assert (operation.name, operation.target, operation.kind) == ("Fetch", "", Kind.CALL)


def test_the_marks_of_transactions_are_no_records() -> None:
    """A control batch moves on the offsets, and that is all."""
    mark = bytearray(batch([b"mark"], offset=2))
    mark[22] |= 0x20
    answer = fetched(12, {"orders": [(0, 3, batch([b"a", b"b"]) + bytes(mark))]})
    (operation,) = read((ASK, asked(FETCH, 12)), (TELL, answer))
    assert (operation.messages_out, operation.lag) == (2, 0)


def test_messages_of_the_old_formats_are_counted() -> None:
    """What is in them is not told."""
    old = struct.pack(">qiIbbq", 0, 22, 0, 1, 0, 0) + struct.pack(">ii", -1, 0)
    (operation,) = read((ASK, asked(FETCH, 4)), (TELL, fetched(4, {"orders": [(0, 9, old * 3)]})))
    assert (operation.messages_out, operation.lag, operation.payload) == (3, None, b"")


def test_a_topic_whose_name_nobody_has_told() -> None:
    """Is told by its id, until a Metadata or CreateTopics answer names it, also on another connection."""
    book = TopicNames()
    fetch = [Chunk(ASK, asked(FETCH, 13)), Chunk(TELL, fetched(13, {"orders": [(0, 1, batch([b"a"]))]}))]
    (first,), _ = read_again(lambda: KafkaScanner(book), fetch)
    assert first.target == "(topic id 00000000)"
    topic = bare(error_code=0, name="orders", topic_id=IDS["orders"], is_internal=False, partitions=[],
                 authorized_operations=set())  # fmt: skip
    answer = message(METADATA, 12, ANY, asked=False, topics=[topic]).data
    read_again(lambda: KafkaScanner(book), [Chunk(ASK, asked(METADATA, 12)), Chunk(TELL, answer)])
    (second,), _ = read_again(lambda: KafkaScanner(book), fetch)
    assert second.target == "orders"


def test_the_book_of_names_is_bounded() -> None:
    """The oldest are forgotten."""
    book = TopicNames()
    book.learn([{"name": f"topic-{n}", "id": UUID(int=n).bytes} for n in range(1, MOST_NAMES + 2)])
    assert book.target("", UUID(int=1).bytes) == "(topic id 00000000)"
    assert book.target("", UUID(int=2).bytes) == "topic-2"


@pytest.mark.parametrize(
    ("key", "version", "request_fields", "answer_fields", "told"),
    [
        (12, 4, {"group_id": "billing"}, {"error_code": 27}, ("Heartbeat", "billing", "REBALANCE_IN_PROGRESS")),
        (11, 5, {"group_id": "console-consumer-42017"}, {"error_code": 0}, ("JoinGroup", "console-consumer-{id}", "")),
        (8, 7, {"group_id": "billing"}, {"topics": []}, ("OffsetCommit", "billing", "")),
        (10, 3, {"key": "billing"}, {"error_code": 15}, ("FindCoordinator", "billing", "COORDINATOR_NOT_AVAILABLE")),
        (10, 4, {"coordinator_keys": ["billing"]}, {"coordinators": []}, ("FindCoordinator", "billing", "")),
        (10, 4, {"coordinator_keys": ["billing", "b"]}, {"coordinators": []}, ("FindCoordinator", "", "")),
        (2, 1, {"topics": [bare(name="orders", partitions=[])]}, {"topics": []}, ("ListOffsets", "orders", "")),
        (22, 4, {"transactional_id": None}, {"error_code": 0}, ("InitProducerId", "", "")),
        (18, 4, {}, {"error_code": 35}, ("ApiVersions", "", "UNSUPPORTED_VERSION")),
        (36, 2, {"auth_bytes": b"secret"}, {"error_code": 58}, ("SaslAuthenticate", "", "SASL_AUTHENTICATION_FAILED")),
        (16, 4, {}, {"error_code": 1}, ("ListGroups", "", "")),
    ],
)  # fmt: skip
def test_other_requests(
    key: int, version: int, request_fields: Any, answer_fields: Any, told: tuple[str, str, str]
) -> None:
    """Their group or only topic, and the first error of the answer."""
    answer = message(key, version, Random(1), asked=False, **answer_fields).data
    (operation,) = read((ASK, asked(key, version, **request_fields)), (TELL, answer))
    assert (operation.name, operation.target, operation.code) == told
    assert "secret" not in repr(operation)


@pytest.mark.parametrize("key", [PRODUCE, FETCH, METADATA, 12, 150])
def test_a_version_that_is_not_known_is_told_by_its_name(key: int) -> None:
    """Whatever stands in it."""
    head = struct.pack(">hhi", key, 90, 7) + b"\xff\xff\x00" + b"?" * 50
    (operation,) = read(
        (ASK, struct.pack(">i", len(head)) + head), (TELL, struct.pack(">ii", 20, 7) + b"!" * 16)
    )
    assert operation.target == ""
    assert operation.outcome is Outcome.OK


def test_answers_out_of_order_are_paired() -> None:
    """By their numbers."""
    done = read(
        (ASK, asked(12, 0, 1, group_id="a") + asked(12, 0, 2, group_id="b")),
        (TELL, message(12, 0, ANY, asked=False, correlation=2, error_code=0).data),
        (TELL, message(12, 0, ANY, asked=False, correlation=1, error_code=0).data),
    )
    assert [it.target for it in done] == ["b", "a"]


def test_what_is_lost() -> None:
    """Requests without an answer; a Fetch that waits has lost nothing."""
    done, scanner = read_again(
        lambda: KafkaScanner(names()),
        [
            Chunk(
                ASK,
                produced(9, {"orders": [batch([b"a"])]}) + asked(FETCH, 12, 2) + asked(12, 0, 3),
            ),
            Chunk(TELL, acknowledged(9, {"orders": 0})[:-1]),
        ],
    )
    assert [(it.name, it.outcome) for it in done] == [("Produce", Outcome.LOST), ("Heartbeat", Outcome.LOST)]
    assert scanner.waiting() == 0


@pytest.mark.parametrize(
    ("said", "answered", "why"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"", "it is encrypted (TLS)"),
        (b"GET / HTTP/1.1\r\n", b"", "it is not Kafka's protocol"),
        (b"\x00\x00\x00\x02\x00\x00\x00\x00", b"", "it is not Kafka's protocol"),
        (struct.pack(">ihhih", 10, 999, 0, 1, -1), b"", "it is not Kafka's protocol"),
        (
            b"",
            b"\x00\x00\x00\x08\x00\x00\x00\x01\x00\x00\x00\x01",
            "the broker answered what nobody had asked",
        ),
        (b"", b"\xff\xff\xff\xff\xff\xff\xff\xff", "it is not Kafka's protocol"),
        (asked(12, 0) * 2, b"", "it is not Kafka's protocol"),
        (
            asked(17, 0),
            message(17, 0, ANY, asked=False, error_code=0, mechanisms=["PLAIN"]).data,
            "SASL goes on without Kafka's frames",
        ),
        (
            b"".join(struct.pack(">ihhih", 10, 18, 0, n, -1) for n in range(MOST_WAITING + 1)),
            b"",
            f"more than {MOST_WAITING} requests wait for their answers",
        ),
    ],
)
def test_giving_up(said: bytes, answered: bytes, why: str) -> None:
    """With a reason, and nothing more is told."""
    scanner = KafkaScanner()
    scanner.asked(said, 0.0)
    scanner.answered(answered, 0.0)
    assert scanner.gave_up == why
    assert not scanner.asked(said, 0.0)
    assert not scanner.lost(0.0)


def test_big_messages_are_skipped_and_not_kept() -> None:
    """Ten megabytes of one batch, cut anyhow."""
    small = batch([b"x"])
    size = 10_000_000
    big = small[:8] + struct.pack(">i", len(small) - 12 + size) + small[12:] + b"x" * size
    request = produced(9, {"orders": [big]})
    scanner = KafkaScanner()
    for at in range(0, len(request), 65536):
        assert not scanner.asked(request[at : at + 65536], 0.0)
        assert len(scanner._asked.data) <= 65536 + 16 * 1024
    (operation,) = scanner.answered(acknowledged(9, {"orders": 0}), 1.0)
    assert (operation.messages_in, operation.payload) == (1, b"x")
    assert operation.bytes_in == len(request)
