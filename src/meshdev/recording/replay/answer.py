"""What is sent: a head, the content at once or in pieces, each with its wait; or a conversation after an upgrade."""

from dataclasses import dataclass

from meshdev.recording.matching import Match
from meshdev.recording.model import Exchange, Response
from meshdev.recording.replay.conversation import Conversation


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that are sent ``delay`` seconds after the ones before them."""

    delay: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer made ready for one caller.

    ``response`` has the caller's values in it and is complete: its headers, Content-Length among them when the length
    is known, and its content in ``body.data``. ``delay`` are seconds from the whole request to the first byte.
    ``pieces`` is the same content cut as it came, empty when it came at once. ``broken``: the connection broke off
    after that, and should again. ``response`` is None when there was none; ``error`` says why.
    """

    exchange: Exchange
    match: Match
    response: Response | None
    delay: float = 0.0
    pieces: tuple[Piece, ...] = ()
    conversation: Conversation | None = None
    broken: bool = False
    error: str = ""
