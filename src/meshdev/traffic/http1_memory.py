"""Heads that come again, as a whole or in their parts: what was checked once is not checked twice.

A head that comes byte for byte again is the same object. Of others the parts come again: a caller sends the same
fields with another target, another number here and there, another ``traceparent``. So a request line and a block of
fields are remembered by their *shape*: the bytes with every digit made a zero and, in the fields, without the 52 bytes
of a traceparent's ids (``00-`` stays). A head of known shapes is in order without another look, because nothing that is
checked tells one digit from another, but for these, which are looked at each time: the version, the value of
Content-Length, the status, and the ids that were left out. Everything else is parsed (`http1_head`).

All memories are bounded, and remember what comes a second time: what never repeats costs them little.
"""

import re
from functools import partial
from typing import Final, TypeVar

from meshdev.traffic.http1_head import (
    BODILESS,
    FIRST_FINAL,
    METHODS,
    Framing,
    RequestHead,
    ResponseHead,
)

_MOST_REMEMBERED: Final = 512
_MOST_SEEN: Final = 4096
_MOST_BYTES: Final = 1024
_ZEROED: Final = bytes.maketrans(b"123456789", b"0" * 9)
_LINE_END: Final = b" HTTP/1.1\r\n"
_PARENT: Final = b"raceparent: 00-"  # whichever case its T has
_IDS: Final = re.compile(rb"(?!0{32})[0-9a-f]{32}+-(?!0{16})[0-9a-f]{16}+-[0-9a-f]{2}+")
_IDS_BYTES: Final = 52
_PARENT_AT: Final = 33  # of the ids: where the parent's begins
_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length:[\t ]*+([0-9]++)")
_DIGIT: Final = re.compile(r"[0-9]")
_NO_BODY: Final = Framing.NONE  # a look-up in an enumeration costs as much as half of what is saved here
_BY_LENGTH: Final = Framing.LENGTH
_VERSION: Final = b"HTTP/1.1 "
_STATUS: Final = slice(9, 12)
_LEAST_STATUS: Final = 100
_LEARNT_METHODS: Final = frozenset(METHODS.values()) - {
    "CONNECT"
}  # without digits; and fields that mean the same

T = TypeVar("T")


class Memory(dict[bytes, T]):
    """What is known of some bytes."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[int] = set()

    def wants(self, key: bytes) -> bool:
        """Whether to remember ``key`` now: it was asked for before."""
        if len(key) > _MOST_BYTES:
            return False
        seen, hashed = self._seen, hash(key)
        if hashed not in seen:
            if len(seen) >= _MOST_SEEN:
                seen.clear()
            seen.add(hashed)
            return False
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        return True


class _Line:
    """What all request lines of a shape have in common; ``route`` is empty where it shows a digit."""

    __slots__ = ("method", "route", "target_at")

    def __init__(self, head: RequestHead) -> None:
        self.method = head.method
        self.target_at = len(head.method) + 1
        route = head.guess_route()
        self.route = route if _DIGIT.search(route) is None else ""


class _Fields:
    """What all fields of a shape have in common; places count from the first field."""

    __slots__ = ("cut_at", "framing", "has_request_id", "keep_alive", "length_at", "length_end", "upgrades")

    def __init__(self, head: RequestHead, cut_at: int) -> None:
        self.cut_at = cut_at
        self.framing = head.framing
        self.has_request_id = head.has_request_id
        self.keep_alive = head.keep_alive
        self.upgrades = head.upgrades
        self.length_at, self.length_end = _length_span(head, len(head.line))


class Habit:
    """How one caller's newest head looked, byte by byte: the next one mostly looks the same but for line and ids."""

    __slots__ = ("about", "after", "before", "cut_at", "cut_end", "size")

    def __init__(self) -> None:
        self.about: _Fields | None = None
        self.before = self.after = b""
        self.cut_at = self.cut_end = self.size = 0

    def become(self, data: bytes, fields_at: int, about: _Fields) -> None:
        """From now on heads of this caller are expected to look like this one."""
        self.about = about
        self.size = len(data) - fields_at
        self.cut_at = about.cut_at
        self.cut_end = about.cut_at + _IDS_BYTES if about.cut_at else self.size
        self.before = data[fields_at : fields_at + (about.cut_at or self.size)]
        self.after = data[fields_at + self.cut_end :]


class _Answer:
    """What all heads of responses of a shape have in common."""

    __slots__ = ("framing", "keep_alive", "length_at", "length_end")

    def __init__(self, head: ResponseHead) -> None:
        self.framing = head.framing
        self.keep_alive = head.keep_alive
        self.length_at, self.length_end = _length_span(head, 0)


def _length_span(head: RequestHead | ResponseHead, start: int) -> tuple[int, int]:
    match = _LENGTH.search(head.raw) if head.framing is Framing.LENGTH else None
    return (match.start(1) - start, match.end(1) - start) if match is not None else (0, 0)


KNOWN_REQUESTS: Final[Memory[RequestHead]] = Memory()
KNOWN_RESPONSES: Final[Memory[ResponseHead]] = Memory()
_LINES: Final[Memory[_Line]] = Memory()
_FIELDS: Final[Memory[_Fields]] = Memory()
_ANSWERS: Final[Memory[_Answer]] = Memory()


_bare_request: Final = partial(object.__new__, RequestHead)  # without a parse
_bare_response: Final = partial(object.__new__, ResponseHead)

# --- requests -----------------------------------------------------------------------------------------


def request_head(raw: bytes) -> RequestHead:
    """Parse a whole head, empty line included. Raises BadMessageError."""
    head = known_request(raw)
    if head is None:
        head = RequestHead(raw)
        _learn_request(head)
    return head


def known_request(data: bytes, habit: Habit | None = None) -> RequestHead | None:
    """The head that ``data`` is, if it or its parts are known: then it is one whole head and nothing more.

    ``habit`` is how this caller's heads look; it may learn.
    """
    if habit is None or not habit.cut_at:  # a head with a traceparent never comes again
        head = KNOWN_REQUESTS.get(data)
        if head is not None:
            return head
    fields_at = data.find(_LINE_END) + len(_LINE_END)
    line = data[:fields_at]
    about_line = _LINES.get(line.translate(_ZEROED))
    if about_line is None:
        return None
    about = habit.about if habit is not None else None
    if (
        habit is None
        or about is None
        or len(data) - fields_at != habit.size
        or not data.startswith(habit.before, fields_at)
        or not data.endswith(habit.after)
        or (habit.cut_at and not _IDS.fullmatch(data, fields_at + habit.cut_at, fields_at + habit.cut_end))
    ):
        about = _fields_of(data, fields_at)
        if about is None:
            return None
        if habit is not None and about.framing is _NO_BODY:
            habit.become(data, fields_at, about)
    head = _bare_request()
    head.raw = data
    head.line = line
    head.method = about_line.method
    head.route = about_line.route
    head.minor = 1
    head.framing = framing = about.framing
    if framing is _BY_LENGTH:
        head.length = int(data[fields_at + about.length_at : fields_at + about.length_end])
        head.bodiless = not head.length
    else:
        head.length = 0
        head.bodiless = framing is _NO_BODY
    head.keep_alive = about.keep_alive
    head.upgrades = about.upgrades
    head.has_request_id = about.has_request_id
    if about.cut_at:
        head.parent_at = fields_at + about.cut_at + _PARENT_AT
        head.traced = True
    else:
        head.parent_at = 0
        head.traced = False
        if KNOWN_REQUESTS.wants(data):
            KNOWN_REQUESTS[data] = head
    return head


def _fields_of(data: bytes, fields_at: int) -> _Fields | None:
    """What is known of fields of this shape."""
    ids_at = data.find(_PARENT, fields_at) + len(_PARENT)
    if ids_at < fields_at:
        cut_at, fields = 0, data[fields_at:]
    elif _IDS.fullmatch(data, ids_at, ids_at + _IDS_BYTES) is not None:
        cut_at, fields = ids_at - fields_at, data[fields_at:ids_at] + data[ids_at + _IDS_BYTES :]
    else:
        return None
    about = _FIELDS.get(fields.translate(_ZEROED))
    return about if about is not None and about.cut_at == cut_at else None


def _learn_request(head: RequestHead) -> None:
    """Remember what was parsed."""
    raw = head.raw
    if not head.traced and KNOWN_REQUESTS.wants(raw):
        KNOWN_REQUESTS[raw] = head
    if head.minor == 0 or head.method not in _LEARNT_METHODS:
        return
    line = head.line.translate(_ZEROED)
    if line not in _LINES and _LINES.wants(line):
        _LINES[line] = _Line(head)
    fields_at = len(head.line)
    if not head.traced:
        cut_at, fields = 0, raw[fields_at:]
    else:
        ids_at = raw.find(_PARENT, fields_at) + len(_PARENT)
        if head.parent_at != ids_at + _PARENT_AT or not _IDS.fullmatch(raw, ids_at, ids_at + _IDS_BYTES):
            return
        cut_at, fields = ids_at - fields_at, raw[fields_at:ids_at] + raw[ids_at + _IDS_BYTES :]
    shape = fields.translate(_ZEROED)
    if shape not in _FIELDS and _FIELDS.wants(shape):
        _FIELDS[shape] = _Fields(head, cut_at)


# --- responses ----------------------------------------------------------------------------------------


def response_head(raw: bytes) -> ResponseHead:
    """Parse a whole head, empty line included. Raises BadMessageError."""
    head = known_response(raw)
    if head is None:
        head = ResponseHead(raw)
        _learn_response(head)
    return head


def known_response(raw: bytes) -> ResponseHead | None:
    """The head that ``raw`` is, if it or its shape is known."""
    head = KNOWN_RESPONSES.get(raw)
    if head is not None:
        return head
    about = _ANSWERS.get(raw.translate(_ZEROED))
    if about is None or not raw.startswith(_VERSION):
        return None
    status = int(raw[_STATUS])
    if status < _LEAST_STATUS:
        return None
    head = _bare_response()
    head.raw = raw
    head.minor = 1
    head.status = status
    head.framing = about.framing
    head.keep_alive = about.keep_alive
    if about.framing is _BY_LENGTH:
        head.length = int(raw[about.length_at : about.length_end])
        head.plain = status >= FIRST_FINAL and status not in BODILESS
    else:
        head.length = 0
        head.plain = False
    if KNOWN_RESPONSES.wants(raw):
        KNOWN_RESPONSES[raw] = head
    return head


def _learn_response(head: ResponseHead) -> None:
    raw = head.raw
    if KNOWN_RESPONSES.wants(raw):
        KNOWN_RESPONSES[raw] = head
    shape = raw.translate(_ZEROED)
    if head.minor and shape not in _ANSWERS and len(_LENGTH.findall(raw)) <= 1 and _ANSWERS.wants(shape):
        _ANSWERS[shape] = _Answer(head)
