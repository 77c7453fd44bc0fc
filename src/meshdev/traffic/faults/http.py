"""What faults do to one HTTP request: each adds its part to a `Plan`, in the order in which they were created.

The plan's order: the request waits (all delays together) → it is answered at once, if a fault answers it (the first
that does) → else it goes on with its head edited, and what comes back is edited piece by piece.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from meshdev.traffic.faults.match import Request
from meshdev.traffic.faults.settings import Settings

if TYPE_CHECKING:
    from meshdev.traffic.faults.draws import Draws
    from meshdev.traffic.faults.link import Link

Fields = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in place of the callee's; ``body`` None is the mesh's own problem document, which names the fault."""

    status: int
    body: bytes | None = None
    fields: tuple[tuple[str, str], ...] = ()
    reason: str = ""


class StreamReset(NamedTuple):
    """A stream's end before its time: the error of HTTP/2, and how many seconds after the request."""

    error: int
    after: float


class Message:
    """A message's head to be edited: its first line, and its fields in order."""

    __slots__ = ("fields", "line")

    def __init__(self, raw: bytes) -> None:
        first, _, rest = raw.partition(b"\r\n")
        self.line = first.decode("latin-1")
        lines = rest.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines if line)
        self.fields: Fields = [(name, value.strip(" \t")) for name, _, value in pairs]

    def get(self, name: str) -> str:
        """The first value of that name, or nothing."""
        return next((value for known, value in self.fields if known.lower() == name.lower()), "")

    def remove(self, name: str) -> None:
        """Without fields of that name."""
        self.fields = [pair for pair in self.fields if pair[0].lower() != name.lower()]

    def set(self, name: str, value: str) -> None:
        """With one field of that name."""
        self.remove(name)
        self.fields.append((name, value))

    def encode(self) -> bytes:
        """The head as it goes out."""
        lines = [self.line, *(f"{name}: {value}" for name, value in self.fields)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


class Edit:
    """What one fault does to a response; the base does nothing.

    ``whole`` asks for the body in one piece, if it is small enough for that. ``resizes`` tells that the body may get
    another length, so that its framing must be made anew.
    """

    __slots__ = ()
    whole = False
    resizes = False

    def head(self, message: Message, length: int | None) -> None:
        """The head is here; ``length`` is the body's, if it is known."""

    def body(self, data: bytes) -> bytes:
        """A piece of the body, without framing."""
        return data

    def breaks_off(self) -> bool:
        """Whether the connection closes after the piece that was given last."""
        return False

    def end(self) -> None:
        """The body is complete."""


_CUTTING = frozenset({"timeout", "reset", "refuse", "limit-data", "truncate"})


@dataclass(slots=True)
class Plan:
    """What is done to one request; ``hits`` are the faults (`FaultSpec.key`) that have a part in it.

    ``apart`` asks for the pieces of the response's body one by one. ``reset`` is for a stream of HTTP/2.
    """

    delay: float = 0.0
    answer: Answer | None = None
    answered_by: str = ""
    reset: StreamReset | None = None
    apart: bool = False
    request_edits: list[Edit] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    upstream: "list[tuple[str, Link]]" = field(default_factory=list)
    downstream: "list[tuple[str, Link]]" = field(default_factory=list)
    hits: list[str] = field(default_factory=list)

    @property
    def stays_here(self) -> bool:
        """Whether the request does not go on to its callee at once, or not at all."""
        return self.answer is not None or self.delay > 0.0

    def cutters(self) -> str:
        """Who may have cut a connection that neither end did: usually one fault."""
        return ", ".join([hit for hit in self.hits if hit.rpartition("/")[2] in _CUTTING] or self.hits)


class HttpFault:
    """One fault on one HTTP edge; made once, so that it may remember."""

    __slots__ = ("settings",)

    def __init__(self, settings: Settings, _: "Draws") -> None:
        self.settings = settings

    def percentage(self, request: Request, most: float) -> float:
        """Of how many such requests it hits one that fits; ``most`` is what its spec says."""
        del request
        return most

    def means(self, request: Request) -> bool:
        """Whether it is for such requests at all; the others are not counted."""
        del request
        return True

    def apply(self, plan: Plan, request: Request, draws: "Draws", now: float) -> None:
        """Add to ``plan`` for a request that is hit; ``draws`` are the request's own."""
        raise NotImplementedError


def fields_of(table: Mapping[str, str], *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Headers of a table; those of ``more`` that it has not."""
    given = {name.lower() for name in table}
    return (*table.items(), *(pair for pair in more if pair[0].lower() not in given))


def content_type(body: str) -> str:
    """What a body that somebody typed probably is."""
    return "application/json" if body.lstrip()[:1] in ("{", "[") else "text/plain; charset=utf-8"


def listed(text: str) -> Sequence[str]:
    """Names with commas between."""
    return [name for part in text.split(",") if (name := part.strip())]
