"""Any messages, with any bytes changed, cut anywhere: the same operations, never an exception."""

import os
from collections.abc import Sequence
from random import Random
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.traffic.protocols.kafka.names import TopicNames
from meshdev.traffic.protocols.kafka.scanner import KafkaScanner
from support_kafka_messages import CLASSES, batch, message, versions
from support_scanning import Chunk, byte_by_byte, cut_at, read_again, timeless

EXAMPLES = int(os.environ.get("MESHDEV_FUZZ", "50"))  # raise it for a longer hunt
KEYS = st.sampled_from([0, 0, 1, 1, 2, 3, 8, 9, 10, 11, 12, 17, 18, 19, 22, 36, 60])
PLACES = st.lists(st.floats(0, 1), max_size=6)
CHANGES = st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=4)), max_size=3)
BATCHES = [
    batch([b"value", b""]),
    batch([b"x" * 100] * 3, compression=1),
    batch([b"y"])[:-5],
    b"",
    b"\x00" * 100,
]


@st.composite
def talks(draw: st.DrawFn) -> list[Chunk]:
    """Requests and their answers, some of whose bytes are changed."""
    random = Random(draw(st.integers(0, 2**32)))
    chunks = []
    for correlation in range(draw(st.integers(1, 4))):
        key = draw(KEYS)
        version = draw(st.sampled_from(versions(key)))
        for asked in (True, False):
            if (key, asked) in CLASSES:
                data = message(key, version, random, asked=asked, correlation=correlation).data
                chunks.append(Chunk(asked, _changed(draw(CHANGES), data)))
    return chunks


def _changed(changes: Sequence[tuple[float, bytes]], data: bytes) -> bytes:
    for place, put in changes:
        at = int(place * len(data))
        data = data[:at] + put + data[at + len(put) :]
    return data


def same(talk: Sequence[Chunk], places: Sequence[float]) -> None:
    """Whole, by the byte, or cut anywhere."""
    whole, scanner = read_again(lambda: KafkaScanner(TopicNames()), talk)
    for cut in (byte_by_byte, cut_at(places)):
        other, again = read_again(lambda: KafkaScanner(TopicNames()), talk, cut)
        assert timeless(other) == timeless(whole)
        assert again.gave_up == scanner.gave_up


@settings(max_examples=EXAMPLES * 2, deadline=None)
@given(talks(), PLACES)
def test_cuts_change_nothing(talk: Sequence[Chunk], places: Sequence[float]) -> None:
    """Also when the bytes make no sense."""
    same(talk, places)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.sampled_from(BATCHES), max_size=4), st.integers(4, 12), CHANGES, PLACES)
def test_records_of_any_kind(
    records: list[bytes], version: int, changes: Sequence[tuple[float, bytes]], places: Sequence[float]
) -> None:
    """Batches that are changed, cut off or none at all."""
    random = Random(version)
    topic = SimpleNamespace(
        tags=set(), unknown_tags=None, topic="a", topic_id=None,
        partitions=[
            SimpleNamespace(
                tags=set(), unknown_tags=None, partition_index=0, error_code=0, high_watermark=9, last_stable_offset=9,
                log_start_offset=0, aborted_transactions=None, preferred_read_replica=-1, records=b"".join(records),
            )
        ] * 2,
    )  # fmt: skip
    asked = message(1, version, random, asked=True).data
    answer = message(1, version, random, asked=False, responses=[topic]).data
    same([Chunk(asked=True, data=asked), Chunk(asked=False, data=_changed(changes, answer))], places)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=200)), max_size=20))
def test_any_bytes_are_survived(talk: Sequence[tuple[bool, bytes]]) -> None:
    """No exception."""
    read_again(KafkaScanner, [Chunk(*one) for one in talk])
