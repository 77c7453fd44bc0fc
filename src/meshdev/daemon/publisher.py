"""Publishes a message for a person: a connection of its own to the broker, past the mesh's edges."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from meshdev.daemon.edges import Edge
from meshdev.errors import ServiceError, UsageError
from meshdev.mesh.signals import EdgeSignals
from meshdev.runners.probe_line import unbelieving
from meshdev.topology.nearest import did_you_mean
from meshdev.traffic.protocols.publishing import PUBLISHERS, Dialogue, Outgoing, RefusedError
from meshdev.wire.mesh import EdgeKey, Upstream
from meshdev.wire.topic_views import PublishedView, PublishRequest, TopicView

TIMEOUT = 5.0
_READ = 65536
_BROKERS = "brokers."
_HOLES = ("{id}", "{key}")  # of patterns by which topics are counted

Brokers = dict[str, tuple[str, Upstream | None]]


def brokers_of(
    listening: Mapping[EdgeKey, tuple[Edge, int]],
    signals: Mapping[EdgeKey, EdgeSignals],
    upstreams: Callable[[EdgeKey], Sequence[Upstream]],
) -> Brokers:
    """Whoever can be published on, found by the edges that lead there."""
    found: Brokers = {}
    for key, (edge, _) in listening.items():
        spoken = signals[key].spoken if key in signals else ""
        protocol = spoken or edge.endpoint.protocol
        if protocol in PUBLISHERS or key.callee.startswith(_BROKERS):
            reached = next((one for one in upstreams(key) if one.remote is None), None)
            found.setdefault(key.callee, (protocol, reached))
    return found


class Publisher:
    """Publishes on the brokers that ``brokers`` tells: by name, what they speak and where they are now."""

    def __init__(self, *, brokers: Callable[[], Brokers], topics: Callable[[], Sequence[TopicView]]) -> None:
        self._brokers = brokers
        self._topics = topics

    async def publish(self, request: PublishRequest) -> PublishedView:
        """Publish one message; it is taken when this returns. Raises UsageError, ServiceError."""
        if any(hole in request.topic for hole in _HOLES):
            message = f'"{request.topic}" stands for many topics: on which shall be published?'
            raise UsageError(message, hint="say its whole name; --again knows only the pattern")
        name = self._broker(request)
        protocol, upstream = self._brokers()[name]
        begin = PUBLISHERS.get(protocol)
        if begin is None:
            known = ", ".join(sorted(PUBLISHERS))
            message = f"{name} speaks {protocol}: nothing can be published by hand there"
            raise UsageError(message, hint=f"that is possible with {known}")
        if upstream is None:
            raise ServiceError(f"{name} is not running", hint=f"`meshdev start {name}`")
        try:
            async with asyncio.timeout(TIMEOUT):
                payload = request.payload.encode()
                outgoing = Outgoing(request.topic, payload, request.headers, request.key, time.time())
                await _speak(begin(outgoing), upstream)
        except RefusedError as error:
            raise ServiceError(f"{name} does not take the message: {error}") from None
        except TimeoutError:
            raise ServiceError(f"{name} has not taken the message within {TIMEOUT:g} s") from None
        except OSError as error:
            raise ServiceError(f"{name} cannot be reached: {error}") from None
        return PublishedView(topic=request.topic, broker=name, protocol=protocol)

    def _broker(self, request: PublishRequest) -> str:
        """The broker that is named, or that carries the topic, or the only one there is."""
        brokers = self._brokers()
        if request.broker:
            for name in (request.broker, f"brokers.{request.broker}"):
                if name in brokers:
                    return name
            raise UsageError(
                f'no broker is called "{request.broker}"', hint=did_you_mean(request.broker, brokers)
            )
        carrying = [
            one.broker for one in self._topics() if one.name == request.topic and one.broker in brokers
        ]
        if carrying:
            return carrying[0]
        speaking = [name for name, (protocol, _) in brokers.items() if protocol in PUBLISHERS]
        named_so = [
            name for name in speaking if name.startswith("brokers.")
        ]  # a cache could, but who means it says so
        if len(speaking) == 1 or len(named_so) == 1:
            return (named_so or speaking)[0]
        if not speaking:
            raise UsageError("the system has no broker on which a message could be published by hand")
        raise UsageError(f'on which broker is "{request.topic}"?', hint=f"--broker {' | '.join(speaking)}")


async def _speak(dialogue: Dialogue, upstream: Upstream) -> None:
    """Carry the dialogue out. Raises RefusedError, OSError."""
    said = next(dialogue)
    context = unbelieving() if upstream.tls else None  # it is ours
    reader, writer = await asyncio.open_connection(upstream.host, upstream.port, ssl=context)
    try:
        while True:
            writer.write(said)
            heard = await reader.read(_READ)
            if not heard:
                raise RefusedError("it has closed the connection")
            said = dialogue.send(heard)
    except StopIteration:
        return
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
