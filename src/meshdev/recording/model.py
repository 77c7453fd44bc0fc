"""An exchange as it is kept: whole in itself, serialisable, already without secrets when it comes from a disk.

Times within an exchange are microseconds since its ``started`` (seconds since the epoch: when the request's head was
there). Headers are pairs in the order in which they came, names as written, both latin-1. Bodies are contents: without
transfer framing, and without content coding where that could be undone (`Body.coding`).

Arrays on the wire and on disk: a field may be added at the end, with a default, within one `VERSION`.
"""

from enum import StrEnum

from msgspec import Struct

VERSION = 1

Headers = tuple[tuple[str, str], ...]


class Cut(StrEnum):
    """Why a body is not whole."""

    CAP = "cap"  # longer than what is kept of one body
    BROKEN = "broken"  # the connection broke off, or the recorder did
    OPAQUE = "opaque"  # in a content coding that cannot be undone: nothing is kept, for secrets may be in it
    DISK = "disk"  # the disk was full


class Body(Struct, frozen=True, array_like=True):
    """The content of a request or a response.

    ``size`` is how many bytes the content had (decoded) as far as it came, ``data`` what is kept of it; they differ
    only when ``cut`` says why. ``coding`` is the Content-Encoding that was undone (``gzip``), so that it can be done
    again. ``pieces`` are (offset in ``data``, when): where each piece of an answer that came in pieces began; empty
    when all of it came at once.
    """

    data: bytes = b""
    size: int = 0
    coding: str = ""
    cut: Cut | None = None
    pieces: tuple[tuple[int, int], ...] = ()


EMPTY = Body()


class Request(Struct, frozen=True, array_like=True):
    """What was asked: ``target`` as it stands in the request line, path and query."""

    method: str
    target: str
    headers: Headers = ()
    body: Body = EMPTY
    minor: int = 1  # of HTTP/1.x


class Response(Struct, frozen=True, array_like=True):
    """What was answered, as the caller got it (with injected faults, if there were any)."""

    status: int
    reason: str = ""
    headers: Headers = ()
    body: Body = EMPTY
    minor: int = 1
    trailers: Headers = ()


class MessageKind(StrEnum):
    """What a WebSocket's message is; a call of gRPC has ``binary`` and ``close``."""

    TEXT = "text"
    BINARY = "binary"
    CLOSE = "close"  # data: two bytes of code and the reason
    PING = "ping"
    PONG = "pong"


class Message(Struct, frozen=True, array_like=True):
    """One message after an upgrade, or of a call; ``outgoing`` from the caller, ``data`` unmasked and inflated."""

    at: int
    outgoing: bool
    kind: MessageKind
    data: bytes
    cut: Cut | None = None


class Timing(Struct, frozen=True, array_like=True):
    """Microseconds: ``send`` until the request was whole, ``wait`` from there to the answer's first byte, ``receive``.

    None where it is not known (imported from elsewhere).
    """

    send: int | None = None
    wait: int | None = None
    receive: int | None = None


class Exchange(Struct, frozen=True, array_like=True):
    """One call from ``caller`` to ``callee``: a request, and what came of it.

    ``id`` is unique in its recording. ``response`` is None when there was none
    (``error`` says why, in the words of `wire.mesh.EdgeError`). ``messages`` are those after an upgrade to WebSocket.
    ``by`` is ``meshdev`` when it answered instead of the callee; ``faults`` were injected.

    ``redacted`` names the places where placeholders stand: ``request.header.authorization``,
    ``request.query.api_key``, ``request.form.password``, ``response.body/user/password`` (a JSON pointer),
    ``response.body`` (somewhere in a text), ``message.3``, ``message.3/card/number`` (of a call's message).

    ``protocol`` is ``http2`` or ``grpc`` for what came over HTTP/2, else empty. A call of gRPC has its messages in
    ``messages``, as they were before compression, all of them ``binary``; ``close`` (without data) says when the
    caller had said all. Its bodies are empty but for how much is missing of them, its metadata are headers and
    trailers. `recording.calls` tells how it ended.
    """

    id: str
    started: float
    microseconds: int
    caller: str
    callee: str
    request: Request
    response: Response | None = None
    endpoint: str = "http"
    instance: str = ""
    route: str = ""  # method and guessed route: ``GET /orders/{id}``
    messages: tuple[Message, ...] = ()
    timing: Timing = Timing()
    trace: str = ""
    span: str = ""
    parent: str = ""
    error: str = ""
    by: str = ""
    retries: int = 0
    faults: tuple[str, ...] = ()
    redacted: tuple[str, ...] = ()
    protocol: str = ""

    @property
    def edge(self) -> str:
        """``orders -> payments``, with ``:admin`` behind it for an endpoint that is not the first."""
        tail = "" if self.endpoint in {"", "http"} else f":{self.endpoint}"
        return f"{self.caller} -> {self.callee}{tail}"


class Provenance(Struct, frozen=True):
    """Out of what a recording was made, so that a stale one can be told."""

    meshdev: str = ""
    system: str = ""
    revision: str = ""  # of the repository (git), empty when there is none
    dirty: bool = False  # whether something was not committed


class Meta(Struct, frozen=True, kw_only=True):
    """What a recording says of itself; JSON in ``recording.json`` beside the journal.

    ``edges`` and ``match`` are what was asked to be recorded, empty for everything. ``redacted`` is False only
    for those made with ``--no-redact``. ``pinned`` and ``noise`` are places that a person has decided about, in the
    notation of `matching` (``POST /orders body/created_at``). ``ended`` is None while it is being recorded.
    """

    name: str
    version: int = VERSION
    created: float = 0.0
    ended: float | None = None
    provenance: Provenance = Provenance()
    source: str = "recorded"  # or the format that it was imported from
    edges: tuple[str, ...] = ()
    match: str = ""
    redacted: bool = True
    pinned: tuple[str, ...] = ()
    noise: tuple[str, ...] = ()


class Descriptors(Struct, frozen=True):
    """What the calls of a service's endpoint are made of: a ``FileDescriptorSet``."""

    callee: str
    endpoint: str
    data: bytes


class Recording(Struct, frozen=True, kw_only=True):
    """A recording as it is read: ``notes`` are sentences for a person (a torn end, exchanges that were lost)."""

    meta: Meta
    exchanges: tuple[Exchange, ...] = ()
    notes: tuple[str, ...] = ()
    descriptors: tuple[Descriptors, ...] = ()
