"""One record to a broker of Kafka: to the partition of its key, or to one that this broker leads.

ApiVersions says which versions the broker takes, Metadata where the topic's partitions are led; a topic that is being
made is asked for again. Without a key the next partition is tried when another broker leads one; with a key there is
only one, and a broker that does not lead it refuses.
"""

from collections.abc import Generator
from struct import error as struct_error
from struct import pack, unpack_from
from typing import Any, Final

from meshdev.traffic.protocols.kafka.apis import API_VERSIONS, METADATA, PRODUCE, error_of
from meshdev.traffic.protocols.kafka.batches import Record, new_batch, zigzag
from meshdev.traffic.protocols.kafka.fields import MalformedError, Reader
from meshdev.traffic.protocols.kafka.murmur import murmur2
from meshdev.traffic.protocols.kafka.shapes import ANSWERS
from meshdev.traffic.protocols.publishing import NAME, Dialogue, Outgoing, RefusedError

_PRODUCE_VERSIONS: Final = range(3, 9)  # with batches as they are now, before the flexible encoding
_METADATA_VERSIONS: Final = range(4, 9)  # with the wish to have a topic made
_MOST_ASKED: Final = 200  # times
_NOT_YET: Final = frozenset({"LEADER_NOT_AVAILABLE", "UNKNOWN_TOPIC_OR_PARTITION"})
_ELSEWHERE: Final = "NOT_LEADER_OR_FOLLOWER"
_PATIENCE: Final = 5_000  # milliseconds
_HEAD: Final = 8
_MOST_NAME: Final = 32_767  # bytes, as its length is written


def publish(message: Outgoing) -> Dialogue:
    """Taken when the broker has it in its log."""
    if len(message.topic.encode()) > _MOST_NAME:
        raise RefusedError(f"a topic has at most {_MOST_NAME} bytes")
    broker = _Broker()
    versions = yield from _versions(broker)
    produce = _best(versions, PRODUCE, _PRODUCE_VERSIONS)
    metadata = _best(versions, METADATA, _METADATA_VERSIONS)
    partitions = yield from _partitions(broker, message.topic, metadata)
    if message.key:
        partitions = [partitions[murmur2(message.key.encode()) % len(partitions)]]
    batch = _batch(message)
    error = ""
    for partition in partitions:
        said = _text(None) + pack(">hii", -1, _PATIENCE, 1) + _text(message.topic)
        said += pack(">iii", 1, partition, len(batch)) + batch
        answer = yield from broker.ask(PRODUCE, produce, said)
        error = error_of(answer["topics"][0]["partitions"][0]["error"])
        if error != _ELSEWHERE:
            break
    if error == _ELSEWHERE:
        raise RefusedError(f"another broker leads the partition ({error})")
    if error:
        raise RefusedError(error)


class _Broker:
    """Asks one request after the other."""

    def __init__(self) -> None:
        self._heard = b""
        self._number = 0

    def ask(self, key: int, version: int, body: bytes) -> Generator[bytes, bytes, dict[str, Any]]:
        """The answer, as far as it is known. Raises RefusedError."""
        answer = yield from self.whole(key, version, body)
        try:
            return Reader(answer, _HEAD, len(answer), flexible=False).fields(ANSWERS[key], version)
        except MalformedError:
            raise RefusedError("its answer is not understood") from None

    def whole(self, key: int, version: int, body: bytes) -> Generator[bytes, bytes, bytes]:
        """The answer's bytes."""
        self._number += 1
        said = pack(">hhi", key, version, self._number) + _text(NAME) + body
        self._heard += yield pack(">i", len(said)) + said
        while len(self._heard) < _HEAD or len(self._heard) < 4 + unpack_from(">i", self._heard)[0]:
            self._heard += yield b""
        size, number = unpack_from(">ii", self._heard)
        if number != self._number:
            raise RefusedError("it does not speak Kafka's protocol")
        answer, self._heard = self._heard[: 4 + size], self._heard[4 + size :]
        return answer


def _versions(broker: _Broker) -> Generator[bytes, bytes, dict[int, range]]:
    """Which versions of each request it takes."""
    answer = yield from broker.whole(API_VERSIONS, 0, b"")
    try:
        (count,) = unpack_from(">i", answer, 10)
        found = (unpack_from(">hhh", answer, 14 + 6 * at) for at in range(count))
        return {key: range(first, last + 1) for key, first, last in found}
    except struct_error:
        raise RefusedError("its answer is not understood") from None


def _best(versions: dict[int, range], key: int, ours: range) -> int:
    theirs = versions.get(key, range(0))
    both = [version for version in ours if version in theirs]
    if not both:
        raise RefusedError("it takes no version of the protocol that is known here")
    return both[-1]


def _partitions(broker: _Broker, topic: str, version: int) -> Generator[bytes, bytes, list[int]]:
    """The topic's partitions, once they have leaders."""
    error = ""
    for _ in range(_MOST_ASKED):
        flags = b"\1" if version < 8 else b"\1\0\0"  # noqa: PLR2004 - make it; without rights
        answer = yield from broker.ask(METADATA, version, pack(">i", 1) + _text(topic) + flags)
        [found] = answer["topics"] or [{"error": 3, "partitions": []}]
        error = error_of(found["error"])
        led = [it["index"] for it in found["partitions"] if it["leader"] >= 0]
        if led and len(led) == len(found["partitions"]):
            return sorted(led)
        if error and error not in _NOT_YET:
            break
    raise RefusedError(f"the topic cannot be written to ({error or 'LEADER_NOT_AVAILABLE'})")


def _batch(message: Outgoing) -> bytes:
    key = message.key.encode()
    headers = zigzag(len(message.headers)) + b"".join(
        _bytes(name.encode()) + _bytes(text.encode()) for name, text in message.headers.items()
    )
    written = _bytes(key) if key else zigzag(-1)
    record = Record(b"\0" + zigzag(0), 0, written, message.payload, headers)
    return new_batch(record, round(message.at * 1000))


def _bytes(data: bytes) -> bytes:
    return zigzag(len(data)) + data


def _text(text: str | None) -> bytes:
    if text is None:
        return pack(">h", -1)
    data = text.encode()
    return pack(">h", len(data)) + data
