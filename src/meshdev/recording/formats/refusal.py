"""Foreign files read with types: what does not fit is a RecordingError that names the file and the place in it."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from meshdev.errors import RecordingError, Where

T = TypeVar("T")
_BOM = b"\xef\xbb\xbf"


def refused(file: str, what: str, *, line: int = 0, hint: str = "") -> RecordingError:
    """An error to be raised."""
    return RecordingError(what, hint=hint, where=Where(file, line))


def json_as(data: bytes, kind: type[T], file: str) -> T:
    """JSON of this shape; a byte order mark in front is tolerated."""
    try:
        return msgspec.json.decode(data.removeprefix(_BOM), type=kind)
    except msgspec.ValidationError as error:
        raise refused(file, str(error)) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise refused(file, f"not JSON: {error}") from error


def as_kind(value: object, kind: type[T], file: str) -> T:
    """A value that was read already, in this shape."""
    try:
        return msgspec.convert(value, kind, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        raise refused(file, str(error)) from error


def only(files: Mapping[str, bytes], what: str) -> tuple[str, bytes]:
    """The single file that an import was given."""
    if len(files) != 1:
        found = ", ".join(sorted(files)[:5]) or "nothing"
        raise RecordingError(f"{what} is one file, and not {len(files)}: {found}")
    name, data = next(iter(files.items()))
    return name, data
