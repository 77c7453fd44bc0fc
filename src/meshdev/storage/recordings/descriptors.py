"""What calls are made of, beside a recording's journal: ``descriptors/SERVICE/ENDPOINT.binpb``.

The files are what `protoc --descriptor_set_out` writes and other tools read (``grpcurl -protoset``).
"""

from pathlib import Path
from typing import Final

from meshdev.errors import StorageError
from meshdev.recording.model import Descriptors

FOLDER: Final = "descriptors"
SUFFIX: Final = ".binpb"


def save_descriptors(recording: Path, callee: str, endpoint: str, data: bytes) -> None:
    """Write one set. Raises StorageError."""
    path = recording / FOLDER / callee / f"{endpoint}{SUFFIX}"
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}", hint="is there space left?") from error


def descriptors_of(recording: Path) -> tuple[Descriptors, ...]:
    """All sets of a recording. Raises StorageError."""
    found = []
    for path in sorted((recording / FOLDER).glob(f"*/*{SUFFIX}")):
        try:
            found.append(Descriptors(path.parent.name, path.stem, path.read_bytes()))
        except OSError as error:
            raise StorageError(f"cannot read {path}: {error.strerror}") from error
    return tuple(found)
