"""What a NATS connection asks and is answered: its inboxes, the requests that are open, what an answer says."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from meshdev.traffic.protocols.nats.frames import headers_of
from meshdev.traffic.protocols.operation import MOST_DETAIL, Kind, Operation, Outcome

PATIENCE: Final = 60.0
MOST_OPEN: Final = 1024
MOST_SUBSCRIPTIONS: Final = 8192
_ERROR: Final = re.compile(
    rb'"error":\s*\{\s*"code":\s*([0-9]{3})\s*(?:,\s*"err_code":\s*([0-9]+))?'
    rb'(?:,\s*"description":\s*"((?:[^"\\]|\\.)*))?'
)
_STATUS: Final = re.compile(rb"NATS/1\.0[ \t]+([0-9]{3})[ \t]*([^\r\n]*)")
_REFUSED, _FAILED = 400, 500


class Inboxes:
    """What this connection has subscribed to: tells a request from a publish that somebody else answers."""

    __slots__ = ("_exact", "_numbers", "_once", "_prefixes")

    def __init__(self) -> None:
        self._numbers: dict[bytes, bytes] = {}
        self._exact: set[bytes] = set()
        self._prefixes: set[bytes] = set()
        self._once: set[bytes] = set()

    def subscribe(self, number: bytes, subject: bytes) -> None:
        """A subscription more; the oldest is forgotten when there are too many."""
        numbers = self._numbers
        if len(numbers) >= MOST_SUBSCRIPTIONS:
            self._forget(next(iter(numbers)))
        numbers[number] = subject
        if subject.endswith((b".*", b".>")):
            self._prefixes.add(subject[:-1])
        else:
            self._exact.add(subject)

    def unsubscribe(self, number: bytes, *, once: bool) -> None:
        """A subscription less; with ``once`` when it has had an answer."""
        if not once:
            self._forget(number)
        elif number in self._numbers:
            self._once.add(number)

    def answered(self, subject: bytes) -> None:
        """An answer came to ``subject``."""
        if self._once and subject in self._exact:
            for number in [number for number in self._once if self._numbers.get(number) == subject]:
                self._forget(number)

    def covers(self, reply: bytes) -> bool:
        """Whether an answer to ``reply`` comes here."""
        return reply in self._exact or reply[: reply.rfind(b".") + 1] in self._prefixes

    def _forget(self, number: bytes) -> None:
        subject = self._numbers.pop(number, None)
        self._once.discard(number)
        if subject is not None:
            self._exact.discard(subject)
            self._prefixes.discard(subject[:-1])


class Asked(NamedTuple):
    """What waits for an answer."""

    name: str
    target: str
    started: float
    size: int
    detail: str = ""
    trace: str = ""
    parent: str = ""
    payload: bytes = b""
    is_api: bool = False

    def unanswered(self, now: float, outcome: Outcome, code: str = "") -> Operation:
        """It is over without one."""
        kind = Kind.PUBLISH if self.name == "PUB" else Kind.CALL
        return Operation(
            self.name, self.target, self.started, now, outcome, code, self.size, 0, kind, self.detail,
            self.trace, self.parent, payload=self.payload if kind else b"",
        )  # fmt: skip

    def answered(self, headers: bytes, body: bytes, size: int, now: float) -> Operation:
        """An answer of ``size`` bytes came, whose ``body`` begins so."""
        name, kind = self.name, Kind.CALL
        outcome, code, detail = Outcome.OK, "", self.detail
        error = _ERROR.search(body) if self.is_api or body.startswith(b'{"error":') else None
        if not self.is_api and (body.startswith(b'{"stream":"') or (error is not None and error[2])):
            name = "PUB"  # JetStream has stored it, or has not
        if name == "PUB":
            kind = Kind.PUBLISH
        if error is not None and (self.is_api or kind):
            outcome = Outcome.FAILED if int(error[1]) >= _FAILED else Outcome.REFUSED
            code = (error[2] or error[1]).decode()
            detail = ", ".join(filter(None, (detail, (error[3] or b"").decode("utf-8", "replace"))))
        elif headers:
            outcome, code, said = _status(headers, body)
            detail = detail or said
        elif kind and b'"duplicate"' in body:
            detail = "a duplicate, not stored again"
        return Operation(
            name, self.target, self.started, now, outcome, code, self.size, size, kind, detail[:MOST_DETAIL],
            self.trace, self.parent, payload=self.payload if kind else b"",
        )  # fmt: skip


def _status(headers: bytes, body: bytes) -> tuple[Outcome, str, str]:
    """What an answer's headers say: no responders, or a service's own error."""
    status = _STATUS.match(headers)
    if status is not None and not body:
        number, text = int(status[1]), status[2].decode("utf-8", "replace")
        if number == 503:  # noqa: PLR2004 - of NATS's own
            return Outcome.FAILED, "no responders", text
        outcome = (
            Outcome.FAILED if number >= _FAILED else Outcome.REFUSED if number >= _REFUSED else Outcome.OK
        )
        return outcome, str(number) if outcome is not Outcome.OK else "", text
    if b"Nats-Service-Error" in headers:
        found = headers_of(headers)
        code = found.get("nats-service-error-code", "error")
        refused = len(code) == 3 and code.startswith("4")  # noqa: PLR2004 - as HTTP counts
        return (
            Outcome.REFUSED if refused else Outcome.FAILED,
            code[:80],
            found.get("nats-service-error", ""),
        )
    return Outcome.OK, "", ""


class Open:
    """What waits for answers, by the subject of the answer; the oldest is given up when there are too many."""

    __slots__ = ("_asked", "_due")

    def __init__(self) -> None:
        self._asked: dict[bytes, Asked] = {}
        self._due = float("inf")  # not before then anything is late

    def __contains__(self, reply: bytes) -> bool:
        return reply in self._asked

    def __len__(self) -> int:
        return len(self._asked)

    def add(self, reply: bytes, asked: Asked) -> Sequence[Operation]:
        """One more; what had to make room for it."""
        known = self._asked
        left: list[Operation] = []
        if reply in known:  # the subject is used again: the first answer is the later one's
            left.append(_unfollowed(known.pop(reply)))
        elif len(known) >= MOST_OPEN:
            left.append(_unfollowed(known.pop(next(iter(known)))))
        if not known:
            self._due = asked.started + PATIENCE
        known[reply] = asked
        return left

    def pop(self, reply: bytes) -> Asked:
        """What was asked; it is over."""
        return self._asked.pop(reply)

    def is_late(self, now: float) -> bool:
        """Whether something may have waited too long."""
        return now >= self._due

    def late(self, now: float) -> Sequence[Operation]:
        """What has waited too long; it is over."""
        lost: list[Operation] = []
        known = self._asked
        while known:
            reply = next(iter(known))
            if known[reply].started + PATIENCE > now:
                break
            lost.append(known.pop(reply).unanswered(now, Outcome.LOST, "no answer"))
        self._due = known[next(iter(known))].started + PATIENCE if known else float("inf")
        return lost

    def all_lost(self, now: float) -> Sequence[Operation]:
        """The connection is over."""
        lost = [asked.unanswered(now, Outcome.LOST) for asked in self._asked.values()]
        self._asked.clear()
        return lost


def _unfollowed(asked: Asked) -> Operation:
    """It was said; whether somebody answered, nobody knows."""
    return asked.unanswered(asked.started, Outcome.OK)
