"""JSON: fields by name at any depth, all other strings as texts of their own; nothing else is touched.

Key order, whitespace and the spelling of what is not secret stay as they were. Numbers under telling names become
numbers. What the walk does not understand is scanned as text.
"""

import re
from typing import Final

from meshdev.recording.redaction.edits import substitute
from meshdev.recording.redaction.json_walk import Scalar, Walk, escape, unescape
from meshdev.recording.redaction.kinds import Context, Edit
from meshdev.recording.redaction.scanner import Scanner

MOST_PLACES: Final = 50

_INTEGER: Final = re.compile(r"-?[0-9]{3,40}\Z")
_LONG_DIGITS: Final = 13
_CONTEXT: Final = 200


def looks_like_json(text: str) -> bool:
    """Whether it begins as an object, an array or a string."""
    return text[:64].lstrip("\xef\xbb\xbf \t\r\n")[:1] in {"{", "[", '"'}


class JsonFields:
    """One pass over one text."""

    def __init__(self, text: str, scanner: Scanner, context: Context) -> None:
        self._text = text
        self._scanner = scanner
        self._context = context
        self._unseen: list[str] | None = None
        self.places: list[str] = []

    def redacted(self, offsets: list[int] | None = None) -> str:
        """The text without secrets; ``places`` are then the pointers of the placeholders.

        Strings under names that say nothing are asked about all at once, and looked at one by one only when that
        finds something.
        """
        moved = list(offsets or ())
        unseen: list[str] = []
        self._unseen = (
            None if self._scanner.users else unseen
        )  # a user's pattern may ask for a text's beginning
        made = self._pass(moved)
        if unseen and self._scanner.suspects("\n".join(unseen).encode("latin-1", "replace")):
            self._unseen = None
            self.places = []
            moved = list(offsets or ())
            made = self._pass(moved)
        if offsets:
            offsets[:] = moved
        return made

    def _look(self, value: str) -> str:
        if self._unseen is None:
            return self._scanner.look(value)
        self._unseen.append(value)
        return value

    def _pass(self, offsets: list[int] | None) -> str:
        names = self._context.names
        walk = Walk(self._text, lambda name: names.container(unescape(name)))
        edits: list[Edit] = []
        for scalar in walk.scalars():
            edit = self._edit(scalar, walk)
            if edit is not None:
                edits.append(edit)
        stopped = walk.stopped
        edits = [edit for edit in edits if edit[1] <= stopped]
        made = substitute(self._text, edits, offsets) if edits else self._text
        if stopped == len(self._text):
            return made
        return self._tail(made, stopped + len(made) - len(self._text), offsets)

    def _tail(self, text: str, stopped: int, offsets: list[int] | None) -> str:
        """What is behind the point where the walk stopped is text; a little before it says under which name."""
        begin = max(0, stopped - _CONTEXT)
        rest = text[begin:]
        behind = [offset - begin for offset in offsets or () if offset >= begin]
        new = self._scanner.scan(rest, behind)
        if new == rest:
            return text
        self._note("")
        if offsets and behind:
            offsets[-len(behind) :] = [offset + begin for offset in behind]
        return text[:begin] + new

    def _note(self, pointer: str) -> None:
        if len(self.places) < MOST_PLACES:
            self.places.append(pointer)
        elif len(self.places) == MOST_PLACES:
            self.places.append("")

    def _edit(self, scalar: Scalar, walk: Walk) -> Edit | None:
        names = self._context.names
        if not scalar.string:
            return self._number(scalar, walk)
        if not scalar.raw:
            return None
        value = unescape(scalar.raw)
        if scalar.key:
            new = self._look(value) if len(value) >= _LONG_DIGITS else value
        else:
            name = unescape(scalar.name)
            if names.kept(name):
                return None
            if names.field(name) or (scalar.marked and not names.benign(name)):
                new = self._context.mint.value(value)
                self._note(walk.pointer())
            else:
                new = self._look(value)
                if new != value:
                    self._note(walk.pointer())
        return (scalar.start, scalar.end, escape(new)) if new != value else None

    def _number(self, scalar: Scalar, walk: Walk) -> Edit | None:
        raw, names = scalar.raw, self._context.names
        if not _INTEGER.match(raw):
            return None
        name = unescape(scalar.name)
        if names.kept(name):
            return None
        bare = raw.lstrip("-")
        if names.number(name) or (scalar.marked and not names.benign(name) and len(bare) >= 6):  # noqa: PLR2004
            new = self._context.mint.value(bare)
            self._note(walk.pointer())
        elif len(bare) >= _LONG_DIGITS:
            new = self._scanner.look(bare)
            if new != bare:
                self._note(walk.pointer())
        else:
            return None
        return (scalar.end - len(bare), scalar.end, new) if new != bare else None
