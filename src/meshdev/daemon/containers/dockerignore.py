"""What ``.dockerignore`` names is not watched either: its patterns as a watch takes them. Pure but for `read`.

Docker's patterns begin at the context, ``.gitignore``'s anywhere; so each is anchored. A watch whose folder is not the
context gets those that mean something there.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from meshdev.topology.container import Container
from meshdev.topology.model import Service, Watch, WatchAction

_OF_IMAGES = frozenset(
    {
        WatchAction.SYNC,
        WatchAction.SYNC_RESTART,
        WatchAction.SYNC_EXEC,
        WatchAction.REBUILD,
        WatchAction.RESTART,
    }
)


def watches_of(service: Service) -> tuple[Watch, ...]:
    """The watches of a service, with what its context's ``.dockerignore`` leaves out."""
    run = service.run
    context = run.build.context if isinstance(run, Container) and run.build is not None else None
    lines = read(context) if context is not None else ()
    if context is None or not lines:
        return service.watch
    return tuple(
        replace(watch, ignore=(*translated(lines, context, watch.base), *watch.ignore))
        if watch.action in _OF_IMAGES
        else watch
        for watch in service.watch
    )


def read(context: Path) -> tuple[str, ...]:
    """The patterns of the context's file; none when there is no such file."""
    try:
        text = (context / ".dockerignore").read_text("utf-8", "replace")
    except OSError:
        return ()
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


def translated(lines: Iterable[str], context: Path, base: Path) -> tuple[str, ...]:
    """Docker's patterns below ``context`` for a watch that begins at ``base``."""
    found = []
    for line in lines:
        negated = "!" if line.startswith("!") else ""
        pattern = str(PurePosixPath(line.removeprefix("!").strip().lstrip("/")))
        placed = _placed(pattern, context, base)
        if placed is not None:
            found.append(f"{negated}/{placed}")
    return tuple(found)


def _placed(pattern: str, context: Path, base: Path) -> str | None:
    if context == base or pattern.startswith("**/"):
        return pattern
    if context.is_relative_to(base):
        return f"{context.relative_to(base).as_posix()}/{pattern}"
    if base.is_relative_to(context):
        below = f"{base.relative_to(context).as_posix()}/"
        return pattern.removeprefix(below) if pattern.startswith(below) else None
    return None
