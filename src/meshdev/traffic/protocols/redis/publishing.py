"""A command that publishes (PUBLISH, SPUBLISH, XADD) as a message, and what leaves in its place under faults.

Each command is answered in its place, so something with an answer alike takes the place of one that is lost or late,
and the server answers that wherever it stands: in a pipeline, in a transaction, unanswered. It is ``WAIT 0 0`` (0, or
how many replicas there are) for a number of receivers; for an id ``ECHO`` of the one that was asked for, or a script
that makes one of the server's time. What leaves later, or once more, leaves behind ``CLIENT REPLY SKIP``: nobody
answers it. In a transaction that cannot be, so there a script publishes several times.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from meshdev.traffic.protocols.cutting import Message
from meshdev.traffic.protocols.redis.said import array, elements_at, string_at

SKIP_ANSWER: Final = array(b"CLIENT", b"REPLY", b"SKIP")
_NO_RECEIVERS: Final = array(b"WAIT", b"0", b"0")
_MAKE_ID: Final = (
    b"local t=redis.call('TIME') return string.format('%d-%d',t[1]*1000+math.floor(t[2]/1000),ARGV[1])"
)
_REPEAT: Final = (
    b"local r for i=1,tonumber(ARGV[1]) do local s=redis.pcall(unpack(ARGV,2)) r=r or s end return r"
)
_OPTIONS: Final = {
    b"NOMKSTREAM": 1,
    b"KEEPREF": 1,
    b"DELREF": 1,
    b"ACKED": 1,
    b"LIMIT": 2,
    b"MAXLEN": 2,
    b"MINID": 2,
}
_KEPT_FIELDS: Final = frozenset((b"traceparent",))
_INNER: Final = b"__"
_LEAST_PUBLISH: Final = 3


def words_of(data: bytes) -> list[bytes]:
    """The words of a command that is here as a whole."""
    places = elements_at(data, 0)
    return [string_at(data, at) or b"" for at in places[:-1]]


def message_of(words: Sequence[bytes], *, fixed: bool) -> Message | None:
    """The message that a command is, None if it is none; a ``fixed`` one stands in a transaction."""
    if words[0].upper() != b"XADD":
        return _message(words[1], dict, fixed=fixed) if len(words) == _LEAST_PUBLISH else None
    at = id_at(words)
    fields = words[at + 1 :]
    if not fields or len(fields) % 2:
        return None
    return _message(words[1], lambda: headers_of(fields), fixed=fixed)


def _message(name: bytes, headers: Callable[[], Mapping[str, str]], *, fixed: bool) -> Message:
    return Message(name.decode("utf-8", "replace"), headers, name.startswith(_INNER), fixed=fixed)


def headers_of(fields: Sequence[bytes]) -> dict[str, str]:
    """An entry's fields, by lowered name; of several with one name the first."""
    found: dict[str, str] = {}
    for name, value in zip(fields[::2], fields[1::2], strict=False):
        found.setdefault(name.decode("utf-8", "replace").lower(), value.decode("utf-8", "replace"))
    return found


def id_at(words: Sequence[bytes]) -> int:
    """The place of an XADD's id among its words."""
    at = len(("XADD", "key"))
    while at < len(words) and (step := _OPTIONS.get(words[at].upper())):
        at += step + (step > 1 and words[at + 1 : at + 2] in ([b"="], [b"~"]))
    return at


def with_payload(words: list[bytes], change: Callable[[bytes], bytes]) -> list[bytes]:
    """The same command with another payload: the message, or an entry's values but for its trace."""
    if words[0].upper() != b"XADD":
        return [*words[:2], change(words[2])]
    at = id_at(words) + 1
    return [*words[:at], *changed_fields(words[at:], change)]


def changed_fields(fields: Sequence[bytes], change: Callable[[bytes], bytes]) -> list[bytes]:
    """An entry's fields with other values, but for its trace."""
    changed = list(fields)
    for at in range(0, len(fields) - 1, 2):
        if fields[at].lower() not in _KEPT_FIELDS:
            changed[at + 1] = change(fields[at + 1])
    return changed


def in_its_place(words: Sequence[bytes], number: int) -> bytes:
    """What is answered as the command would be, and does nothing; ``number`` makes ids differ."""
    if words[0].upper() != b"XADD":
        return _NO_RECEIVERS
    asked = words[id_at(words)]
    if asked == b"*":
        return array(b"EVAL", _MAKE_ID, b"0", b"%d" % number)
    if asked.endswith(b"-*"):
        return array(b"ECHO", asked[:-1] + b"%d" % number)
    return array(b"ECHO", asked if b"-" in asked else asked + b"-0")


def repeated(words: Sequence[bytes], times: int) -> bytes:
    """One command that does it several times and is answered like the first."""
    keys = () if words[0].upper() == b"PUBLISH" else (words[1],)
    return array(b"EVAL", _REPEAT, b"%d" % len(keys), *keys, b"%d" % times, *words)
