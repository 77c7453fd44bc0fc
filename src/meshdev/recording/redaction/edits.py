"""Replacing parts of a text while knowing where everything else has gone.

Offsets into the text (where the pieces of an answer began, where a stream's window is cut) move along. One that pointed
into a replaced part points as far into what replaced it, at most to its end.
"""

from collections.abc import Sequence

from meshdev.recording.redaction.kinds import Edit


def substitute(text: str, edits: Sequence[Edit], offsets: list[int] | None = None) -> str:
    """The text after these edits, which are in order and do not overlap; ``offsets`` (ascending) are moved in place."""
    made: list[str] = []
    at = 0
    for start, end, new in edits:
        made += (text[at:start], new)
        at = end
    made.append(text[at:])
    if offsets:
        _move(edits, offsets)
    return "".join(made)


def _move(edits: Sequence[Edit], offsets: list[int]) -> None:
    shift, which = 0, 0
    for place, offset in enumerate(offsets):
        while which < len(edits) and edits[which][1] <= offset:
            start, end, new = edits[which]
            shift += len(new) - (end - start)
            which += 1
        if which < len(edits) and edits[which][0] < offset:
            start, _, new = edits[which]
            offsets[place] = start + shift + min(offset - start, len(new))
        else:
            offsets[place] = offset + shift
