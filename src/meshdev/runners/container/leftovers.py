"""The note of where a run has its containers, and clearing up by it where no daemon has done so."""

from contextlib import suppress

from meshdev.kernel.project import ProjectPaths
from meshdev.runners.container.address import DEFAULT
from meshdev.runners.container.sweep import remove_left


def note_engine(paths: ProjectPaths, address: str) -> None:
    """From now on something may be left at ``address``."""
    with suppress(OSError):
        paths.engine_file.write_text(address, "utf-8")


def forget_engine(paths: ProjectPaths) -> None:
    """Nothing is left."""
    paths.engine_file.unlink(missing_ok=True)


def clear_left(paths: ProjectPaths, *, volumes: bool = False, address: str = "") -> list[str]:
    """Remove what is left of this project; says what was done, and what could not be."""
    noted = ""
    with suppress(OSError):
        noted = paths.engine_file.read_text("utf-8").strip()
    if not noted and not volumes:
        return []
    done = remove_left(noted or address or DEFAULT, paths.key, grace=0.5, volumes=volumes)
    said = [f"removed {done}"] if str(done) else []
    if done.trouble:
        return [*said, f"what an earlier run left in the engine cannot be removed: {done.trouble}"]
    forget_engine(paths)
    return said
