"""NATS: publishes, deliveries, subscriptions, requests, and JetStream on top of them.

| what is said | operation |
|---|---|
| ``PUB``, ``HPUB`` | ``PUB subject``, a publish; with JetStream's answer it lasts until that |
| the same, with an inbox of this connection to answer to | ``REQUEST subject``, until the answer |
| ``MSG``, ``HMSG`` | ``MSG subject``, a delivery; from JetStream with its lag |
| ``SUB`` | ``SUB subject`` |
| to ``$JS.API.…`` | the API's word: ``STREAM.INFO SHOP``, until the answer; ``CONSUMER.MSG.NEXT`` (a pull) at once |
| to ``$JS.ACK.…`` | ``ACK``, ``NAK``, ``WPI`` (in progress), ``TERM`` of a subject, since it was delivered |
| to an inbox, from an inbox without a request | ``REPLY`` |
| ``CONNECT``, ``-ERR`` | the same |

Inboxes are known by this connection's own subscriptions. What nobody answers within `PATIENCE` seconds is lost.
"""

import re
from collections.abc import Sequence
from typing import ClassVar, Final

from meshdev.traffic.protocols.cutting import Cutter, LostPlaceError
from meshdev.traffic.protocols.nats.asked import Asked, Inboxes, Open
from meshdev.traffic.protocols.nats.frames import Frames, NatsBorders, header_size
from meshdev.traffic.protocols.nats.subjects import (
    ACK,
    API,
    INBOX,
    api_call,
    delivery_of,
    subject_pattern,
)
from meshdev.traffic.protocols.operation import MOST_DETAIL, MOST_PAYLOAD, Kind, Operation, Outcome
from meshdev.traffic.trace_context import find_parent

MOST_UNACKNOWLEDGED: Final = 2048
_DOLLAR, _UNDERSCORE = b"$_"
_STATUS: Final = re.compile(rb"NATS/1\.0[ \t]+([0-9]{3})")
_ACKS: Final = {b"": "ACK", b"+ACK": "ACK", b"-NAK": "NAK", b"+WPI": "WPI", b"+TERM": "TERM", b"+NXT": "ACK"}
_FAILURES: Final = ("slow consumer", "maximum connections", "stale connection")
_NEXT: Final = "CONSUMER.MSG.NEXT"


class NatsScanner:
    """Follows one connection; see the module."""

    name: ClassVar[str] = "nats"

    def __init__(self) -> None:
        self.gave_up = ""
        self._caller = Frames(self._caller_body, self._caller_line, MOST_PAYLOAD)
        self._callee = Frames(self._callee_body, self._callee_line, MOST_PAYLOAD)
        self._done: list[Operation] = []
        self._inboxes = Inboxes()
        self._open = Open()
        self._unacknowledged: dict[bytes, tuple[str, float]] = {}
        self._connecting: tuple[float, int] | None = None

    def asked(self, data: bytes, now: float) -> Sequence[Operation]:
        """The caller's bytes."""
        return self._read(self._caller, data, now)

    def answered(self, data: bytes, now: float) -> Sequence[Operation]:
        """The callee's bytes."""
        return self._read(self._callee, data, now)

    def lost(self, now: float) -> Sequence[Operation]:
        """What is open will not be answered."""
        if not self.gave_up:
            self._done += self._open.all_lost(now)
            if self._connecting is not None:
                began, size = self._connecting
                self._connecting = None
                self._done.append(Operation("CONNECT", "", began, now, Outcome.LOST, bytes_in=size))
        return self._taken()

    def waiting(self) -> int:
        """Requests, and messages that JetStream has not confirmed."""
        return len(self._open)

    def cutter(self, *, asked: bool) -> Cutter:
        """From where the scanner is."""
        frames = self._caller if asked else self._callee
        return Cutter(NatsBorders(), out=frames.head, skip=frames.left)

    def _read(self, frames: Frames, data: bytes, now: float) -> Sequence[Operation]:
        if self.gave_up:
            return ()
        try:
            frames.feed(data, now)
        except LostPlaceError as error:
            self.gave_up = str(error)
            self._open = Open()
            self._unacknowledged.clear()
        if self._open.is_late(now):
            self._done += self._open.late(now)
        return self._taken()

    def _taken(self) -> Sequence[Operation]:
        if not self._done:
            return ()
        done, self._done = self._done, []
        return done

    # --- what the caller says -----------------------------------------------------------------------

    def _caller_line(self, words: list[bytes], line: bytes, now: float) -> None:
        operation = words[0]
        if operation == b"SUB" and len(words) > 2:  # noqa: PLR2004 - subject and number
            subject = words[1]
            self._inboxes.subscribe(words[-1], subject)
            if not subject.startswith(INBOX):
                queue = words[2].decode("utf-8", "replace") if len(words) > 3 else ""  # noqa: PLR2004 - the queue
                self._done.append(
                    Operation(
                        "SUB",
                        subject_pattern(subject),
                        now,
                        now,
                        bytes_in=len(line) + 1,
                        kind=Kind.SUBSCRIBE,
                        detail=f"queue {queue}"[:MOST_DETAIL] if queue else "",
                    )
                )
        elif operation == b"UNSUB" and len(words) > 1:
            self._inboxes.unsubscribe(words[1], once=len(words) > 2)  # noqa: PLR2004 - after so many
        elif operation == b"CONNECT":
            self._connecting = (now, len(line) + 1)

    def _caller_body(self, words: list[bytes], data: bytes, at: int, size: int, now: float) -> None:
        subject = words[1]
        headers = header_size(words)
        first = subject[0]
        payload = data[at + headers : at + min(int(words[-1]), headers + MOST_PAYLOAD)]
        if first == _DOLLAR:
            if subject.startswith(ACK):
                self._acknowledge(subject, payload, size, now)
                return
            if subject.startswith(API):
                self._call_api(words, subject, size, now)
                return
        elif first == _UNDERSCORE and subject.startswith(INBOX):
            self._done.append(Operation("REPLY", "_INBOX.{id}", now, now, bytes_in=size))
            return
        trace = parent = ""
        confirmed = False
        if headers:
            block = data[at : at + headers]
            trace, parent = _trace(block)
            confirmed = b"\nNats-Msg-Id:" in block or b"\nNats-Expected-" in block
        target = subject_pattern(subject)
        if len(words) - (headers > 0) > 3 and self._inboxes.covers(words[2]):  # noqa: PLR2004 - subject, reply, size
            asked = Asked("PUB" if confirmed else "REQUEST", target, now, size, "", trace, parent, payload)
            self._done += self._open.add(words[2], asked)
        else:
            self._done.append(
                Operation(
                    "PUB", target, now, now, Outcome.OK, "", size, 0, Kind.PUBLISH, "", trace, parent,
                    payload=payload,
                )
            )  # fmt: skip

    def _acknowledge(self, subject: bytes, payload: bytes, size: int, now: float) -> None:
        words = payload.split(None, 1)
        word = words[0] if words else b""
        name = _ACKS.get(word, "ACK")
        known = (self._unacknowledged.get if name == "WPI" else self._unacknowledged.pop)(subject, None)
        delivery = delivery_of(subject)
        if known is None:
            known = (delivery.stream if delivery else "", now)
        detail = f"{delivery.stream}/{delivery.consumer}" if delivery else ""
        self._done.append(Operation(name, known[0], known[1], now, bytes_in=size, detail=detail))

    def _call_api(self, words: list[bytes], subject: bytes, size: int, now: float) -> None:
        name, stream, about = api_call(subject)
        reply = words[2] if len(words) - (words[0] == b"HPUB") > 3 else b""  # noqa: PLR2004 - as above
        if name == _NEXT or not reply:
            self._done.append(Operation(name, stream, now, now, bytes_in=size, detail=about))
        else:
            self._done += self._open.add(
                reply, Asked(name, stream, now, size, about, is_api=not name.startswith("DIRECT"))
            )

    # --- what the callee says -----------------------------------------------------------------------

    def _callee_line(self, words: list[bytes], line: bytes, now: float) -> None:
        operation = words[0]
        if operation == b"-ERR":
            text = line[4:].strip(b" '\r").decode("utf-8", "replace")
            code = re.split(r" (?:for|to) | using ", text, maxsplit=1)[0][:80]
            outcome = Outcome.FAILED if text.lower().startswith(_FAILURES) else Outcome.REFUSED
            began = self._connecting
            self._connecting = None
            self._done.append(
                Operation(
                    "CONNECT" if began else "-ERR",
                    "",
                    began[0] if began else now,
                    now,
                    outcome,
                    code,
                    began[1] if began else 0,
                    len(line) + 1,
                    detail=text[:MOST_DETAIL],
                )
            )
        elif self._connecting is not None and operation in (b"+OK", b"PONG"):
            began_at, size = self._connecting
            self._connecting = None
            self._done.append(Operation("CONNECT", "", began_at, now, bytes_in=size, bytes_out=len(line) + 1))

    def _callee_body(self, words: list[bytes], data: bytes, at: int, size: int, now: float) -> None:
        subject = words[1]
        headers = header_size(words)
        block = data[at : at + headers] if headers else b""
        if subject in self._open:
            asked = self._open.pop(subject)
            self._inboxes.answered(subject)
            body = data[at + headers : at + min(int(words[-1]), headers + MOST_PAYLOAD)]
            self._done.append(asked.answered(block, body, size, now))
            return
        if headers and _STATUS.match(block) and headers == int(words[-1]):
            return  # a heartbeat, the end of a pull
        if subject.startswith(INBOX):
            if int(words[-1]):
                self._done.append(Operation("REPLY", "_INBOX.{id}", now, now, bytes_out=size))
            return
        trace, parent = _trace(block) if headers else ("", "")
        target = subject_pattern(subject)
        detail, lag = "", None
        reply = words[3] if len(words) - (headers > 0) > 4 else b""  # noqa: PLR2004 - subject, number, reply, size
        if reply.startswith(ACK):
            delivery = delivery_of(reply)
            if delivery is not None:
                lag = delivery.pending
                detail = f"{delivery.stream}/{delivery.consumer}"
                if delivery.times > 1:
                    detail += f", delivery {delivery.times}"
            unacknowledged = self._unacknowledged
            if len(unacknowledged) >= MOST_UNACKNOWLEDGED:
                del unacknowledged[next(iter(unacknowledged))]
            unacknowledged[reply] = (target, now)
        self._done.append(
            Operation(
                "MSG", target, now, now, Outcome.OK, "", 0, size, Kind.DELIVER, detail, trace, parent, lag=lag
            )
        )


def _trace(block: bytes) -> tuple[str, str]:
    """Trace and parent of a traceparent among headers, empty without one."""
    at = find_parent(block)
    return (block[at - 33 : at - 1].decode(), block[at : at + 16].decode()) if at else ("", "")
