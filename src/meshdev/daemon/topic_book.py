"""Who publishes what and who gets it: the operations of brokers' edges, put together by topic.

Read once a second, like the edges themselves (`edge_book`). A topic is declared by the topology, or was seen; one that
is declared and seen is one topic, whichever broker carries it. Bounded: topics beyond `MOST_TOPICS` are not kept.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from meshdev.daemon.edge_book import INTERVAL_SECONDS, RATE_SECONDS
from meshdev.daemon.journal import Journal
from meshdev.mesh.signals import EdgeSignals, RouteSignals
from meshdev.telemetry.histogram import Histogram
from meshdev.telemetry.window import Reading, Window
from meshdev.topology.model import System
from meshdev.traffic.faults.match import subject_glob
from meshdev.traffic.protocols.operation import MOST_PAYLOAD
from meshdev.wire.control import StreamEvent
from meshdev.wire.mesh import EdgeKey, Exchange
from meshdev.wire.topic_views import MessageView, TopicPartyView, TopicView

MOST_TOPICS = 500
MESSAGES_KEPT = 20
_WILD = re.compile(r"[*>#+]")
_PUBLISH, _SUBSCRIBE = "publish", "subscribe"


@dataclass(slots=True)
class _Party:
    """One service's part in one topic: what its operations come to."""

    window: Window
    messages: int = 0
    errors: int = 0
    p99_ms: float | None = None
    lag: int | None = None


@dataclass(slots=True)
class _Topic:
    """One topic as it was seen."""

    broker: str
    protocol: str
    publishers: dict[str, _Party] = field(default_factory=dict)
    subscribers: dict[str, _Party] = field(default_factory=dict)
    last: deque[MessageView] = field(default_factory=lambda: deque(maxlen=MESSAGES_KEPT))


class TopicBook:
    """Reads ``signals`` and renders views; ``system`` gives what is declared."""

    def __init__(
        self,
        *,
        signals: Callable[[], Mapping[EdgeKey, EdgeSignals]],
        system: Callable[[], System],
        journal: Journal,
    ) -> None:
        self._signals = signals
        self._system = system
        self._journal = journal
        self._topics: dict[str, _Topic] = {}
        self._closing = asyncio.Event()

    def exchanged(self, key: EdgeKey, exchange: Exchange, at: float) -> None:
        """The mesh tells of one operation; messages that were published are kept, the last ones of each topic."""
        if exchange.kind != _PUBLISH or not exchange.payload:
            return
        topic = self._topic(exchange.target, key, exchange.protocol)
        if topic is not None:
            topic.last.append(_message(key.caller, exchange, at))

    def read(self, now: float) -> bool:
        """Take a reading of every topic; whether anything moved."""
        by_part: dict[
            tuple[str, str, bool], list[RouteSignals]
        ] = {}  # over all edges: several may carry one topic
        for key, signals in self._signals().items():
            for route, figures in signals.routes.items():
                name = route.partition(" ")[2]  # behind the operation's name, which has no blanks
                if figures.kind and name and self._topic(name, key, signals.spoken) is not None:
                    part = (name, key.caller, figures.kind == _PUBLISH)
                    by_part.setdefault(part, []).append(figures)
        moved = False
        for (name, service, publishes), parts in by_part.items():
            topic = self._topics[name]
            parties = topic.publishers if publishes else topic.subscribers
            moved = _read(parties, service, parts, now) or moved
        return moved

    def _topic(self, name: str, key: EdgeKey, protocol: str) -> _Topic | None:
        topic = self._topics.get(name)
        if topic is None and len(self._topics) < MOST_TOPICS:
            topic = self._topics[name] = _Topic(key.callee, protocol)
        return topic

    def views(self, now: float) -> list[TopicView]:
        """Every topic: those of the topology in its order, then those that were seen."""
        self.read(now)
        publishers, subscribers = _declared(self._system())
        names = _shown((*publishers, *subscribers, *self._topics))
        return [
            self._view(name, publishers.get(name, ()), _wanting(name, subscribers), now) for name in names
        ]

    def _view(
        self, name: str, publishers: Iterable[str], subscribers: Iterable[str], now: float
    ) -> TopicView:
        topic = self._topics.get(name) or _Topic("", "")
        return TopicView(
            name=name,
            broker=topic.broker,
            protocol=topic.protocol,
            publishers=_parties(topic.publishers, publishers, now),
            subscribers=_parties(self._listening(name) | topic.subscribers, subscribers, now),
            last=list(topic.last),
        )

    def _listening(self, name: str) -> dict[str, _Party]:
        """Whoever was seen to subscribe to a pattern that means this topic; it need not have got any message."""
        found: dict[str, _Party] = {}
        for pattern, topic in self._topics.items():
            if pattern != name and _WILD.search(pattern) and subject_glob(pattern).fullmatch(name):
                found |= topic.subscribers
        return found

    async def run(self) -> None:
        """Read by the second until `close`, and tell followers when something moved or has just come to rest."""
        moving = False
        while not self._closing.is_set():
            now = time.monotonic()
            moved = self.read(now)
            if (moved or moving) and self._journal.followers:
                topics = self.views(now)
                self._journal.append(StreamEvent(seq=0, at=time.time(), kind="topics", topics=topics))
                moving = any(one.mps for it in topics for one in (*it.publishers, *it.subscribers))
            try:
                await asyncio.wait_for(self._closing.wait(), INTERVAL_SECONDS)
            except TimeoutError:
                continue

    def close(self) -> None:
        """Let `run` return."""
        self._closing.set()


def _message(service: str, exchange: Exchange, at: float) -> MessageView:
    try:
        text, whole = exchange.payload.decode(), len(exchange.payload) < MOST_PAYLOAD
    except UnicodeDecodeError:
        text, whole = exchange.payload.decode("utf-8", "replace"), False
    return MessageView(
        at=round(at, 6),
        service=service,
        payload=text,
        size=exchange.bytes_in,
        trace=exchange.trace,
        whole=whole,
    )


def _read(parties: dict[str, _Party], service: str, parts: Iterable[RouteSignals], now: float) -> bool:
    """Take a reading of one service's part in one topic, whatever operations that is made of."""
    party = parties.get(service)
    if party is None:
        party = parties[service] = _Party(Window(now - INTERVAL_SECONDS))
    moving = [part for part in parts if part.kind != _SUBSCRIBE]
    party.messages = sum(part.messages for part in moving)
    party.errors = sum(part.failures for part in moving)
    party.lag = next((part.lag for part in moving if part.lag is not None), None)
    latency = Histogram()
    for part in moving:
        latency.add(part.latency.counts)
    party.p99_ms = round(latency.quantile(0.99) / 1000.0, 3) if latency.counts else None
    return party.window.read(Reading(party.messages, party.errors), now)


def _declared(system: System) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Who publishes and who subscribes to what, by the topology."""
    publishers: dict[str, list[str]] = {}
    subscribers: dict[str, list[str]] = {}
    for node in system.services.values():
        for name in node.publishes:
            publishers.setdefault(name, []).append(node.name)
        for name in node.subscribes:
            subscribers.setdefault(name, []).append(node.name)
    return publishers, subscribers


def _shown(names: Iterable[str]) -> list[str]:
    """Each topic once; a pattern (``order.*``) only while there is no topic that it means."""
    known = dict.fromkeys(names)
    plain = [name for name in known if not _WILD.search(name)]
    return [
        name
        for name in known
        if not _WILD.search(name) or not any(subject_glob(name).fullmatch(one) for one in plain)
    ]


def _wanting(name: str, subscribers: Mapping[str, list[str]]) -> list[str]:
    """Whoever subscribes to a topic, by its name or by a pattern."""
    found = [
        service
        for wanted, services in subscribers.items()
        if wanted == name or (_WILD.search(wanted) and subject_glob(wanted).fullmatch(name))
        for service in services
    ]
    return list(dict.fromkeys(found))


def _parties(seen: Mapping[str, _Party], declared: Iterable[str], now: float) -> list[TopicPartyView]:
    declared = list(declared)
    return [
        _party(name, seen.get(name), now, declared=name in declared)
        for name in dict.fromkeys((*declared, *seen))
    ]


def _party(service: str, party: _Party | None, now: float, *, declared: bool) -> TopicPartyView:
    if party is None:
        return TopicPartyView(service=service, declared=declared)
    return TopicPartyView(
        service=service,
        messages=party.messages,
        errors=party.errors,
        mps=round(party.window.last(RATE_SECONDS, now).rate, 2),
        declared=declared,
        p99_ms=party.p99_ms,
        lag=party.lag,
    )
