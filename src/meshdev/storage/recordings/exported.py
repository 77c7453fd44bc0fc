"""Files of another format on the disk: what they are called, and how they are written."""

from collections.abc import Mapping
from pathlib import Path

from meshdev.errors import StorageError, UsageError
from meshdev.recording.formats.registry import Format


def file_name(name: str, known: Format) -> str:
    """What the export of the recording ``name`` is called; pytest finds files by their names."""
    plain = f"{name}{'-' + known.name if known.suffix == '/' else known.suffix}"
    return f"test_{plain.replace('-', '_')}" if known.name == "pytest" else plain


def write_export(files: Mapping[str, bytes], target: Path, *, folder: bool, force: bool = False) -> None:
    """Write one file, or those of a folder. Raises UsageError when something is there already, StorageError."""
    if target.exists() and not force:
        raise UsageError(f"{target} is there already", hint="--force writes over it, -o names another place")
    try:
        if not folder:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(next(iter(files.values())))
            return
        for name, content in files.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(content)
    except OSError as error:
        raise StorageError(f"cannot write {error.filename or target}: {error.strerror}") from error
