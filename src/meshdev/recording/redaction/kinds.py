"""What a kind of secret is that is known by how it looks, or by the words in front of it, in any text.

One kind, one file; all of them stand in `catalogue`. A kind finds its secrets with one regex that is linear on any
input and says what each becomes; all else (what to do about placeholders, offsets, known values) is the scanner's.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from meshdev.recording.redaction.mint import Mint
from meshdev.recording.redaction.names import Names

Edit = tuple[int, int, str]
"""Characters from, to (not included), and what stands there afterwards."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a kind may ask for: placeholders, and what names mean."""

    mint: Mint
    names: Names


@dataclass(frozen=True, slots=True)
class Kind:
    """``hints``: without one of these (small letters) in the text there is none of this kind; none: always look.

    ``replace`` gives None for what only looked like one. ``prose`` for kinds that go by names and would be wrong in
    program text, where ``token=e.token`` is no secret.
    """

    name: str
    finds: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    replace: Callable[[re.Match[str], Context], Edit | None]
    prose: bool = False


def whole(make: Callable[[Mint, str], str]) -> Callable[[re.Match[str], Context], Edit]:
    """For kinds where all that was found is the secret."""

    def replace(found: re.Match[str], context: Context) -> Edit:
        return found.start(), found.end(), make(context.mint, found[0])

    return replace


def group(found: re.Match[str], which: int, new: str) -> Edit:
    """The edit of one group."""
    return found.start(which), found.end(which), new
