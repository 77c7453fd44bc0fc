"""What every codec gets and gives: options in; files, and what could not be said, out."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct, field

from meshdev.recording.formats.noise import volatile_by_shape
from meshdev.recording.model import Exchange, Recording

Volatile: TypeAlias = Callable[[Exchange, str], bool]
"""Whether the value at a place changes from call to call; places are named as in `Exchange.redacted`."""


class Options(Struct, frozen=True, kw_only=True):
    """What a person may decide about an export.

    ``urls`` are base URLs of services (``{"payments": "http://127.0.0.1:9001"}``); ``http://NAME`` for the others.
    """

    volatile: Volatile = volatile_by_shape
    urls: Mapping[str, str] = field(default_factory=dict)


class Written(Struct, frozen=True):
    """The files (relative path: content), and ``notes``: sentences about what this format cannot say."""

    files: Mapping[str, bytes]
    notes: tuple[str, ...] = ()


Writer: TypeAlias = Callable[[Recording, Options], Written]
Reader: TypeAlias = Callable[[Mapping[str, bytes], str], Recording]
