"""MySQL's packets, and the little that is read in them: lengths, numbers, errors, the end of a result."""

from typing import Final, NamedTuple

HEAD: Final = 4  # a length of three bytes, and a number
WHOLE: Final = 0xFFFFFF  # a packet of that length goes on in the next one
OK, LOCAL_FILE, EOF, ERROR = 0x00, 0xFB, 0xFE, 0xFF
_MOST_EOF: Final = 9  # an EOF packet is shorter than that
_LENGTHS: Final = {0xFC: 2, 0xFD: 3, 0xFE: 8}

# Capabilities that both sides must have.
CONNECT_WITH_DB: Final = 1 << 3
COMPRESS: Final = 1 << 5
PROTOCOL_41: Final = 1 << 9
SSL: Final = 1 << 11
TRANSACTIONS: Final = 1 << 13
SECURE_CONNECTION: Final = 1 << 15
PLUGIN_AUTH_LENENC: Final = 1 << 21
DEPRECATE_EOF: Final = 1 << 24
OPTIONAL_METADATA: Final = 1 << 25
ZSTD: Final = 1 << 26
QUERY_ATTRIBUTES: Final = 1 << 27
MARIADB_CACHE_METADATA: Final = 1 << 36
_MYSQL: Final = 1 << 0  # set by MySQL; where it is not, the upper capabilities are MariaDB's

MORE_RESULTS: Final = 1 << 3  # a status


class Packet(NamedTuple):
    """The wanted beginning of a packet's payload, and its length; those of 16 MB go on as further packets."""

    body: bytes
    length: int


class Failure(NamedTuple):
    """What an error packet says."""

    number: int
    sqlstate: str


def integer(body: bytes, at: int) -> tuple[int, int]:
    """A length-encoded integer and where it ends; what is cut off counts as zeros."""
    first = body[at] if at < len(body) else 0
    size = _LENGTHS.get(first, 0)
    return (
        (int.from_bytes(body[at + 1 : at + 1 + size], "little"), at + 1 + size) if size else (first, at + 1)
    )


def until_zero(body: bytes, at: int) -> tuple[bytes, int]:
    """A text that ends with a zero byte, and where the next thing begins."""
    end = body.find(b"\0", at)
    return (body[at:], len(body)) if end < 0 else (body[at:end], end + 1)


def failure_of(body: bytes) -> Failure:
    """The number and the SQLSTATE of an error packet."""
    state = body[4:9].decode("ascii", "replace") if body[3:4] == b"#" else ""
    return Failure(int.from_bytes(body[1:3], "little"), state)


def is_end(packet: Packet, *, deprecated: bool) -> bool:
    """Whether rows (or columns) end here; ``deprecated``: an OK packet is what ends them."""
    return packet.body[:1] == b"\xfe" and packet.length < (WHOLE if deprecated else _MOST_EOF)


def status_of(packet: Packet) -> tuple[int, int]:
    """The status flags of an OK or EOF packet, and the number of rows that it tells as changed (0 in an EOF)."""
    body = packet.body
    if body[:1] == b"\xfe" and packet.length < _MOST_EOF - 2:  # warnings, status
        return int.from_bytes(body[3:5], "little"), 0
    changed, at = integer(body, 1)
    _, at = integer(body, at)
    return int.from_bytes(body[at : at + 2], "little"), changed


class Greeting(NamedTuple):
    """What the server can."""

    version: str
    capabilities: int


def greeting_of(body: bytes) -> Greeting | None:
    """The server's first packet; None when it is none of protocol 10."""
    if body[:1] != b"\x0a":
        return None
    version, at = until_zero(body, 1)
    at += 4 + 8 + 1  # thread, the first half of the salt, a filler
    lower, upper = body[at : at + 2], body[at + 5 : at + 7]
    capabilities = int.from_bytes(lower + upper, "little")
    if not capabilities & _MYSQL:
        capabilities |= int.from_bytes(body[at + 14 : at + 18], "little") << 32
    return Greeting(version.decode("utf-8", "replace"), capabilities)


class Login(NamedTuple):
    """What the caller chose of it, and as whom to which database it connects."""

    capabilities: int
    user: str
    database: str


_FIXED: Final = 32  # capabilities, packet size, character set, filler


def login_of(body: bytes) -> Login:
    """The caller's first packet; without a user it is a request for TLS."""
    capabilities = int.from_bytes(body[:4], "little")
    if not capabilities & _MYSQL:
        capabilities |= int.from_bytes(body[28:32], "little") << 32
    user, at = until_zero(body, _FIXED)
    if capabilities & PLUGIN_AUTH_LENENC:
        length, at = integer(body, at)
        at += length
    elif capabilities & SECURE_CONNECTION:
        at += 1 + (body[at] if at < len(body) else 0)
    else:
        at = until_zero(body, at)[1]
    database = until_zero(body, at)[0] if capabilities & CONNECT_WITH_DB else b""
    return Login(capabilities, user.decode("utf-8", "replace"), database.decode("utf-8", "replace"))


def pass_over(data: bytes, at: int, end: int, most: int) -> tuple[int, int]:
    """Where the rows or columns end that are whole in ``data[at:end]``, and how many they are, ``most`` at most.

    Large ones, and those that may be something else, are left.
    """
    passed = 0
    while passed < most and end - at > HEAD:
        length = data[at] | data[at + 1] << 8 | data[at + 2] << 16
        behind = at + HEAD + length
        if data[at + HEAD] >= EOF or behind > end or not 0 < length < WHOLE:
            break
        passed += 1
        at = behind
    return at, passed


_SIZES: Final = {0x01: 1, 0x02: 2, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 0, 0x08: 8, 0x09: 4, 0x0D: 2}  # of types
_TIMES: Final = frozenset({0x07, 0x0A, 0x0B, 0x0C})  # a byte of length before them


def behind_attributes(body: bytes) -> tuple[int, bytes]:
    """Where a query's text begins behind its attributes, and the value of one that is called ``traceparent``."""
    count, at = integer(body, 0)
    _, at = integer(body, at)
    if not count:
        return at, b""
    nulls = body[at : at + (count + 7) // 8]
    at += len(nulls) + 1
    kinds: list[tuple[int, bytes]] = []
    while len(kinds) < count and at < len(body):
        length, begin = integer(body, at + 2)
        kinds.append((body[at], body[begin : begin + length]))
        at = begin + length
    trace = b""
    for number, (kind, name) in enumerate(kinds):
        if nulls[number // 8] >> number % 8 & 1:
            continue
        begin, size = at, _SIZES.get(kind, 0)
        if kind in _TIMES:
            begin, size = at + 1, body[at] if at < len(body) else 0
        elif kind not in _SIZES:
            size, begin = integer(body, at)
        at = begin + size
        if name == b"traceparent":
            trace = body[begin:at]
    return at, trace
