"""Which project a command is about, and whether a daemon runs for it.

A project is the nearest folder, from here upwards, that holds ``meshdev.toml``, else the nearest that holds a Compose
file (with its override, or those that ``COMPOSE_FILE`` names in the shell or in ``.env`` beside them); ``-f FILE`` or
``MESHDEV_FILE`` names the file instead, several of them lie over each other.
The file is not parsed here: most commands need only to know where the daemon's socket is. The lock file says which
socket that is (another terminal may have another XDG_RUNTIME_DIR); nothing that it says is trusted without having
knocked.
"""

import contextlib
import errno
import fcntl
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from meshdev.errors import DaemonError, UsageError
from meshdev.kernel.project import COMPOSE_FILES, COMPOSE_OVERRIDES, ProjectPaths, project_paths

FILE_NAME = "meshdev.toml"
KNOCK_TIMEOUT = 2.0


class Presence(StrEnum):
    """What knocking at the project's socket has shown."""

    ABSENT = "absent"  # nothing runs and nothing is left over
    ALIVE = "alive"  # somebody of ours listens
    MUTE = "mute"  # a daemon holds the lock but nobody listens: it starts, stops or hangs
    STALE = "stale"  # a daemon was here and has ended without tidying up
    FOREIGN = "foreign"  # another user's daemon


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """What ``daemon.lock`` says about who holds it."""

    pid: int
    uid: int = -1
    started: float = 0.0
    run_id: str = ""
    socket: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    """A project as a command sees it: the topology file and the paths that follow from it."""

    file: Path
    paths: ProjectPaths
    overrides: tuple[Path, ...] = ()

    @property
    def root(self) -> Path:
        """The folder that holds the topology file (real path)."""
        return self.paths.root

    @property
    def daemon_log(self) -> Path:
        """What the daemon itself says, tracebacks included."""
        return self.paths.state_dir / "daemon.log"

    def holder(self) -> Holder | None:
        """Who wrote the lock file last; None when nobody did, it is empty, or it cannot be read."""
        try:
            return msgspec.json.decode(self.paths.lock_file.read_bytes(), type=Holder)
        except (OSError, msgspec.MsgspecError):
            return None

    def socket(self) -> Path:
        """The socket that the daemon says it listens on, or the one that the rule gives."""
        holder = self.holder()
        return Path(holder.socket) if holder and holder.socket else self.paths.socket

    def presence(self) -> Presence:
        """Knock at the socket, and look at the lock when nobody opens."""
        holder = self.holder()
        if holder is not None and holder.uid not in (-1, os.getuid()):
            return Presence.FOREIGN if self._locked() else Presence.STALE
        path = self.socket()
        try:
            knock(path, timeout=KNOCK_TIMEOUT).close()
        except PermissionError:
            return Presence.FOREIGN
        except TimeoutError:
            return Presence.MUTE
        except OSError:
            if self._locked():
                return Presence.MUTE
            return Presence.STALE if holder is not None or path.exists() else Presence.ABSENT
        return Presence.ALIVE

    def clear_stale(self) -> list[str]:
        """Remove what a dead daemon left (socket, lock's content); says what. Never touches a live one's."""
        if self.presence() is not Presence.STALE:
            return []
        cleared = []
        path = self.socket()
        with contextlib.suppress(FileNotFoundError, PermissionError):
            path.unlink()
            cleared.append(f"stale socket {path}")
        if self.holder() is not None:
            # Emptied, not removed: whoever waits for the lock may hold this very inode.
            with contextlib.suppress(OSError):
                os.truncate(self.paths.lock_file, 0)
                cleared.append(f"stale lock {self.paths.lock_file}")
        return cleared

    def _locked(self) -> bool:
        try:
            fd = os.open(self.paths.lock_file, os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except PermissionError:
            return True
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
        return False


def find_project(file: str | Sequence[str] | None, *, cwd: Path, environ: Mapping[str, str]) -> Project:
    """The project of ``file``, else of ``MESHDEV_FILE``, else the nearest one from ``cwd`` upwards.

    Several files are Compose files, of which later ones lie over the first. A folder whose file has gone (or has
    another name) still is the project while a daemon's lock says who runs it: what runs must be seen and stopped.
    Raises UsageError when there is none.
    """
    named = [file] if isinstance(file, str) else list(file or ())
    source = "-f" if named else "MESHDEV_FILE"
    named = named or _listed(environ.get("MESHDEV_FILE", ""))
    if named:
        files = [path for name in named for path in _named(cwd / name, source)]
        return _project(files[0], environ, tuple(files[1:]))
    for folder in (cwd, *cwd.parents):
        if (folder / FILE_NAME).is_file():
            return _project((folder / FILE_NAME).resolve(), environ)
    if chosen := environ.get("COMPOSE_FILE", ""):
        return _composed(chosen, cwd, environ, "COMPOSE_FILE")
    for folder in (cwd, *cwd.parents):
        if chosen := _chosen_in(folder, environ):
            return _composed(chosen, folder, environ, f"COMPOSE_FILE in {folder / '.env'}")
        if files := compose_files(folder):
            return _project(files[0].resolve(), environ, tuple(it.resolve() for it in files[1:]))
        project = _project((folder / FILE_NAME).resolve(), environ)
        if project.holder() is not None:
            return project
    message = f"no {FILE_NAME} (and no Compose file) in {cwd} or in any folder above it"
    raise UsageError(message, hint="`meshdev init` writes a first one; `-f FILE` names one elsewhere")


def compose_files(folder: Path) -> list[Path]:
    """The Compose file in ``folder``, and the override that lies over it; nothing when there is none."""
    base = next((folder / name for name in COMPOSE_FILES if (folder / name).is_file()), None)
    over = next((folder / name for name in COMPOSE_OVERRIDES if (folder / name).is_file()), None)
    return [file for file in (base, over if base else None) if file is not None]


def _listed(text: str) -> list[str]:
    """``MESHDEV_FILE``: one file, or several with colons between them."""
    return [name for name in text.split(os.pathsep) if name]


def _composed(chosen: str, folder: Path, environ: Mapping[str, str], source: str) -> Project:
    """Of Compose's own variable: files with ``COMPOSE_PATH_SEPARATOR`` (else a colon) between them."""
    names = filter(None, chosen.split(environ.get("COMPOSE_PATH_SEPARATOR") or os.pathsep))
    files = [path for name in names for path in _named(folder / name, source)]
    return _project(files[0], environ, tuple(files[1:]))


def _chosen_in(folder: Path, environ: Mapping[str, str]) -> str:
    """``COMPOSE_FILE`` of the folder's ``.env``; empty when it says nothing of it."""
    file = folder / ".env"
    try:
        if "COMPOSE_FILE" not in file.read_text("utf-8"):
            return ""
    except (OSError, UnicodeDecodeError):
        return ""
    from meshdev.topology import dotenv  # noqa: PLC0415 -- only for those who have such a file

    entry = dotenv.read(file, environ, form=dotenv.Form.COMPOSE).get("COMPOSE_FILE")
    return entry.value.replace("$$", "$") if entry is not None else ""


def _named(path: Path, source: str) -> list[Path]:
    """The file that was named; of a folder its topology file, or its Compose files."""
    path = path.resolve()
    if path.is_dir():
        if not (path / FILE_NAME).is_file() and (found := compose_files(path)):
            return found
        path = path / FILE_NAME
    if not path.is_file():
        what = "is no regular file" if path.exists() else "no such file"
        raise UsageError(f"{path}: {what}", hint=f"{source} names it; check the path")
    return [path]


def _project(file: Path, environ: Mapping[str, str], overrides: tuple[Path, ...] = ()) -> Project:
    root = file.parent.resolve()
    paths = project_paths(root, uid=os.getuid(), environ=environ)
    return Project(file=file, paths=paths, overrides=overrides)


def knock(path: Path, *, timeout: float) -> socket.socket:
    """Connect to the Unix socket at ``path`` and hand the connection over; raises OSError.

    A socket that another user owns is refused: whoever can write to /tmp could have put it there.
    """
    if os.stat(path).st_uid != os.getuid():  # noqa: PTH116 -- hot path of every command
        raise PermissionError(errno.EACCES, "the socket belongs to another user", str(path))
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect(str(path))
    except BaseException:
        connection.close()
        raise
    return connection


def absence(project: Project) -> DaemonError:
    """The error that says why no daemon answers for ``project``, and what to do about it."""
    presence = project.presence()
    holder = project.holder()
    if presence is Presence.FOREIGN:
        who = f" (uid {holder.uid}, pid {holder.pid})" if holder else ""
        return DaemonError(
            f"the daemon of {project.root} belongs to another user{who}",
            hint="work in a copy of your own, or ask them to run `meshdev down`",
        )
    if presence is Presence.MUTE:
        who = f" (pid {holder.pid})" if holder else ""
        return DaemonError(
            f"the daemon of {project.root}{who} does not answer: it is starting, stopping or hung",
            hint=f"try again in a moment; `meshdev down` ends it whatever it does; its own log: {project.daemon_log}",
        )
    return DaemonError(f"nothing runs for {project.root}", hint="`meshdev up` starts it")
