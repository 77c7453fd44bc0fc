"""Heads of HTTP/1.x messages, strictly: what two parsers could read in two ways is refused.

A head is checked as a whole by one pattern (tokens, no folding, no bare CR or LF, no control characters, no space
before a colon), so that looking for CR LF name colon in the lowered head afterwards finds header lines and nothing
else. Framing follows RFC 9112 §6.3; where it lets a recipient repair an ambiguity, the message is refused instead.
What was parsed once is remembered (`http1_memory`).
"""

import re
from enum import IntEnum
from typing import Final

from meshdev.traffic.route import route_of
from meshdev.traffic.trace_context import find_parent

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_VISIBLE: Final = rb"[\x21-\x7e\x80-\xff]"
_FIELDS: Final = rb"((?:" + _TOKEN + rb"++:[\t\x20-\x7e\x80-\xff]*+\r\n)*+)\r\n"
_REQUEST: Final = re.compile(
    rb"(" + _TOKEN + rb"{1,32}+) (" + _VISIBLE + rb"++) HTTP/1\.([01])\r\n" + _FIELDS
)
_RESPONSE: Final = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*+)?\r\n" + _FIELDS)
_METHOD_SO_FAR: Final = re.compile(_TOKEN + rb"{0,32}+")
_METHOD: Final = re.compile(_TOKEN + rb"{1,32}+")
_TARGET: Final = re.compile(_VISIBLE + rb"++")
_TARGET_SO_FAR: Final = re.compile(_VISIBLE + rb"*+")
_LOOKED_AT: Final = re.compile(
    rb"\r\n(content-length|transfer-encoding|connection|upgrade|host|traceparent|x-request-id):"
    rb"[\t ]*+([^\r]*+)"
)
METHODS: Final = {
    name.encode(): name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT")
}
_BARE_LF: Final = re.compile(rb"(?<!\r)\n")
_VERSION_AND_END: Final = b" HTTP/1.1\r\n"
_VERSIONS: Final = (b"HTTP/1.1\r\n", b"HTTP/1.0\r\n")
_CODINGS: Final = frozenset({b"gzip", b"x-gzip", b"deflate", b"compress", b"x-compress"})
_MOST_LENGTH_DIGITS: Final = 18
FIRST_FINAL: Final = 200
BODILESS: Final = frozenset({204, 304})
_MOST_METHOD_BYTES: Final = 32
NOT_A_REQUEST: Final = "not a request line"
NOT_A_RESPONSE: Final = "not a status line"
BARE_LINE_FEED: Final = "a line does not end with CR LF"

Told = dict[bytes, list[bytes]]


class BadMessageError(Exception):
    """The message is malformed or ambiguous; up to ``good`` (an offset) everything was well."""

    def __init__(self, reason: str, *, status: int = 400, good: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.good = good


class Framing(IntEnum):
    """How a body ends."""

    NONE = 0
    LENGTH = 1
    CHUNKED = 2
    UNTIL_CLOSE = 3


class RequestHead:
    """A request's head: ``raw`` is ``line`` and the fields, between which headers may be put.

    ``parent_at`` is where the parent id of its well-formed traceparent begins in ``raw``, behind the trace's id and a
    hyphen; 0 when there is none. ``traced`` says whether there is any. ``route`` is empty until it is guessed.
    """

    __slots__ = (
        "bodiless",
        "framing",
        "has_request_id",
        "keep_alive",
        "length",
        "line",
        "method",
        "minor",
        "parent_at",
        "raw",
        "route",
        "traced",
        "upgrades",
    )

    def __init__(self, raw: bytes) -> None:
        match = _REQUEST.fullmatch(raw)
        if match is None:
            raise BadMessageError(
                _what_is_wrong(raw, _REQUEST_LINE, NOT_A_REQUEST, could_become_request(raw))
            )
        self.raw = raw
        method, _, minor = match.group(1, 2, 3)
        self.method = METHODS.get(method) or method.decode("ascii")
        self.minor = 1 if minor == b"1" else 0
        self.line = raw[: match.start(4)]
        self.route = ""
        told = _told(raw)
        if len(told.get(b"host", ())) > 1:
            raise BadMessageError("more than one Host")
        self.framing, self.length = _request_framing(told, self.minor)
        self.bodiless = not self.length and self.framing is not Framing.CHUNKED
        self.traced = b"traceparent" in told
        self.parent_at = find_parent(raw) if self.traced and len(told[b"traceparent"]) == 1 else 0
        self.has_request_id = b"x-request-id" in told
        self.keep_alive = self.minor == 1
        self.upgrades = method == b"CONNECT"
        if b"connection" in told:
            connection = _tokens(told, b"connection")
            self.keep_alive = _keep_alive(connection, self.minor)
            self.upgrades = self.upgrades or (b"upgrade" in connection and b"upgrade" in told)

    @property
    def target(self) -> bytes:
        """What is asked for, as it stands in the first line."""
        return self.line[len(self.method) + 1 : -len(_VERSION_AND_END)]

    def value(self, name: bytes) -> bytes | None:
        """The first value of the header with this (lowered) name."""
        at = self.raw.lower().find(b"\r\n%b:" % name)
        if at < 0:
            return None
        return self.raw[at + len(name) + 3 : self.raw.index(b"\r\n", at + 2)].strip(b" \t")

    def guess_route(self) -> str:
        """Method and guessed route (``GET /orders/{id}``), kept in ``route`` from now on."""
        self.route = f"{self.method} {route_of(self.target)}"
        return self.route

    def __repr__(self) -> str:
        return f"<RequestHead {self.method} {self.target.decode('latin-1')} {self.framing.name.lower()}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RequestHead) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)


class ResponseHead:
    """A response's head; ``framing`` is what its headers say, before the request's method is looked at.

    ``plain`` says that it is the final one and that exactly ``length`` bytes follow, unless it answers a HEAD.
    """

    __slots__ = ("framing", "keep_alive", "length", "minor", "plain", "raw", "status")

    def __init__(self, raw: bytes) -> None:
        match = _RESPONSE.fullmatch(raw)
        if match is None:
            raise BadMessageError(
                _what_is_wrong(raw, _STATUS_LINE, NOT_A_RESPONSE, could_become_response(raw)), status=502
            )
        self.raw = raw
        self.minor = 1 if match[1] == b"1" else 0
        self.status = int(match[2])
        told = _told(raw)
        self.framing, self.length = _response_framing(told, self.minor)
        self.keep_alive = _keep_alive(_tokens(told, b"connection"), self.minor)
        self.plain = (
            self.framing is Framing.LENGTH and self.status >= FIRST_FINAL and self.status not in BODILESS
        )

    def __repr__(self) -> str:
        return f"<ResponseHead {self.status} {self.framing.name.lower()}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResponseHead) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)


# --- before a head is complete ------------------------------------------------------------------------


def could_become_request(start: bytes) -> bool:
    """Whether a first line that begins so may still be a request line of HTTP/1.x."""
    method_end = start.find(b" ", 0, _MOST_METHOD_BYTES + 1)
    if method_end < 0:
        return _METHOD_SO_FAR.fullmatch(start) is not None
    if _METHOD.fullmatch(start, 0, method_end) is None:
        return False
    target_end = start.find(b" ", method_end + 1)
    if target_end < 0:
        return _TARGET_SO_FAR.fullmatch(start, method_end + 1) is not None
    if _TARGET.fullmatch(start, method_end + 1, target_end) is None:
        return False
    version = start[target_end + 1 : target_end + 1 + len(_VERSIONS[0])]
    return any(it.startswith(version) for it in _VERSIONS)


def could_become_response(start: bytes) -> bool:
    """Whether a first line that begins so may still be a status line of HTTP/1.x."""
    return any(start.startswith(it[: len(start)]) for it in (b"HTTP/1.1 ", b"HTTP/1.0 "))


def has_bare_line_feed(part: bytes, start: int = 0) -> bool:
    """Whether some line that ends after ``start`` ends with LF alone."""
    return _BARE_LF.search(part, start) is not None


# --- fields -------------------------------------------------------------------------------------------

_REQUEST_LINE: Final = re.compile(_TOKEN + rb"{1,32}+ " + _VISIBLE + rb"++ HTTP/1\.[01]\r\n")
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] [1-9][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*+)?\r\n")
_FIELD_LINE: Final = re.compile(_TOKEN + rb"++:[\t\x20-\x7e\x80-\xff]*+\r\n")


def _what_is_wrong(raw: bytes, first_line: re.Pattern[bytes], complaint: str, plausible: bool) -> str:  # noqa: FBT001
    """The reason why a head was refused, for people; the same whether it came whole or in pieces."""
    if not plausible:
        return complaint
    if has_bare_line_feed(raw):
        return BARE_LINE_FEED
    line = first_line.match(raw)
    if line is None:
        return complaint
    at = line.end()
    while not raw.startswith(b"\r\n", at) and (field := _FIELD_LINE.match(raw, at)) is not None:
        at = field.end()
    return f"a malformed header line: {raw[at : at + 40].splitlines()[0].decode('latin-1')!r}"


def is_field_line(line: bytes) -> bool:
    """Whether ``line``, with its CR LF, is one well-formed field (of a trailer)."""
    return _FIELD_LINE.fullmatch(line) is not None


def _told(raw: bytes) -> Told:
    """The header fields that we look at, lowered and trimmed, of a head that has been checked."""
    told: Told = {}
    for name, value in _LOOKED_AT.findall(raw.lower()):
        told.setdefault(name, []).append(value.rstrip(b" \t"))
    return told


def _tokens(told: Told, name: bytes) -> list[bytes]:
    return [token.strip(b" \t") for value in told.get(name, ()) for token in value.split(b",")]


def _keep_alive(connection: list[bytes], minor: int) -> bool:
    return b"close" not in connection and (minor == 1 or b"keep-alive" in connection)


def _length(value: bytes) -> int:
    if not value.isdigit() or len(value) > _MOST_LENGTH_DIGITS:
        raise BadMessageError(f"Content-Length is not a number: {value[:40].decode('latin-1')!r}")
    return int(value)


def _ends_chunked(codings: list[bytes]) -> bool:
    return codings[-1] == b"chunked" and all(coding in _CODINGS for coding in codings[:-1])


def _request_framing(told: Told, minor: int) -> tuple[Framing, int]:
    lengths = told.get(b"content-length")
    transfers = told.get(b"transfer-encoding")
    if transfers:
        if lengths:
            raise BadMessageError("both Content-Length and Transfer-Encoding")
        if minor == 0:
            raise BadMessageError("Transfer-Encoding in HTTP/1.0")
        if len(transfers) > 1:
            raise BadMessageError("more than one Transfer-Encoding")
        if not _ends_chunked([coding.strip(b" \t") for coding in transfers[0].split(b",")]):
            raise BadMessageError("Transfer-Encoding does not end with chunked", status=501)
        return Framing.CHUNKED, 0
    if not lengths:
        return Framing.NONE, 0
    if len(lengths) > 1:
        raise BadMessageError("more than one Content-Length")
    return Framing.LENGTH, _length(lengths[0])


def _response_framing(told: Told, minor: int) -> tuple[Framing, int]:
    lengths = told.get(b"content-length")
    transfers = _tokens(told, b"transfer-encoding")
    if transfers:
        if lengths:
            raise BadMessageError("both Content-Length and Transfer-Encoding", status=502)
        if minor == 0:
            raise BadMessageError("Transfer-Encoding in HTTP/1.0", status=502)
        if b"chunked" not in transfers:
            return Framing.UNTIL_CLOSE, 0
        if not _ends_chunked(transfers):
            raise BadMessageError("Transfer-Encoding does not end with chunked", status=502)
        return Framing.CHUNKED, 0
    if not lengths:
        return Framing.UNTIL_CLOSE, 0
    if any(value != lengths[0] for value in lengths):
        raise BadMessageError("Content-Lengths that differ", status=502)
    return Framing.LENGTH, _length(lengths[0])
