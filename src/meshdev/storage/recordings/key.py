"""The key by which placeholders are made: one a project, so that the same secret looks the same in all its recordings.

It lies beside the daemon's own state and never in a recording: whoever has a recording alone cannot try out which
secret a placeholder stands for.
"""

import os
import secrets
from pathlib import Path

from meshdev.errors import StorageError

_BYTES = 32


def redaction_key(path: Path) -> bytes:
    """The key in ``path``, made at the first time. Raises StorageError."""
    try:
        known = path.read_bytes()
        if len(known) >= _BYTES:
            return known
    except FileNotFoundError:
        pass
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error
    made = secrets.token_bytes(_BYTES)
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(made)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error
    return made
