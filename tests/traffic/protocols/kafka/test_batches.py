"""Batches of records taken apart and put together, with kafka-python's as the measure."""

from struct import pack_into, unpack_from

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.record import MemoryRecords
from kafka.record.util import calc_crc32c

from meshdev.traffic.protocols.kafka.batches import (
    Batch,
    UnopenedError,
    fetched,
    of_nobody,
    opened,
    produced,
    signed,
    split,
    zigzag,
)
from meshdev.traffic.protocols.kafka.crc32c import crc32c
from meshdev.traffic.protocols.kafka.fields import MalformedError
from support_kafka_messages import batch, idempotent

VALUES = [b"one", b"", b"three" * 100]
HEADERS = [[("Tenant", b"a"), ("tenant", b"b"), ("n", b"1")], [], []]
COMPRESSED = pytest.mark.parametrize("compression", [0, 1, 4])


def read(data: bytes) -> list[tuple[int, bytes | None]]:
    """Offsets and values as kafka-python reads them; its checksum is checked."""
    records = MemoryRecords(data)
    found = []
    while records.has_next():
        one = records.next_batch()
        assert one.validate_crc()
        found += [(record.offset, record.value) for record in one]
    return found


@given(st.binary(max_size=300))
def test_checksums(data: bytes) -> None:
    """As others make them."""
    assert crc32c(data) == calc_crc32c(data)


@given(st.integers(-(2**62), 2**62))
def test_numbers(number: int) -> None:
    """Of variable length, both ways."""
    assert signed(b"x" + zigzag(number), 1) == (number, 1 + len(zigzag(number)))


@COMPRESSED
def test_put_together_again(compression: int) -> None:
    """The same records; headers are read when somebody asks."""
    data = batch(VALUES, HEADERS, compression)
    one = opened(data)
    assert [record.value for record in one.records] == VALUES
    assert one.records[0].texts() == {"tenant": "a", "n": "1"}
    assert read(produced(one, one.records, -1)) == read(data)


@COMPRESSED
def test_other_records(compression: int) -> None:
    """A producer's are numbered anew, a broker's keep their offsets, with none the batch is empty."""
    one = opened(batch(VALUES, None, compression, offset=40))
    first, second, third = one.records
    assert read(produced(one, [third, first, first], 0)) == [(0, VALUES[2]), (1, b"one"), (2, b"one")]
    assert read(fetched(one, [first, third._replace(value=None)])) == [(40, b"one"), (42, None)]
    empty = fetched(one, [])
    assert len(empty) == 61
    assert unpack_from(">i", empty, 23)[0] == 42  # the last offset is where it was
    assert read(of_nobody(one, second)) == [(0, b"")]


def test_producers() -> None:
    """Sequences can be moved; what leaves alone is nobody's."""
    one = opened(idempotent(batch(VALUES), 7, 30, transactional=True))
    assert (one.producer, one.is_transactional) == ((7, 1, 30), True)
    assert opened(produced(one, one.records[:2], 28)).producer == (7, 1, 28)
    alone = opened(of_nobody(one, one.records[0]))
    assert (alone.producer, alone.is_transactional) == ((-1, -1, -1), False)


def test_what_is_not_opened() -> None:
    """Other formats, what is cut off, the broker's own marks; compressions that nobody has here are told."""
    data = batch(VALUES)
    old, control, snappy = bytearray(data), bytearray(data), bytearray(data)
    old[16] = 1
    control[22] |= 0x20
    snappy[22] |= 2
    for one in (b"", data[:70], bytes(old), bytes(control)):
        assert opened(one) == Batch(one, [])
    with pytest.raises(UnopenedError, match="snappy"):
        opened(bytes(snappy))
    broken = bytearray(data)
    pack_into(">i", broken, 57, 4)
    with pytest.raises(MalformedError):
        opened(bytes(broken))


def test_several() -> None:
    """One behind the other; the last may be cut off."""
    first, second = batch([b"1"]), batch([b"2"], offset=1)
    assert split(first + second[:-3]) == [first, second[:-3]]
    assert split(first + b"\0\0") == [first, b"\0\0"]
