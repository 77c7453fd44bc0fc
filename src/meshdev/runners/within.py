"""Become a program that sees names of its own: ``python -I -S within.py [OPTION…] HOSTS -- PROGRAM [ARGUMENT…]``.

A shim that replaces itself by the program, so pid, session, mark and descriptors are the program's. In order: into the
user and network namespaces behind the descriptors ``--user-fd N`` and ``--net-fd N``, or into a user namespace of its
own (``--new-user``), where it is the same user; a mount namespace of its own, in which HOSTS lies over ``/etc/hosts``;
the signal for the parent's death (``--dies-with-parent``, set last, since a change of credentials clears it). Whatever
rights that took are lost with the exec, unless the user is root.

What fails is a line on stderr and exit code 126 or 127, as a shell has it. Nothing of meshdev is imported: a launch
waits for this.
"""

import ctypes
import errno
import os
import signal
import sys

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
_MS_BIND = 0x1000
_MS_REC = 0x4000
_MS_SLAVE = 0x80000
_PR_SET_PDEATHSIG = 1
_HOSTS = b"/etc/hosts"
_NOT_FOUND = 127
_NOT_EXECUTABLE = 126


def unshare(flags: int) -> None:
    """Leave the namespaces that ``flags`` name for new ones. Raises OSError."""
    _check(_libc().unshare(flags))


def enter(descriptor: int, flags: int) -> None:
    """Enter the namespace behind ``descriptor``. Raises OSError."""
    _check(_libc().setns(descriptor, flags))


def join(pid: int) -> None:
    """See what ``pid`` sees: be in its namespaces, as far as they are others. Raises OSError."""
    for name, flag in (("user", CLONE_NEWUSER), ("net", CLONE_NEWNET), ("mnt", CLONE_NEWNS)):
        descriptor = os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if os.fstat(descriptor).st_ino != os.stat(f"/proc/self/ns/{name}").st_ino:  # noqa: PTH116 -- light
                enter(descriptor, flag)
        finally:
            os.close(descriptor)


def be_the_same_user(uid: int, gid: int) -> None:
    """In a user namespace that was just made: be who one was outside of it. Raises OSError."""
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123 -- light
            file.write(text)


def own_hosts(hosts: str) -> None:
    """See ``hosts`` in the place of /etc/hosts, in a mount namespace of one's own. Raises OSError."""
    unshare(CLONE_NEWNS)
    libc = _libc()
    _check(libc.mount(b"none", b"/", None, ctypes.c_ulong(_MS_REC | _MS_SLAVE), None))
    _check(libc.mount(os.fsencode(hosts), _HOSTS, None, ctypes.c_ulong(_MS_BIND), None))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _move(options: list[str], hosts: str) -> None:
    uid, gid = os.geteuid(), os.getegid()
    waiting = iter(options)
    dies = False
    for option in waiting:
        match option:
            case "--user-fd":
                enter(int(next(waiting)), CLONE_NEWUSER)
            case "--net-fd":
                enter(int(next(waiting)), CLONE_NEWNET)
            case "--new-user":
                unshare(CLONE_NEWUSER)
                be_the_same_user(uid, gid)
            case _:
                dies = True
    own_hosts(hosts)
    if dies:
        _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _become(argv: list[str]) -> int:
    try:
        os.execv(argv[0], argv)  # noqa: S606 -- no shell in between
    except FileNotFoundError:
        return _give_up(f"{argv[0]}: not found", _NOT_FOUND)
    except OSError as error:
        if error.errno == errno.ENOEXEC:
            os.execv("/bin/sh", ["/bin/sh", *argv])  # noqa: S606 -- a script without a first line, as a shell has it
        return _give_up(f"{argv[0]}: {error.strerror}")


def _give_up(reason: str, code: int = _NOT_EXECUTABLE) -> int:
    sys.stderr.write(f"meshdev: {reason}\n")
    return code


def main(words: list[str]) -> int:
    """See the module."""
    split = words.index("--")
    *options, hosts = words[:split]
    try:
        _move(options, hosts)
    except OSError as error:
        return _give_up(f"no hosts file of its own: {error.strerror}")
    for option in ("--user-fd", "--net-fd"):
        if option in options:
            os.close(int(options[options.index(option) + 1]))
    return _become(words[split + 1 :])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
