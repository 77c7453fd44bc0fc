"""Requests of Kafka that wait for their answers, and the operations that come of them."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from meshdev.traffic.protocols.kafka.apis import FETCH, WAITING, Api, error_of, outcome_of
from meshdev.traffic.protocols.kafka.names import TopicNames
from meshdev.traffic.protocols.kafka.topics import Topic
from meshdev.traffic.protocols.key_pattern import key_pattern
from meshdev.traffic.protocols.operation import Kind, Operation

MOST_ERRORS_READ: Final = 10_000


class Asked(NamedTuple):
    """A request that waits for its answer."""

    key: int
    version: int
    api: Api
    correlation: int
    started: float
    size: int
    target: str = ""
    topics: Sequence[Topic] = ()

    @property
    def waits(self) -> bool:
        """Whether the answer may take as long as the caller wishes."""
        return self.key in WAITING


def subject(request: dict[str, Any], names: TopicNames) -> str:
    """What a request is about: its group (or transaction, or coordinator's key), or its only topic."""
    groups = request.get("groups") or []
    group = request.get("group") or (groups[0] if len(groups) == 1 else "")
    if isinstance(group, dict):
        group = group["group"]
    if group:
        return key_pattern(group.encode())
    topics = request.get("topics") or []
    if len(topics) == 1:
        return names.target(topics[0].get("name", ""), topics[0].get("id", b""))
    return ""


def first_error(answer: dict[str, Any]) -> str:
    """The name of the first error anywhere in an answer; empty when there is none."""
    left: list[Any] = [answer]
    for _ in range(MOST_ERRORS_READ):
        if not left:
            break
        here = left.pop()
        if number := here.get("error"):
            return error_of(number)
        left += (
            each
            for value in here.values()
            if isinstance(value, list)
            for each in reversed(value)
            if isinstance(each, dict)
        )
    return ""


def operation_of(asked: Asked, now: float, size: int, error: str = "") -> Operation:
    """The operation that an answer of that ``size`` ends."""
    started, detail = asked.started, ""
    if asked.waits:
        started, detail = now, _waited(asked, now)
    return Operation(
        asked.api.name, asked.target, started, now, outcome_of(error), error, asked.size, size, detail=detail
    )


def _waited(asked: Asked, now: float) -> str:
    return f"waited {now - asked.started:.3f} s"


def operations_of(
    asked: Asked, topics: Sequence[Topic], errors: dict[str, str], now: float, size: int, names: TopicNames
) -> Iterator[Operation]:
    """What was produced, or fetched, by topic; each record with a trace by itself. ``errors`` by target."""
    fetched = asked.key == FETCH
    started, detail = (now, _waited(asked, now)) if asked.waits else (asked.started, "")
    size_in, size_out = asked.size, size
    inner = sum(topic.size for topic in topics)
    rest = (size_out if fetched else size_in) - inner  # what belongs to no topic is told with the first
    for topic in topics:
        target = names.target(topic.name, topic.id)
        error = errors.get(target, "") or error_of(topic.error)
        outcome = outcome_of(error)
        kind = Kind.DELIVER if fetched else Kind.PUBLISH
        plain = topic.records - len(topic.traces)
        parts = [(plain, "", "")] if plain > 0 or not topic.traces else []
        of_topic = topic.size + rest
        rest = 0
        for count, trace, parent in (*parts, *((1, *ids) for ids in topic.traces)) if topic.traces else parts:
            if fetched:
                size_out = of_topic
            else:
                size_in = of_topic
            count_in, count_out = (None, count) if fetched else (count, None)
            yield Operation(
                asked.api.name, target, started, now, outcome, error, size_in, size_out, kind, detail, trace, parent,
                count_in, count_out, topic.payload, topic.lag,
            )  # fmt: skip
            size_in = size_out = of_topic = 0
