"""A container's processes as this machine sees them, where the engine runs on it: by its control group."""

from pathlib import Path

_PROC = Path("/proc")
_GROUPS = Path("/sys/fs/cgroup")


def is_of(pid: int, container: str) -> bool:
    """Whether the process ``pid`` of this machine is in the container: a number may mean somebody else here."""
    return bool(pid) and container in _groups(pid)


def members(pid: int, container: str) -> list[int]:
    """All pids of the container whose first process is ``pid``, that one first; none if it is not on this machine."""
    text = _groups(pid) if pid else ""
    if container not in text:
        return []
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        if container not in path:
            continue
        for folder in _folders(controllers):
            try:
                found = [
                    int(word) for word in (folder / path.lstrip("/") / "cgroup.procs").read_text().split()
                ]
            except (OSError, ValueError):
                continue
            return sorted(found, key=lambda one: one != pid)
    return [pid]


def _folders(controllers: str) -> list[Path]:
    if not controllers:
        return [_GROUPS, _GROUPS / "unified"]
    return [_GROUPS / controllers.removeprefix("name="), _GROUPS / controllers.partition(",")[0]]


def _groups(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "cgroup").read_text()
    except OSError:
        return ""
