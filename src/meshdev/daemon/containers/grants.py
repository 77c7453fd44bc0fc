"""Files of the host that a container sees, mounted read-only: secrets and configs, and whom it shall trust."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from meshdev.runners.container.trouble import EngineError
from meshdev.topology.container import FileGrant, Mount, MountKind

_MODE = 0o444


def grant_mounts(grants: Iterable[FileGrant], folder: Path) -> tuple[Mount, ...]:
    """A mount for each; contents, and files with an owner or a mode of their own, are written below ``folder``."""
    return tuple(
        Mount(MountKind.BIND, grant.target, str(_file(grant, folder / str(index))), read_only=True)
        for index, grant in enumerate(grants)
    )


def trust_mounts(trust: Mapping[str, str]) -> tuple[Mount, ...]:
    """A mount for each of the files that these variables name (`place_in_container`)."""
    files = dict.fromkeys(trust.values())
    return tuple(Mount(MountKind.BIND, place_in_container(path), path, read_only=True) for path in files)


def place_in_container(path: str) -> str:
    """Where a container finds such a file."""
    return f"/etc/meshdev/{Path(path).name}"


def _file(grant: FileGrant, beside: Path) -> Path:
    if grant.external:
        raise EngineError(
            f"{grant.external} is external, and only a swarm keeps those",
            hint="give it a file, or its content",
        )
    own = grant.uid or grant.gid or grant.mode is not None
    if grant.source is not None:
        if not grant.source.is_file():
            raise EngineError(f"there is no file {grant.source} for {grant.name or grant.target}")
        if not own:
            return grant.source
    content = grant.source.read_bytes() if grant.source is not None else (grant.content or "").encode()
    beside.parent.mkdir(parents=True, exist_ok=True)
    beside.parent.chmod(0o700)
    beside.unlink(missing_ok=True)
    beside.write_bytes(content)
    beside.chmod(_MODE if grant.mode is None else grant.mode)
    with suppress(PermissionError):
        os.chown(beside, int(grant.uid or -1), int(grant.gid or -1))
    return beside
