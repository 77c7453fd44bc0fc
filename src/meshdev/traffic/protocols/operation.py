"""Operations: what a scanner reads out of the bytes of a connection, and what every scanner promises.

A scanner reads along one connection, both ways. It gets the bytes in the order in which they passed, cut anyhow, and
returns the operations that they complete; how they were cut changes nothing. It keeps no more than it needs for that
(bounded: bodies are skipped, not kept), and never raises. What it cannot read makes it give up, once and for good, with
a reason for a person in `Scanner.gave_up`; from then on it returns nothing, and the connection goes on as plain TCP.

Times are whatever clock the caller counts in, in seconds.
"""

from collections.abc import Sequence
from enum import IntEnum, StrEnum
from typing import ClassVar, Final, NamedTuple, Protocol

MOST_DETAIL: Final = 500
MOST_PAYLOAD: Final = 1024


class Outcome(IntEnum):
    """How an operation ended, as the first digit of a status counts it: by who is to be blamed."""

    LOST = 0  # no answer: the connection ended before
    OK = 2
    REFUSED = 4  # the caller's mistake, or a legitimate no: a constraint, a wrong type, not found
    FAILED = 5  # the callee's: out of resources, shutting down, internal


class Kind(StrEnum):
    """What an operation is in the world of events."""

    CALL = ""  # none of it: something was asked and answered
    PUBLISH = "publish"  # the caller gave the broker a message for `Operation.target`
    DELIVER = "deliver"  # the broker gave the caller a message of `Operation.target`
    SUBSCRIBE = "subscribe"  # the caller wants the messages of `Operation.target`


class Operation(NamedTuple):
    """One thing that was done over a connection.

    ``name`` is the protocol's own word, without blanks (``SELECT``, ``GET``, ``PUB``, ``Produce``, a gRPC method),
    ``target`` what it was done to, with few values (tables, a key's pattern, a subject, topic, queue, collection); with
    the name it is what is counted by. ``code`` is the protocol's word for how it ended, mostly empty when it went well
    (``23505``, ``UNAVAILABLE``, ``WRONGTYPE``). ``detail`` is more for a person, without the caller's values (a
    statement's fingerprint), at most `MOST_DETAIL` characters. ``bytes_in`` are the caller's, ``bytes_out`` the
    callee's. ``messages_in`` and ``messages_out`` count messages where an operation has several (a batch, a stream);
    None otherwise. ``trace`` and ``parent`` are hexadecimal ids out of a traceparent that rode along. ``payload`` is
    the beginning of a published message, at most `MOST_PAYLOAD` bytes. ``lag`` is how many messages wait for the
    subscriber behind a delivered one, None where the protocol does not tell. ``faults`` are injected
    ones that had a part in it, ``by`` who answered when it was not the callee (``meshdev``).
    """

    name: str
    target: str
    started: float
    ended: float
    outcome: Outcome = Outcome.OK
    code: str = ""
    bytes_in: int = 0
    bytes_out: int = 0
    kind: Kind = Kind.CALL
    detail: str = ""
    trace: str = ""
    parent: str = ""
    messages_in: int | None = None
    messages_out: int | None = None
    payload: bytes = b""
    lag: int | None = None
    faults: tuple[str, ...] = ()
    by: str = ""

    @property
    def route(self) -> str:
        """What it is counted by."""
        return f"{self.name} {self.target}" if self.target else self.name


class Scanner(Protocol):
    """Reads one connection along; see the rules above. ``gave_up`` is empty while it reads."""

    name: ClassVar[str]
    gave_up: str

    def asked(self, data: bytes, now: float) -> Sequence[Operation]:
        """The caller has said ``data``: the operations that end with it (messages nobody answers), mostly none."""
        ...

    def answered(self, data: bytes, now: float) -> Sequence[Operation]:
        """The callee has said ``data``: the operations that end with it."""
        ...

    def lost(self, now: float) -> Sequence[Operation]:
        """The connection is over: the operations that were asked and not answered (`Outcome.LOST`)."""
        ...

    def waiting(self) -> int:
        """How many operations are asked and not answered yet."""
        ...
