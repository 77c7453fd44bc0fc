"""Which namespaces a process may have here, asked by trying: hosts files of its own, or a library in their place.

Root mounts directly; anybody else needs a user namespace for that, which some systems refuse.
"""

import functools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_SHIM = str(Path(__file__).with_name("within.py"))
_SECONDS = 10.0
_SAID = "here"
_LIBRARIES = ("libnss_wrapper.so", "libnss_wrapper.so.0")
_PLACES = ("usr/lib/*-linux-*", "usr/lib64", "usr/lib", "usr/local/lib")
_REFUSALS = {
    "/proc/sys/kernel/unprivileged_userns_clone": ("0", "sudo sysctl kernel.unprivileged_userns_clone=1"),
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    "/proc/sys/user/max_user_namespaces": ("0", "sudo sysctl user.max_user_namespaces=10000"),
}
WAY_OUT = "run meshdev as root, or let users have namespaces"


@dataclass(frozen=True, slots=True)
class Within:
    """What a program sees of its own: the ``hosts`` file, and the namespaces behind two descriptors.

    Without ``user`` a user namespace is made for the program if ``new_user`` says so.
    """

    hosts: Path
    new_user: bool = False
    user: int | None = None
    net: int | None = None

    def prefix(self, *, dies_with_parent: bool) -> list[str]:
        """The argv before the program's own."""
        options = ["--new-user"] if self.new_user else []
        options += ["--user-fd", str(self.user)] if self.user is not None else []
        options += ["--net-fd", str(self.net)] if self.net is not None else []
        options += ["--dies-with-parent"] if dies_with_parent else []
        return [sys.executable, "-I", "-S", _SHIM, *options, str(self.hosts), "--"]

    @property
    def descriptors(self) -> tuple[int, ...]:
        """Those that the program's start needs."""
        return tuple(fd for fd in (self.user, self.net) if fd is not None)


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether a process can have a hosts file of its own here, by a user namespace or not, and else why not."""

    possible: bool
    new_user: bool = False
    reason: str = ""
    way_out: str = ""


@functools.cache
def own_hosts_offer() -> Offer:
    """Try it: directly, then in a user namespace. Blocks for some 50 ms, once."""
    if sys.platform != "linux":
        return Offer(
            possible=False, reason="there are no mount namespaces on this system", way_out="use Linux"
        )
    reason = ""
    for new_user in (False, True) if os.geteuid() == 0 else (True,):
        reason = _tried(Within(Path("/etc/hosts"), new_user))
        if not reason:
            return Offer(possible=True, new_user=new_user)
    return Offer(possible=False, reason=reason, way_out=refusal() or WAY_OUT)


@functools.cache
def pod_offer() -> Offer:
    """Whether processes can have networks of their own, by trying to make one. Blocks for some 100 ms, once."""
    if sys.platform != "linux":
        return Offer(
            possible=False, reason="there are no network namespaces on this system", way_out="use Linux"
        )
    reason = _said([sys.executable, "-P", "-m", "meshdev.runners.pods.keeper", "--try"])
    if reason:
        return Offer(possible=False, reason=reason, way_out=refusal() or WAY_OUT)
    return own_hosts_offer()


def _tried(within: Within) -> str:
    """Why it does not work; empty when it does."""
    program = [sys.executable, "-I", "-S", "-c", f"print({_SAID!r})"]
    return _said([*within.prefix(dies_with_parent=False), *program])


def _said(argv: list[str]) -> str:
    """Why a program does not work; empty when it does, and says so."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.stdout.strip() == _SAID:  # not by its exit code, which the daemon's reaper may have taken
        return ""
    said = done.stderr.strip().splitlines()
    return said[-1].removeprefix("meshdev: ") if said else "it ends without a word"


def refusal() -> str:
    """The command by which this system would let users have namespaces; empty when no setting forbids it."""
    for name, (value, command) in _REFUSALS.items():
        try:
            if Path(name).read_text().strip() == value:
                return command
        except OSError:
            continue
    return ""


@functools.cache
def hosts_library() -> str | None:
    """Libnss_wrapper, which shows dynamically linked programs another hosts file; None when it is not here."""
    if sys.platform != "linux":
        return None
    found = (
        path for name in _LIBRARIES for place in _PLACES for path in sorted(Path("/").glob(f"{place}/{name}"))
    )
    return next(map(str, found), None)
