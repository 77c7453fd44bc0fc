"""The caller's half of a PostgreSQL connection: what its messages ask for, and what it has prepared."""

from collections.abc import Callable, Mapping
from typing import Final

from meshdev.traffic.protocols.operation import MOST_DETAIL, Operation
from meshdev.traffic.protocols.postgres.frames import Frames, Message, caps
from meshdev.traffic.protocols.postgres.queue import CALL, CONNECT, EXECUTE, QUERY, SYNC, Queue
from meshdev.traffic.protocols.postgres.startup import First, beginning
from meshdev.traffic.protocols.sql.shape import Dialect
from meshdev.traffic.protocols.sql.tables import patterned
from meshdev.traffic.protocols.sql.text import MOST_TEXT, Said, Statement, keep, read

MOST_WAITING: Final = 10_000
MOST_NAME: Final = 256
_MOST_ENCRYPTION: Final = 2  # TLS and GSSAPI, once each
_UNKNOWN: Final = Said(())
_EMPTY: Final = Said((Statement("EMPTY"),))
_SYNC: Final = Said((Statement("SYNC"),))
_FUNCTION: Final = Said((Statement("FUNCTION"),))
_WANTED: Final = caps(
    b"DHdpX",
    {"Q": MOST_TEXT, "P": MOST_TEXT + MOST_NAME, "B": 2 * MOST_NAME, "E": MOST_NAME, "C": MOST_NAME}
    | dict.fromkeys("SFcf", 0),
)


class Caller:
    """What the caller said so far.

    ``encryption`` counts its wishes that are not answered, ``over`` says that nothing follows, ``foreign`` why it
    cannot be read. With ``copying`` the server takes a COPY; with ``failed`` it answers nothing until the next Sync.
    """

    __slots__ = (
        "_begins",
        "_extended",
        "_first",
        "_frames",
        "_handlers",
        "_parsed",
        "_portals",
        "_prepared",
        "_queue",
        "copying",
        "encryption",
        "failed",
        "foreign",
        "over",
    )

    def __init__(self, queue: Queue) -> None:
        self.foreign = ""
        self.over = False
        self.encryption = 0
        self.copying = False
        self.failed = False
        self._queue = queue
        self._begins = True  # until the startup message is there
        self._first = bytearray()  # what of it is
        self._frames = Frames(_WANTED)
        self._prepared: dict[bytes, Said] = {}
        self._portals: dict[bytes, Said] = {}
        self._parsed: tuple[Said, float] | None = None  # what was parsed last, and has no Execute yet
        self._extended = False  # something of the extended protocol was said since the last Sync
        self._handlers: Mapping[int, Callable[[Message, float], None]] = {
            QUERY: self._query,
            EXECUTE: self._execute,
            SYNC: self._sync,
            CALL: self._call,
            ord("P"): self._parse,
            ord("B"): self._bind,
            ord("C"): self._close,
            ord("c"): self._copied,
            ord("f"): self._copied,
        }

    @property
    def begins(self) -> bool:
        """Whether the startup message is still to come."""
        return self._begins

    def place(self) -> tuple[bytes, int]:
        """As `Frames.place`."""
        return (bytes(self._first), 0) if self._begins else self._frames.place()

    def feed(self, data: bytes, now: float) -> None:
        """The caller's next bytes."""
        if self._begins:
            self._first += data
            self._begin(now)
        else:
            self._read(data, now)

    def unfinished(self) -> tuple[Said, float] | None:
        """What an error is about that comes while nothing waits for an answer, and since when; None: about nothing."""
        if not self._extended:
            return None
        parsed, self._parsed = self._parsed, None
        return parsed or (_SYNC, 0.0)

    def _begin(self, now: float) -> None:
        while self._begins and not self.over and (found := beginning(self._first)) is not None:
            del self._first[: found.length]
            self._frames.passed += found.length
            if found.first is First.FOREIGN:
                self.foreign, self.over = found.reason, True
            elif found.first is First.CANCEL:
                self._queue.done.append(Operation("CANCEL", "", now, now, bytes_in=found.length))
                self.over = True
            elif found.first is First.ENCRYPT:
                self.encryption += 1
                if self.encryption > _MOST_ENCRYPTION:
                    self.foreign, self.over = "it asks for encryption again and again", True
            else:
                self._begins = False
                self._queue.ask(CONNECT, Said((_connection(found.parameters),)), now, self._frames.passed)
        if not self._begins and self._first:
            rest, self._first = bytes(self._first), bytearray()
            self._read(rest, now)

    def _read(self, data: bytes, now: float) -> None:
        for message in self._frames.feed(data):
            self._handlers[message.kind](message, now)
        if self._frames.foreign:
            self.foreign = f"its caller says what PostgreSQL does not know: {self._frames.foreign}"
        elif len(self._queue.asked) > MOST_WAITING:
            self.foreign = f"more than {MOST_WAITING} statements wait for their answers"

    def _query(self, message: Message, now: float) -> None:
        if not self.failed:
            said = read(message.body.partition(b"\0")[0], Dialect.POSTGRES)
            self._queue.ask(QUERY, said if said.statements else _EMPTY, now, message.end)

    def _parse(self, message: Message, now: float) -> None:
        name, _, rest = message.body.partition(b"\0")
        said = read(rest.partition(b"\0")[0], Dialect.POSTGRES)
        self._parsed = said, now
        self._extended = True
        keep(self._prepared, name, said)

    def _bind(self, message: Message, _now: float) -> None:
        portal, _, rest = message.body.partition(b"\0")
        self._extended = True
        keep(self._portals, portal, self._prepared.get(rest.partition(b"\0")[0], _UNKNOWN))

    def _execute(self, message: Message, now: float) -> None:
        if not self.failed:
            said = self._portals.get(message.body.partition(b"\0")[0], _UNKNOWN)
            self._parsed = None
            self._extended = True
            self._queue.ask(EXECUTE, said, now, message.end)

    def _close(self, message: Message, _now: float) -> None:
        kept = self._prepared if message.body[:1] == b"S" else self._portals
        kept.pop(message.body[1:].partition(b"\0")[0], None)
        self._extended = True

    def _sync(self, message: Message, now: float) -> None:
        if self.copying:
            return
        said, since = self._parsed or (_SYNC, now)
        self._parsed, self._extended, self.failed = None, False, False
        self._queue.ask(SYNC, said, since, message.end)

    def _call(self, message: Message, now: float) -> None:
        if not self.failed:
            self._queue.ask(CALL, _FUNCTION, now, message.end)

    def _copied(self, message: Message, _now: float) -> None:
        self.copying = False
        self._queue.copied(message.end)


def _connection(parameters: Mapping[str, str]) -> Statement:
    user = parameters.get("user", "")
    program = parameters.get("application_name", "")
    detail = f"user {user}" + (f", {program}" if program else "")
    return Statement("CONNECT", patterned(parameters.get("database", "") or user), detail[:MOST_DETAIL])
