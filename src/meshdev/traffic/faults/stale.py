"""Stale: requests get the answer that the first one of their kind got, as from a cache that nobody empties."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.http import Answer, Edit, HttpFault, Message, Plan
from meshdev.traffic.faults.kinds import FaultKind, Layer
from meshdev.traffic.faults.match import Request
from meshdev.traffic.faults.settings import Settings

MOST_ANSWERS = 200
MOST_BYTES = 256 * 1024
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "date", "age", "trailer"})

Key = tuple[str, bytes]


class Stale(HttpFault):
    """Remembers answers to GET by their target, bounded in number and size; begins empty when it is switched on."""

    __slots__ = ("_answers",)

    def __init__(self, settings: Settings, draws: Draws) -> None:
        super().__init__(settings, draws)
        self._answers: dict[Key, tuple[float, Answer]] = {}

    def apply(self, plan: Plan, request: Request, draws: Draws, now: float) -> None:
        """Answer it, or remember how it is answered."""
        del draws
        if request.method != "GET" or plan.answer is not None:
            return
        key = (request.method, request.target)
        remembered = self._answers.get(key)
        if remembered is None:
            plan.edits.append(Remember(self, key, now))
            return
        at, answer = remembered
        plan.answer = Answer(answer.status, answer.body, (*answer.fields, ("age", str(int(now - at)))))

    def keep(self, key: Key, at: float, answer: Answer) -> None:
        """Remember an answer."""
        if len(self._answers) < MOST_ANSWERS:
            self._answers.setdefault(key, (at, answer))


class Remember(Edit):
    """Reads along."""

    __slots__ = ("_at", "_body", "_fields", "_key", "_stale", "_status")

    def __init__(self, stale: Stale, key: Key, at: float) -> None:
        self._stale = stale
        self._key = key
        self._at = at
        self._status = 0
        self._fields: tuple[tuple[str, str], ...] = ()
        self._body: bytearray | None = bytearray()

    def head(self, message: Message, length: int | None) -> None:
        """Note the head."""
        del length
        self._status = int(message.line.split(" ")[1])
        self._fields = tuple(pair for pair in message.fields if pair[0].lower() not in _FRAMING)

    def body(self, data: bytes) -> bytes:
        """Note the body, while it is small enough."""
        if self._body is not None:
            self._body += data
            if len(self._body) > MOST_BYTES:
                self._body = None
        return data

    def end(self) -> None:
        """It is complete."""
        if self._body is not None:
            self._stale.keep(self._key, self._at, Answer(self._status, bytes(self._body), self._fields))


STALE = FaultKind(
    name="stale",
    layer=Layer.HTTP,
    doc="GET requests get the answer that the first one got",
    directed=False,
    http=Stale,
)
