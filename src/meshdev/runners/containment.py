"""What this machine offers for keeping processes together, in words for `doctor`."""

import os
import sys

from meshdev.runners.limits import LimitKeeper
from meshdev.runners.mark import MARKS_WORK
from meshdev.runners.spawn import death_signal_wrapper


def describe_containment() -> dict[str, str]:
    """``strays``, ``orphans``, ``daemon and guardian killed``, ``signals``, ``limits.memory``, ``limits.cpus``."""
    return {
        "strays": "known by an inherited mark (RLIMIT_LOCKS), whatever session, parent or environment they take"
        if MARKS_WORK
        else "known by session and environment; one that leaves both is found when the daemon ends, as a child",
        "orphans": "become children of the daemon, then of the guardian (child subreaper)"
        if sys.platform == "linux"
        else "become children of init; found by a sweep (no child subreaper on this system)",
        "daemon and guardian killed": "leaders get SIGTERM (setpriv --pdeathsig), the next command sweeps"
        if death_signal_wrapper()
        else "the next command sweeps (no setpriv with --pdeathsig here)",
        "signals": "sent to exactly one process (pidfd)"
        if hasattr(os, "pidfd_open")
        else "sent by pid after a look at its start time",
        **LimitKeeper("").describe(),
    }
