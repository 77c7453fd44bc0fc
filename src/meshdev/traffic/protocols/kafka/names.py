"""Topics' names by their ids, as brokers have told them. Ids are unique everywhere, so all connections share one book.

A client asks one connection for the metadata and fetches over another; without the book the second could not be read.
"""

from typing import Any, Final

from meshdev.traffic.protocols.key_pattern import key_pattern

MOST_NAMES: Final = 10_000
_NO_ID: Final = bytes(16)
_SHOWN: Final = 8


class TopicNames:
    """The book; the oldest are forgotten when it is full."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names: dict[bytes, str] = {}

    def learn(self, topics: list[dict[str, Any]]) -> None:
        """What an answer says: ``id`` and ``name`` of each."""
        for topic in topics:
            name, uuid = topic.get("name", ""), topic.get("id", _NO_ID)
            if name and uuid != _NO_ID and self._names.get(uuid) != name:
                self._names[uuid] = name
                if len(self._names) > MOST_NAMES:
                    del self._names[next(iter(self._names))]

    def name(self, uuid: bytes) -> str:
        """The name of the topic with that id, empty when nobody has told it."""
        return self._names.get(uuid, "")

    def target(self, name: str, uuid: bytes) -> str:
        """What to tell of a topic: its name's pattern; of one whose name nobody has told its id's beginning."""
        if not name and uuid:
            name = self._names.get(uuid, "")
            if not name:
                return f"(topic id {uuid.hex()[:_SHOWN]})"
        return key_pattern(name.encode())


SHARED: Final = TopicNames()
