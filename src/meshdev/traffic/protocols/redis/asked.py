"""Commands that wait for their answers, and the operations that come of them.

Of the words of a command only what is told is taken: a key's pattern, a function's name or a script's hash, a group,
the beginning of a published message.
"""

import re
from typing import Final, NamedTuple

from meshdev.traffic.protocols.key_pattern import key_pattern
from meshdev.traffic.protocols.operation import MOST_PAYLOAD, Kind, Operation, Outcome
from meshdev.traffic.protocols.redis.commands import Manner, key_of, name_of
from meshdev.traffic.protocols.redis.replies import Reply
from meshdev.traffic.protocols.redis.requests import Request
from meshdev.traffic.trace_context import ids_at

_SERVERS_FAULT: Final = frozenset(
    (
        "BUSY",
        "CLUSTERDOWN",
        "IOERR",
        "LOADING",
        "MASTERDOWN",
        "MISCONF",
        "NOREPLICAS",
        "OOM",
        "TRYAGAIN",
        "UNKILLABLE",
    )
)
_TOO_MANY_CLIENTS: Final = b"ERR max number of clients"
_CODE: Final = re.compile(rb"[A-Z][A-Z0-9_]{1,31}(?=\s|\Z)")
_MOST_SUBJECT: Final = 64
_GROUP_AT: Final = 2  # XREADGROUP GROUP name consumer
_XADD_OPTIONS: Final = {
    b"NOMKSTREAM": 1,
    b"KEEPREF": 1,
    b"DELREF": 1,
    b"ACKED": 1,
    b"LIMIT": 2,
    b"MAXLEN": 2,
    b"MINID": 2,
}


class Asked(NamedTuple):
    """A command that waits for its answer; ``waits`` if the answer may take as long as the caller wishes."""

    name: str
    target: str
    started: float
    size: int
    manner: Manner
    length: int
    waits: bool = False
    kind: Kind = Kind.CALL
    detail: str = ""
    payload: bytes = b""
    trace: str = ""
    parent: str = ""


def asked_by(request: Request, now: float) -> Asked:
    """What a command is, as it was asked."""
    command, words, length, size = request
    manner = command.manner
    name = name_of(command, words) if command.has_subcommand else command.name
    key = (
        words[command.key] if 0 < command.key < len(words) else key_of(command, words) if command.key else b""
    )
    target = key_pattern(key) if key else ""
    if manner is Manner.PLAIN:
        detail = _text(words[command.subject]) if command.subject and command.subject < len(words) else ""
        return Asked(name, target, now, size, manner, length, detail=detail)
    asked = Asked(name, target, now, size, manner, length, waits=manner is Manner.WAITS)
    if manner is Manner.PUBLISHES:
        return asked._replace(kind=Kind.PUBLISH, payload=b"".join(words[2:3])[:MOST_PAYLOAD])
    if manner is Manner.ADDS:
        return _added(asked, words)
    if manner is Manner.READS:
        return _reading(asked, words)
    return asked


def _added(asked: Asked, words: list[bytes]) -> Asked:
    at = len(("XADD", "key"))
    while at < len(words) and (step := _XADD_OPTIONS.get(words[at].upper())):
        at += step + (step > 1 and words[at + 1 : at + 2] in ([b"="], [b"~"]))
    fields = words[at + 1 :]
    names = fields[::2]
    trace = parent = ""
    if b"traceparent" in names:
        value = b"".join(fields[2 * names.index(b"traceparent") + 1 :][:1])
        trace, parent = ids_at(value, 0, len(value))
    payload = b" ".join(fields)[:MOST_PAYLOAD]
    return asked._replace(kind=Kind.PUBLISH, payload=payload, trace=trace, parent=parent)


def _reading(asked: Asked, words: list[bytes]) -> Asked:
    options = [word.upper() for word in words]
    options = options[: options.index(b"STREAMS")] if b"STREAMS" in options else options
    group = words[_GROUP_AT] if asked.name == "XREADGROUP" and len(words) > _GROUP_AT else b""
    detail = f"group {_text(group)}" if group else ""
    return asked._replace(kind=Kind.DELIVER, waits=b"BLOCK" in options, detail=detail)


def _text(word: bytes) -> str:
    text = word[:_MOST_SUBJECT].decode("utf-8", "replace")
    return text if text.isprintable() else repr(text)[1:-1]


def operation_of(asked: Asked, now: float, reply: Reply | None = None) -> Operation:
    """The operation that ``reply`` ends; without one it ends as it began, and nobody answered it."""
    name, target, started, size, manner, _, waits, kind, detail, payload, trace, parent = asked
    code, outcome = "", Outcome.OK
    bytes_out = 0
    if reply is None:
        started = now
    else:
        bytes_out = reply.size
        if reply.is_error:
            code, outcome = ended_by(reply.line)
        elif manner is Manner.PUBLISHES:
            detail = f"{_text(reply.line)} receivers" if reply.line != b"0" else "nobody received it"
    if waits:
        waited = f"waited {now - started:.3f} s"
        started, detail = now, f"{detail}, {waited}" if detail else waited
    messages_out = 0 if kind is Kind.DELIVER else None
    return Operation(
        name,
        target,
        started,
        now,
        outcome,
        code,
        size,
        bytes_out,
        kind,
        detail,
        trace,
        parent,
        None,
        messages_out,
        payload,
    )


def ended_by(error: bytes) -> tuple[str, Outcome]:
    """An error's code, and who is to be blamed for it."""
    match = _CODE.match(error)
    code = match[0].decode() if match else "ERR"
    failed = code in _SERVERS_FAULT or error.startswith(_TOO_MANY_CLIENTS)
    return code, Outcome.FAILED if failed else Outcome.REFUSED
