"""Answering in the callee's place: what a protocol has to know so that one statement fails and all else goes on.

An `Answering` stands between the two ends of one connection, of which its scanner reads along what the caller says and
what it gets to hear. It cuts the caller's bytes into messages; after each, `newest` is the statement that was asked by
it. `refuse` gives what the callee is told in its place, such that the callee's own answer leaves the connection, and
its transaction, in the state in which the error would have left it; in what the callee then says, `answered` puts the
error.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from meshdev.traffic.protocols.cutting import Piece
    from meshdev.traffic.protocols.sql.text import Said

Hear = Callable[[bytes], None]


class Refusal(NamedTuple):
    """An error: a SQLSTATE or a number of MySQL's, what it says, and the fault (`FaultSpec.key`) that gives it."""

    code: str
    message: str
    fault: str


class Waiting(Protocol):
    """A text that is asked and not answered. ``faults`` and ``by`` are as in `operation.Operation`."""

    said: "Said"
    faults: tuple[str, ...]
    by: str


class Answering(Protocol):
    """See the module."""

    @property
    def lost(self) -> bool:
        """Whether it cannot be read any more: all passes as it is."""
        ...

    @property
    def refusing(self) -> bool:
        """Whether the callee has yet to answer what it was told in a statement's place."""
        ...

    def cut(self, data: bytes) -> "Sequence[Piece]":
        """The caller has said ``data``: those that may ask for something are whole, and have a message."""
        ...

    def newest(self) -> Waiting | None:
        """What was asked by the message that was read last, if it may be hit."""
        ...

    def refuse(self, waiting: Waiting, data: bytes, error: Refusal) -> bytes:
        """What the callee is told instead of ``data``, the message by which ``waiting`` was asked."""
        ...

    def answered(self, data: bytes, hear: Hear) -> bytes:
        """The callee has said ``data``: what the caller gets to hear, which the scanner is told by ``hear``."""
        ...

    def rest(self) -> bytes:
        """What is kept of the caller's bytes; it is forgotten here."""
        ...


@runtime_checkable
class Answerable(Protocol):
    """A scanner of whose statements some may be answered here."""

    def answering(self) -> Answering:
        """Who does it, from where the scanner is."""
        ...


class Whole:
    """Borders of units that are replaced, never edited: a unit is its own payload."""

    __slots__ = ()

    def payload(self, data: bytes) -> bytes:
        """All of it."""
        return data

    def with_payload(self, data: bytes, payload: bytes) -> bytes:
        """The other in its place."""
        del data
        return payload
