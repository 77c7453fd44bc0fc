"""The scalars of a JSON text, where they stand and under which name, without building anything.

Tolerant: it follows what is there and stops where it no longer understands (a body that was cut, a depth beyond
`DEEPEST`); the rest is then free text for the caller. Texts are bytes as latin-1 characters, so a string's UTF-8 stays
UTF-8. Linear: no token is read twice.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

DEEPEST: Final = 100

_TOKEN: Final = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+("|\Z)|[{}\[\],:]|[^\s{}\[\],:"]++', re.DOTALL | re.ASCII
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|(.))", re.DOTALL)
_SHORT: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_TO_ESCAPE: Final = re.compile(r'["\\\x00-\x1f]')
_ESCAPED: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}


@dataclass(slots=True)
class Frame:
    """An object or array on the way to the scalar: the raw key or the index that is being read in it."""

    array: bool
    key: str = ""
    index: int = 0
    marked: bool = False


@dataclass(slots=True)
class Scalar:
    """``raw`` is the text without quotes; it stands at ``start`` to ``end``; ``name`` is the nearest key, raw.

    ``marked`` when it stands below a name that the caller marks.
    """

    start: int
    end: int
    raw: str
    string: bool
    key: bool
    name: str
    marked: bool


@dataclass(slots=True)
class Walk:
    """One pass over a text; ``stopped`` is where it ended, the text's length when all was understood.

    ``marks`` tells the names below which everything is to be marked.
    """

    text: str
    marks: Callable[[str], bool] = lambda _name: False
    frames: list[Frame] = field(default_factory=list)
    stopped: int = 0

    def pointer(self) -> str:
        """The JSON pointer (RFC 6901) of the scalar that was given last."""
        parts = (str(frame.index) if frame.array else unescape(frame.key) for frame in self.frames)
        return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)

    def _scalar(self, start: int, end: int, name: str, *, string: bool, key: bool) -> Scalar:
        marked = bool(self.frames) and self.frames[-1].marked
        return Scalar(start, end, self.text[start:end], string=string, key=key, name=name, marked=marked)

    def _open(self, name: str, *, array: bool) -> None:
        marked = (bool(self.frames) and self.frames[-1].marked) or (bool(name) and self.marks(name))
        self.frames.append(Frame(array, key=name if array else "", marked=marked))

    def _next(self) -> bool:
        """After a comma: count on in an array; whether a key is to follow."""
        frame = self.frames[-1] if self.frames else None
        if frame is not None and frame.array:
            frame.index += 1
        return frame is not None and not frame.array

    def scalars(self) -> Iterator[Scalar]:
        """Keys and values in the order in which they stand."""
        text, frames = self.text, self.frames
        wants_key = False
        name = ""
        for token in _TOKEN.finditer(text):
            start, end = token.span()
            character = text[start]
            if wants_key and character not in '"}':
                return
            if character == '"':
                if not token[1]:
                    return
                closed = end - 1
                raw = text[start + 1 : closed]
                yield self._scalar(start + 1, closed, name, string=True, key=wants_key)
                if wants_key:
                    name = frames[-1].key = raw
                    wants_key = False
            elif character in "{[":
                if len(frames) >= DEEPEST:
                    return
                self._open(name, array=character == "[")
                wants_key = character == "{"
            elif character in "}]":
                if not frames or frames.pop().array is not (character == "]"):
                    return
                wants_key = False
                name = frames[-1].key if frames else ""
            elif character == ",":
                wants_key = self._next()
            elif character != ":":
                yield self._scalar(start, end, name, string=False, key=False)
            self.stopped = end
        self.stopped = len(text)


def _utf8(code: int) -> str:
    return chr(code).encode("utf-8", "surrogatepass").decode("latin-1")


def _unescaped(found: re.Match[str]) -> str:
    first, second, short = found.groups()
    if first is None:
        return _SHORT.get(short, short)
    code = int(first, 16)
    if second is None:
        return _utf8(code)
    low = int(second, 16)
    if 0xD800 <= code < 0xDC00:  # noqa: PLR2004
        return _utf8(0x10000 + ((code - 0xD800) << 10) + low - 0xDC00)
    return _utf8(code) + _utf8(low)


def unescape(raw: str) -> str:
    """What a string means, as UTF-8 in latin-1 characters."""
    return _ESCAPE.sub(_unescaped, raw) if "\\" in raw else raw


def escape(text: str) -> str:
    """The other way round, as short as JSON allows."""
    return _TO_ESCAPE.sub(lambda found: _ESCAPED.get(found[0]) or f"\\u{ord(found[0]):04x}", text)
