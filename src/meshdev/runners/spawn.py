"""Start one process: own session, marked, no stdin, descriptors closed, and a clear reason when it cannot be.

Rules: never a fork of the daemon's memory. `subprocess` takes vfork as long as no ``preexec_fn`` is asked for (0.1 ms
of the daemon instead of 1.4 ms, and safe beside threads). What a ``preexec_fn`` would do is done otherwise: the mark
is inherited (`mark`), limits are set from outside (`limits`), and the parent-death signal is set by ``setpriv`` of
util-linux where there is one; it replaces itself by the program. A spawn must happen in the main thread, since the
parent-death signal follows the thread. The pid is the caller's to reap (`reaper`): no `Popen` object stays behind.
"""

import contextlib
import errno
import functools
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from meshdev.errors import ServiceError
from meshdev.runners.mark import Marked
from meshdev.runners.namespaces import Within

_SHEBANG_MOST = 256


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    mark: int,
    stdout: int,
    stderr: int,
    dies_with_parent: bool = True,
    within: Within | None = None,
) -> int:
    """Start ``argv`` and return its pid, ``within`` namespaces of its own if it shall have some.

    Raises ServiceError with a reason that a person can act on.
    """
    program = find_program(argv[0], env=env, cwd=cwd)
    if within is not None:
        wrapper = tuple(within.prefix(dies_with_parent=dies_with_parent))
    else:
        wrapper = death_signal_wrapper() if dies_with_parent else ()
    try:
        with Marked(mark):
            process = subprocess.Popen(
                [*wrapper, program, *argv[1:]] if wrapper else list(argv),
                executable=None if wrapper else program,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=cwd,
                env=env,
                start_new_session=True,
                pass_fds=within.descriptors if within is not None else (),
            )
    except OSError as error:
        raise ServiceError(f"cannot start {argv[0]}: {error.strerror}", hint=_hint(error)) from error
    except ValueError as error:  # an embedded null byte
        raise ServiceError(
            f"cannot start {argv[0]!r}: {error}", hint="look at its command and environment"
        ) from error
    _give_users_files(process.pid)
    process.returncode = 0  # disowned: the reaper waits for the pid, and Popen must neither poll it nor warn
    return process.pid


class _OpenFiles:
    """How many descriptors this process could have before `raise_open_files`."""

    before: tuple[int, int] | None = None


def raise_open_files(most: int = 65_536) -> None:
    """Let this process have as many descriptors as it may; what it starts keeps what the user had set."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most if hard == resource.RLIM_INFINITY else min(hard, most)
    if sys.platform == "linux" and 0 <= soft < wanted:
        _OpenFiles.before = _OpenFiles.before or (soft, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _give_users_files(pid: int) -> None:
    # From outside, since a lower limit of our own could fail the spawn; the program has hardly been loaded yet.
    if sys.platform == "linux" and _OpenFiles.before is not None:
        with contextlib.suppress(OSError):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, _OpenFiles.before)


def find_program(name: str, *, env: Mapping[str, str], cwd: Path) -> str:
    """What exec will start for ``name``, as exec's own rules have it. Raises ServiceError when it cannot."""
    if not cwd.is_dir():
        what = "is not a directory" if cwd.exists() else "does not exist"
        raise ServiceError(f"working_dir {cwd} {what}", hint="create it, or correct working_dir")
    if not os.access(cwd, os.X_OK):
        raise ServiceError(f"working_dir {cwd}: permission denied", hint="it must be enterable (chmod +x)")
    if "/" in name:
        path = cwd / name
        if not path.exists():
            raise ServiceError(
                f"command not found: {name} (looked in {cwd})", hint="correct `command`, or build it first"
            )
        _must_be_runnable(path, name, env)
        return name
    found = shutil.which(name, path=_absolute_search(env.get("PATH", os.defpath), cwd))
    if found is None:
        message = f"command not found: {name}"
        raise ServiceError(message, hint="install it, or correct `command`; `meshdev env` shows the PATH")
    _must_be_runnable(Path(found), name, env)
    return found


def _must_be_runnable(path: Path, name: str, env: Mapping[str, str]) -> None:
    if path.is_dir():
        raise ServiceError(f"cannot start {name}: it is a directory", hint="correct `command`")
    if not os.access(path, os.X_OK):
        raise ServiceError(f"cannot start {name}: permission denied", hint=f"chmod +x {path}")
    try:
        with path.open("rb") as file:
            head = file.read(_SHEBANG_MOST)
    except OSError:
        return  # executable but not readable: exec will tell
    if head.startswith(b"#!"):
        line = head.split(b"\n", 1)[0]
        if line.endswith(b"\r"):
            message = f"cannot start {name}: its first line ends in a carriage return"
            raise ServiceError(message, hint="save it with Unix line ends")
        words = line[2:].decode(errors="replace").split()
        _must_have_interpreter(words, name, env)


def _must_have_interpreter(words: list[str], name: str, env: Mapping[str, str]) -> None:
    """A shebang that leads nowhere makes exec say "no such file" of a file that is there; say what is missing."""
    interpreter = words[0] if words else ""
    if words and "/" in interpreter and not Path(interpreter).exists():
        missing = interpreter
    elif len(words) > 1 and interpreter.endswith("/env") and not words[1].startswith("-"):
        missing = "" if shutil.which(words[1], path=env.get("PATH", os.defpath)) else words[1]
    else:
        missing = ""
    if missing:
        message = f"cannot start {name}: its interpreter {missing!r} (first line of the file) does not exist"
        raise ServiceError(message, hint="install the interpreter, or correct the first line")


def _absolute_search(path: str, cwd: Path) -> str:
    """PATH as the child will see it: its relative folders count from the child's directory."""
    return os.pathsep.join(str(cwd / folder) for folder in path.split(os.pathsep))


def _hint(error: OSError) -> str:
    match error.errno:
        case errno.ENOEXEC:
            return "it is no program of this machine; a script needs a first line such as #!/bin/sh"
        case errno.EMFILE | errno.ENFILE:
            return "too many open files: raise `ulimit -n`"
        case errno.EAGAIN | errno.ENOMEM:
            return "the machine has no room for another process: look at `ulimit -u` and free memory"
        case errno.E2BIG:
            return "its arguments and environment are too large together"
        case errno.ETXTBSY:
            return "the file is still being written; it is tried again"
        case _:
            return "look at its command and working_dir"


@functools.cache
def death_signal_wrapper() -> tuple[str, ...]:
    """The argv prefix that makes the kernel send SIGTERM when this process dies; empty where there is none."""
    found = shutil.which("setpriv") if sys.platform == "linux" else None
    if found is None:
        return ()
    prefix = (found, "--pdeathsig", signal.SIGTERM.name.removeprefix("SIG"), "--")
    true = shutil.which("true")
    if true is None:
        return ()
    tried = subprocess.run([*prefix, true], check=False, stdin=subprocess.DEVNULL, capture_output=True)
    return prefix if tried.returncode == 0 else ()
