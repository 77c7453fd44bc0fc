"""Events as the control API shows them: the topics of brokers, who publishes and who subscribes.

A *topic* is whatever a broker's protocol addresses messages by: a subject, topic, channel, routing key or stream. It is
known because a topology declares it (``publishes``, ``subscribes``) or because messages of it were seen on an edge.

GET /v1/topics: list of `TopicView`. Part of `wire.control`, and by its rules.
"""

from msgspec import Struct


class TopicPartyView(Struct, frozen=True, kw_only=True):
    """A service at one end of a topic; ``messages`` and ``errors`` count since the daemon started.

    ``mps`` are messages a second, over ten seconds. ``declared`` if the topology says so. ``p99_ms`` is how long the
    broker took to take a message (publishers whose protocol has acknowledgements), ``lag`` how many messages wait for
    this subscriber; None where nobody tells.
    """

    service: str
    messages: int = 0
    errors: int = 0
    mps: float = 0.0
    declared: bool = False
    p99_ms: float | None = None
    lag: int | None = None


class MessageView(Struct, frozen=True, kw_only=True):
    """A message that was published ``at`` (epoch seconds); ``payload`` is its beginning, ``size`` in bytes."""

    at: float
    service: str
    payload: str
    size: int
    trace: str = ""


class TopicView(Struct, frozen=True, kw_only=True):
    """One topic; ``broker`` is empty while it is only declared. ``last`` are the latest messages, the oldest first."""

    name: str
    broker: str = ""
    protocol: str = ""
    publishers: list[TopicPartyView] = []
    subscribers: list[TopicPartyView] = []
    last: list[MessageView] = []
