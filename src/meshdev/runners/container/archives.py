"""Files of this machine as a tar for a container. Blocking."""

import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from meshdev.runners.container.starting import Archive


class Wants(Protocol):
    """Which files and folders are meant."""

    def wants(self, path: str) -> bool:
        """Whether this file is."""
        ...

    def descends(self, folder: str) -> bool:
        """Whether something in this folder may be."""
        ...


def archive_of(files: Mapping[str, Path], owner: tuple[int, int] = (0, 0)) -> Archive:
    """``files`` by their absolute place in the container; those that have gone meanwhile are left out."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for target, file in sorted(files.items()):
            try:
                info = tar.gettarinfo(str(file), target.lstrip("/"))
                info.uid, info.gid = owner
                info.uname = info.gname = ""
                if info.isreg():
                    with file.open("rb") as opened:
                        info.size = os.fstat(opened.fileno()).st_size
                        tar.addfile(info, opened)
                else:
                    tar.addfile(info)
            except OSError:
                continue
    return Archive("/", content.getvalue())


def below(folder: Path, wants: Wants) -> list[Path]:
    """Every wanted file below ``folder``."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if wants.descends(f"{place}/{name}")]
        found += [Path(place, name) for name in names if wants.wants(f"{place}/{name}")]
    return found
