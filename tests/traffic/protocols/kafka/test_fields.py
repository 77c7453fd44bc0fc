"""Kafka's messages over all versions, against the schemas of kafka-python."""

from random import Random
from typing import Any
from uuid import UUID

import pytest
from kafka import errors

from meshdev.traffic.protocols.kafka.apis import API_VERSIONS, Api, api_of, error_of, outcome_of
from meshdev.traffic.protocols.kafka.fields import MalformedError, Reader, shape
from meshdev.traffic.protocols.kafka.shapes import ANSWERS, REQUESTS
from meshdev.traffic.protocols.operation import Outcome
from support_kafka_messages import flexible_from, message, names, versions

RENAMED = {"UNKNOWN": "UNKNOWN_SERVER_ERROR", "NOT_LEADER_FOR_PARTITION": "NOT_LEADER_OR_FOLLOWER",
           "MESSAGE_SIZE_TOO_LARGE": "MESSAGE_TOO_LARGE", "INVALID_TOPIC": "INVALID_TOPIC_EXCEPTION",
           "INVALID_REPLICATION_ASSIGNMENT": "INVALID_REPLICA_ASSIGNMENT", "NO_ERROR": ""}  # fmt: skip
CASES = [(key, version, True) for key in REQUESTS for version in range(api_of(key).known + 1)]
CASES += [(key, version, False) for key in ANSWERS for version in range(api_of(key).known + 1)]


def flat(value: Any) -> list[Any]:
    """All texts, ids and numbers in it, in their order."""
    match value:
        case dict():
            return [each for inner in value.values() for each in flat(inner)]
        case list():
            return [each for inner in value for each in flat(inner)]
        case _:
            return [value]


@pytest.mark.parametrize(("key", "version", "asked"), CASES)
def test_every_version_is_read_as_the_schema_says(key: int, version: int, *, asked: bool) -> None:
    """What is read is what was written, as far as it is read; and it ends where it ends."""
    random = Random(f"{key} {version} {asked}")
    for _ in range(5):
        it = message(key, version, random, asked=asked)
        head = 4 + (8 + 2 + len(b"a client") if asked else 4)
        reader = Reader(it.data, head, len(it.data), flexible=version >= api_of(key).flexible)
        if asked or key != API_VERSIONS:
            reader.tags()
        found = flat(reader.fields((REQUESTS if asked else ANSWERS)[key], version))
        told = [each.bytes if isinstance(each, UUID) else each for each in it.told]
        assert told[: len(found)] == found
        assert reader.at <= len(it.data)


def test_every_request_has_its_name_and_its_encoding() -> None:
    """All that the schemas know are known; those that are read begin to be flexible where the schema says."""
    for key, name in names().items():
        api = api_of(key)
        assert api.name == name
        if api.known >= 0:
            assert api.known == versions(key)[-1]
            assert (flexible_from(key) if flexible_from(key) is not None else 1 << 15) == api.flexible
    assert api_of(199) == Api("Api199")


def test_every_error_has_its_name() -> None:
    """In the words of the protocol's guide; kafka-python has older ones for some."""
    kinds: list[Any] = [each for each in vars(errors).values() if isinstance(each, type)]
    known = {
        each.errno: each.message
        for each in kinds
        if issubclass(each, errors.BrokerResponseError) and each.errno is not None
    }
    assert len(known) > 120
    assert {number: error_of(number) for number in known} == {
        number: RENAMED.get(name, name) for number, name in known.items()
    }
    assert error_of(999) == "ERROR_999"
    assert [outcome_of(it) for it in ("", "NOT_ENOUGH_REPLICAS", "UNKNOWN_TOPIC_OR_PARTITION")] == [
        Outcome.OK, Outcome.FAILED, Outcome.REFUSED,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff\xff\xff\xff", b"\x00\x00\x00\x09abc"]
)
@pytest.mark.parametrize("flexible", [True, False])
@pytest.mark.parametrize("text", ["a[ b:str ]", "a:str* b:i4", "a:i8* b:i4", "a:uuid", "a:i8"])
def test_what_ends_too_early_is_malformed(data: bytes, text: str, *, flexible: bool) -> None:
    """No other exception, and no long loop over what is not there."""
    reader = Reader(data, 0, len(data), flexible=flexible)
    fields = shape(" ".join([text] * 10))
    with pytest.raises(MalformedError):
        reader.structure(fields, 0)
