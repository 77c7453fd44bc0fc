"""HAR in types, as leniently as browsers write it: what may be missing has a default, numbers may be floats.

Our own exports carry an `Aside` in ``_meshdev`` of each entry.
"""

from typing import Final

from msgspec import UNSET, Struct, UnsetType, field

from meshdev.recording.formats.aside import Aside
from meshdev.recording.model import Cut, MessageKind

OPCODES: Final = {
    MessageKind.TEXT: 1,
    MessageKind.BINARY: 2,
    MessageKind.CLOSE: 8,
    MessageKind.PING: 9,
    MessageKind.PONG: 10,
}
KINDS: Final = {number: kind for kind, number in OPCODES.items()}


class Pair(Struct, frozen=True):
    """A header, a parameter of a query or of a form; files of a form are named, their content is not there."""

    name: str
    value: str | None = ""
    fileName: str | None = None  # noqa: N815 -- HAR's word


class PostData(Struct, frozen=True):
    """A request's body: ``text``, or the fields of a form only (Firefox)."""

    mimeType: str | None = ""  # noqa: N815 -- HAR's word
    text: str | None = None
    params: list[Pair] | None = None
    encoding: str | None = None  # of some exporters; ours is the one with the underscore
    own: str | None = field(default=None, name="_encoding")


class Content(Struct, frozen=True):
    """A response's body; ``text`` is missing where it was not kept."""

    size: float | None = 0
    mimeType: str | None = ""  # noqa: N815 -- HAR's word
    text: str | None = None
    encoding: str | None = None


class HarRequest(Struct, frozen=True):
    """What was asked."""

    method: str
    url: str
    httpVersion: str | None = ""  # noqa: N815 -- HAR's word
    headers: list[Pair] = []
    postData: PostData | None = None  # noqa: N815 -- HAR's word


class HarResponse(Struct, frozen=True):
    """What was answered; status 0 for nothing."""

    status: float | None = 0
    statusText: str | None = ""  # noqa: N815 -- HAR's word
    httpVersion: str | None = ""  # noqa: N815 -- HAR's word
    headers: list[Pair] = []
    content: Content = Content()
    error: str | None = field(default=None, name="_error")  # Chrome


class Timings(Struct, frozen=True):
    """Milliseconds; -1 or missing where unknown."""

    send: float | None = -1
    wait: float | None = -1
    receive: float | None = -1


class FrameAside(Struct, frozen=True):
    """Of a message of ours what HAR has no word for."""

    at: int
    cut: Cut | None = None
    encoding: str = ""


class Frame(Struct, frozen=True):
    """A message of a WebSocket: ``time`` in seconds since the epoch; binary is base64."""

    type: str
    time: float
    opcode: float
    data: str
    aside: FrameAside | None = field(default=None, name="_meshdev")


class Entry(Struct, frozen=True):
    """A call."""

    startedDateTime: str  # noqa: N815 -- HAR's word
    request: HarRequest
    response: HarResponse = HarResponse()
    time: float | None = 0
    timings: Timings | None = None
    frames: list[Frame] = field(default_factory=list, name="_webSocketMessages")
    aside: Aside | UnsetType = field(default=UNSET, name="_meshdev")


class Log(Struct, frozen=True):
    """The entries."""

    entries: list[Entry]
    comment: str | None = ""


class Archive(Struct, frozen=True):
    """The file."""

    log: Log
