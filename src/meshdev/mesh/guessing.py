"""A connection of which nobody declared what it speaks: its first bytes are kept until they say it."""

from time import perf_counter
from typing import TYPE_CHECKING

from meshdev.traffic.protocols.table import guess

if TYPE_CHECKING:
    from meshdev.mesh.scanned_link import ScannedLink, ScannedRelay
    from meshdev.traffic.protocols.cutting import Cuttable


class Guessing:
    """Keeps the first bytes of both sides until they say what is spoken."""

    __slots__ = ("_link", "_relay", "_said")

    def __init__(self, link: "ScannedLink", relay: "ScannedRelay") -> None:
        self._link = link
        self._relay = relay
        self._said: list[tuple[bool, bytes, float]] = []

    def cuttable(self) -> "Cuttable | None":
        """Nobody knows yet."""

    def said_in(self, data: bytes) -> None:
        """The caller's bytes."""
        self._guess(asked=True, data=data)

    def said_out(self, data: bytes) -> None:
        """The callee's bytes."""
        self._guess(asked=False, data=data)

    def over(self) -> None:
        """The connection has ended, and never said what it is."""

    def _guess(self, *, asked: bool, data: bytes) -> None:
        self._said.append((asked, data, perf_counter()))
        both = [b"".join(said for way, said, _ in self._said if way is wanted) for wanted in (True, False)]
        protocol = guess(*both)
        if protocol is None:
            return
        self._link.reading = self._relay.guessed(self._link, protocol, self._said) if protocol else None
