"""What this folder and this terminal offer and lack."""

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from meshdev.cli import options
from meshdev.cli.diagnosis import Finding, disk, fail, ok, warn
from meshdev.client.project import Presence, Project, knock
from meshdev.errors import MeshdevError

_COLUMNS, _LINES = 80, 24
_KNOCK = 0.2


def terminal() -> Finding:
    """Whether the dashboard can be drawn, and how well."""
    term = os.environ.get("TERM", "")
    if not sys.stdout.isatty() or not sys.stdin.isatty():
        return ok("terminal", "none: `up` prints interleaved lines")
    size = shutil.get_terminal_size()
    true = os.environ.get("COLORTERM", "") in ("truecolor", "24bit")
    found = f"TERM={term or '(unset)'}, {size.columns}x{size.lines}, {'true colour' if true else '256 colours at most'}"
    if term in ("", "dumb"):
        return warn(
            "terminal", found, "no dashboard: `up` prints interleaved lines", "export TERM=xterm-256color"
        )
    if size.columns < _COLUMNS or size.lines < _LINES:
        return warn("terminal", found, "the dashboard is cut off", f"make it {_COLUMNS}x{_LINES} or larger")
    if not true:
        return warn(
            "terminal", found, "colours are rounded", "export COLORTERM=truecolor, if the terminal can"
        )
    return ok("terminal", found)


def encoding() -> Finding:
    """Whether the terminal shows more than ASCII."""
    found = getattr(sys.stdout, "encoding", None) or "unknown"
    if found.lower().replace("-", "") != "utf8":
        return warn("encoding", found, "marks and frames are drawn in ASCII", "export LC_ALL=C.UTF-8")
    return ok("encoding", found)


def project_findings() -> list[Finding]:
    """The project here: can its state be written, does a daemon run, is something stale."""
    try:
        project = options.here()
    except MeshdevError as error:
        return [warn("project", error.message, "nothing to start here", error.hint), disk(Path.cwd())]
    return [
        ok("project", str(project.file)),
        state_dir(project),
        disk(project.root),
        daemon(project),
        others(project),
        *authority(project),
    ]


def state_dir(project: Project) -> Finding:
    """Whether logs, lock and ports can be kept."""
    folder = project.paths.state_dir
    writable = os.access(folder if folder.exists() else project.root, os.W_OK | os.X_OK)
    if not writable:
        return fail(
            "state",
            f"{folder} cannot be written",
            "no logs, no lock: nothing can start",
            f"chown it: {folder}",
        )
    return ok("state", str(folder))


def daemon(project: Project) -> Finding:
    """Who runs here."""
    holder = project.holder()
    who = f"pid {holder.pid}" if holder else "pid unknown"
    match project.presence():
        case Presence.ABSENT:
            return ok("daemon", "none runs here")
        case Presence.ALIVE:
            return ok("daemon", f"runs ({who})")
        case Presence.STALE:
            return warn(
                "daemon", f"ended without tidying up ({who})", "processes may be left", "meshdev down"
            )
        case Presence.MUTE:
            return warn(
                "daemon", f"does not answer ({who})", "commands have nobody to talk to", "meshdev down"
            )
        case Presence.FOREIGN:
            return fail(
                "daemon", f"another user's ({who})", "nothing can start here", "use a copy of your own"
            )


def authority(project: Project) -> Iterator[Finding]:
    """The project's own certificate authority, if it has one: who must trust it by hand, who could read its key."""
    folder = project.paths.tls_dir
    certificate, key = folder / "ca.pem", folder / "ca.key"
    try:
        content = certificate.read_bytes()
        readable = stat.S_IMODE(key.stat().st_mode) & 0o077
    except OSError:
        return
    try:
        from meshdev.identity.authority import outlook

        told = f", until {outlook(content).ends:%Y-%m-%d}"
    except ImportError:
        lost, way = "edges with TLS cannot start", "pip install 'meshdev[tls]'"
        yield fail("certificates", "the package cryptography is missing", lost, way)
        return
    except ValueError:
        told = ", which is none: the next start makes another"
    if readable:
        lost = "who can read it can pretend to be any of your services"
        yield warn("certificates", f"{key} can be read by others", lost, f"chmod 600 {key}")
    else:
        yield ok("certificates", f"{certificate}{told} (browsers and Java have to be told to trust it)")


def others(project: Project) -> Finding:
    """Daemons of other projects, and sockets that dead ones have left."""
    alive, stale = 0, []
    try:
        folders = list(project.paths.runtime_dir.parent.iterdir())
    except OSError:
        folders = []
    for path in (folder / "control.sock" for folder in folders if folder != project.paths.runtime_dir):
        try:
            knock(path, timeout=_KNOCK).close()
            alive += 1
        except ConnectionRefusedError:
            stale.append(path)
        except OSError:
            continue
    found = f"{alive} running"
    if stale:
        names = " ".join(map(str, stale))
        return warn(
            "other projects",
            f"{found}, {len(stale)} stale sockets",
            "nothing: each is replaced by its project's next daemon",
            f"rm {names}",
        )
    return ok("other projects", found)
