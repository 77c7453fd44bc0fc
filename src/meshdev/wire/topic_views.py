"""Events as the control API shows them: the topics of brokers, who publishes and who subscribes.

A *topic* is whatever a broker's protocol addresses messages by: a subject, topic, channel, routing key or stream. It is
known because a topology declares it (``publishes``, ``subscribes``) or because messages of it were seen on an edge.

| call | answer |
|---|---|
| GET /v1/topics | list of `TopicView` |
| POST /v1/topics/publish | `PublishRequest` → `PublishedView`: the broker has taken the message |

Part of `wire.control`, and by its rules.
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
    """A message that was published ``at`` (epoch seconds); ``size`` in bytes is what it took on the wire.

    ``payload`` is its beginning, or all of it if it is ``whole`` (and text).
    """

    at: float
    service: str
    payload: str
    size: int
    trace: str = ""
    whole: bool = False


class TopicView(Struct, frozen=True, kw_only=True):
    """One topic; ``broker`` is empty while it is only declared. ``last`` are the latest messages, the oldest first."""

    name: str
    broker: str = ""
    protocol: str = ""
    publishers: list[TopicPartyView] = []
    subscribers: list[TopicPartyView] = []
    last: list[MessageView] = []


class PublishRequest(Struct, frozen=True, kw_only=True):
    """Publish a message; ``broker`` may be empty where there is no doubt.

    Protocols without headers ignore them, and so do those without keys (all but Kafka).
    """

    topic: str
    payload: str
    broker: str = ""
    headers: dict[str, str] = {}
    key: str = ""


class PublishedView(Struct, frozen=True, kw_only=True):
    """Where it went; the broker has taken it."""

    topic: str
    broker: str
    protocol: str
