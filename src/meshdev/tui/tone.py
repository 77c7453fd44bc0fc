"""What a piece of text means, apart from its colour: the theme gives each tone its colour, shape goes with it."""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """A meaning that the themes colour; never the only carrier of it (`states` adds a shape and a word)."""

    TEXT = "text"
    STRONG = "strong"
    MUTED = "muted"
    FAINT = "faint"
    TITLE = "title"
    OK = "ok"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"
    ALERT = "alert"
    ACCENT = "accent"
    KEY = "key"
    MATCH = "match"
    HERE = "here"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one tone."""

    text: str
    tone: Tone = Tone.TEXT
