"""The messages by which traffic is captured: msgpack in `frames`, over Unix socket pairs.

| direction | message | meaning |
|---|---|---|
| worker → recorder | `Batch` | what passed: whole exchanges, pieces of those that go on, losses, marks |
| daemon → recorder | `Secrets` | what is a secret, and the key by which placeholders are made; comes first |
| daemon → recorder | `Attach` | one end of a worker's socket pair rides along (SCM_RIGHTS) |
| daemon → recorder | `Begin` | from now on what comes over these edges belongs to this recording |
| daemon → recorder | `Describe` | what the calls of an endpoint are made of, known only now |
| daemon → recorder | `Recall` | one exchange is wanted, on no disk; answer when every worker has marked |
| daemon → recorder | `Finish` | no more; answer when the `Marker` of this token has come from every worker |
| recorder → daemon | `Progress` | what is safely on the disk (a SIGKILL takes none of it), and what was lost |
| recorder → daemon | `Finished` | the recording is closed |
| recorder → daemon | `Recalled` | the exchange, its secrets taken out; or that nobody has it any more |

What a worker sends are raw bytes, secrets and all: they pass through memory only. A worker that finds the recorder slow
drops exchanges and says how many; it never waits.

Arrays: a field may be added at the end, with a default. Times of a worker are on its `perf_counter`; `Batch.clock` is
what to add to get seconds since the epoch.
"""

from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from meshdev.wire.faults import EdgePattern, FaultMatch
from meshdev.wire.frames import frame
from meshdev.wire.mesh import EdgeKey, WireError

T = TypeVar("T")

DEFAULT_BODY_CAP: Final = 10 * 1024 * 1024
DEFAULT_RING: Final = 2 * 1024 * 1024


class Facts(Struct, frozen=True, array_like=True):
    """What the mesh knows of an exchange beside its bytes; see `wire.mesh.Exchange`."""

    instance: str = ""
    ids: bytes = b""  # trace and span, with a character between
    status: int = 0
    error: str = ""
    by: str = ""
    retries: int = 0
    faults: tuple[str, ...] = ()


class Named(Struct, frozen=True, array_like=True, tag="named"):
    """From now on this worker means the edge ``key`` by ``edge``."""

    edge: int
    key: EdgeKey


class Whole(Struct, frozen=True, array_like=True, tag="whole"):
    """An exchange that is over: what its caller sent and got, raw.

    ``sent`` and ``first`` are microseconds from ``started`` to the request's end and to the answer's first byte.
    ``asked_bytes`` and ``heard_bytes`` are how many bytes there were, if not all of them were kept. ``token`` is that
    of the `Dump` that asked for it, 0 for one that has just passed.
    """

    edge: int
    started: float
    microseconds: int
    request: bytes
    answer: bytes
    facts: Facts
    sent: int = 0
    first: int = 0
    pieces: tuple[tuple[int, int], ...] = ()  # (offset in `answer`, microseconds), if it came in pieces
    asked_bytes: int = 0
    heard_bytes: int = 0
    token: int = 0
    sends: tuple[tuple[int, int], ...] = ()  # as `pieces`, of `request`


class Opened(Struct, frozen=True, array_like=True, tag="opened"):
    """An exchange that is large, or lasts; `Piece` by `Piece` from here on. ``take`` names it within this worker."""

    take: int
    edge: int
    started: float


class Piece(Struct, frozen=True, array_like=True, tag="piece"):
    """What its caller sent (``asked``) or got, so many microseconds from its start."""

    take: int
    asked: bool
    at: int
    data: bytes


class Closed(Struct, frozen=True, array_like=True, tag="closed"):
    """It is over; more bytes than came in pieces were not wanted (the cap) or lost."""

    take: int
    microseconds: int
    facts: Facts
    asked_bytes: int = 0
    heard_bytes: int = 0
    lost: bool = False


class Lost(Struct, frozen=True, array_like=True, tag="lost"):
    """So many exchanges were dropped since the last word of it, because the recorder was slow."""

    exchanges: int


class Marker(Struct, frozen=True, array_like=True, tag="marker"):
    """Everything from before the `Dump` of this token has been sent."""

    token: int


Item = Named | Whole | Opened | Piece | Closed | Lost | Marker


class Batch(Struct, frozen=True, array_like=True):
    """What a worker has to tell at once."""

    clock: float
    items: tuple[Item, ...]


class Secrets(Struct, frozen=True, array_like=True, tag="secrets"):
    """What the user added to the rules of redaction, by the names that they have in the topology; and the key."""

    key: bytes
    headers: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()


class Attach(Struct, frozen=True, array_like=True, tag="attach"):
    """The descriptor that rides along is a worker's `Batch` stream."""


class Described(Struct, frozen=True, array_like=True):
    """What the calls of an endpoint are made of: a ``FileDescriptorSet``."""

    callee: str
    endpoint: str
    data: bytes


class Begin(Struct, frozen=True, array_like=True, tag="begin"):
    """A recording: ``folder`` is where its journal goes, ``edges`` and ``match`` what belongs to it (empty: all).

    With a ``token`` it takes only what is dumped by that token.
    """

    name: str
    folder: str
    edges: tuple[EdgePattern, ...] = ()
    match: FaultMatch = FaultMatch()
    redact: bool = True
    token: int = 0
    descriptors: tuple[Described, ...] = ()


class Describe(Struct, frozen=True, array_like=True, tag="describe"):
    """From now on the recording ``name`` knows this, too."""

    name: str
    described: Described


class Finish(Struct, frozen=True, array_like=True, tag="finish"):
    """Close the recording when the token's marks are there."""

    name: str
    token: int


class Recall(Struct, frozen=True, array_like=True, tag="recall"):
    """The exchange with this ``span``, which the `Dump` of this token brings."""

    token: int
    span: str


class Progress(Struct, frozen=True, array_like=True, tag="progress"):
    """A recording so far: exchanges on the disk, bytes of its journal, exchanges lost; ``trouble`` is for a person."""

    name: str
    exchanges: int
    bytes: int
    lost: int = 0
    trouble: str = ""


class Finished(Struct, frozen=True, array_like=True, tag="finished"):
    """It is closed; nothing of it comes any more."""

    name: str
    exchanges: int
    bytes: int
    lost: int = 0
    trouble: str = ""


class Recalled(Struct, frozen=True, array_like=True, tag="recalled"):
    """What came of a `Recall`: a `recording.model.Exchange` in msgpack, empty when there is none."""

    token: int
    exchange: bytes = b""


ToRecorder = Secrets | Attach | Begin | Describe | Finish | Recall
FromRecorder = Progress | Finished | Recalled

_ENCODER = msgspec.msgpack.Encoder()
_BATCH: msgspec.msgpack.Decoder[Batch] = msgspec.msgpack.Decoder(Batch)
_TO_RECORDER: msgspec.msgpack.Decoder[ToRecorder] = msgspec.msgpack.Decoder(ToRecorder)
_FROM_RECORDER: msgspec.msgpack.Decoder[FromRecorder] = msgspec.msgpack.Decoder(FromRecorder)


def encode(message: Batch | ToRecorder | FromRecorder) -> bytes:
    """The frame that carries ``message``. Raises FrameError when it is too large."""
    return frame(_ENCODER.encode(message))


def decode_batch(body: bytes) -> Batch:
    """What a worker said. Raises WireError."""
    return _decoded(_BATCH, body)


def decode_to_recorder(body: bytes) -> ToRecorder:
    """What the daemon said. Raises WireError."""
    return _decoded(_TO_RECORDER, body)


def decode_from_recorder(body: bytes) -> FromRecorder:
    """What the recorder said. Raises WireError."""
    return _decoded(_FROM_RECORDER, body)


def _decoded(decoder: msgspec.msgpack.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(str(error)) from error
