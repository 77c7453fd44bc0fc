"""Files that say what a service's gRPC is made of: ``.proto`` files, and sets of descriptors that `protoc` has written.

Rules: ``*`` stands for any name, ``**`` for any folders · what is in front of the first of them, or the folder of a
file, is where its imports are looked for · each pattern must find something.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from meshdev.topology.scope import Scope

SOURCE = ".proto"


class Found(NamedTuple):
    """Files, and the folder where what they import is."""

    folder: Path
    files: tuple[Path, ...]


def found(pattern: Path) -> Found:
    """The files that ``pattern`` means."""
    parts = pattern.parts
    first = next((at for at, part in enumerate(parts) if "*" in part), None)
    if first is None:
        return Found(pattern.parent, (pattern,) if pattern.is_file() else ())
    folder = Path(*parts[:first])
    return Found(folder, tuple(sorted(one for one in folder.glob("/".join(parts[first:])) if one.is_file())))


def protos_of(scope: "Scope", written: tuple[str, ...]) -> tuple[Path, ...]:
    """The patterns from the node's folder; complains of those that mean nothing."""
    patterns = tuple(scope.folder(text) for text in written)
    for index, (text, pattern) in enumerate(zip(written, patterns, strict=True)):
        if not found(pattern).files:
            scope.complain(("protos", index), f'there is no file "{text}"', 'such as "protos/**/*.proto"')
    return patterns
