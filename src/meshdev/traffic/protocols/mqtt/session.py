"""What both sides of an MQTT connection share."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from meshdev.traffic.protocols.operation import Operation

MOST_WAITING: Final = 65536
MOST_NAMES: Final = 1024


class UnreadableError(Exception):
    """What makes the scanner give up, for a person."""


class Session:
    """One connection: its protocol's version (0 until it is known), what is over, how much is under way."""

    __slots__ = ("done", "leaving", "version", "waiting")

    def __init__(self) -> None:
        self.done: list[Operation] = []  # since it was last taken
        self.waiting = 0
        self.version = 0
        self.leaving = False  # in order: the client has said goodbye

    def one_more(self) -> None:
        """An operation is under way."""
        self.waiting += 1
        if self.waiting > MOST_WAITING:
            raise UnreadableError(f"more than {MOST_WAITING} operations are under way")
