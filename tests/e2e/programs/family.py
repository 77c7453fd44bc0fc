"""A bad family: a leader that ends on SIGTERM, a grandchild that ignores it, one that left its session.

``family.py KIND…`` with any of ``stubborn``, ``setsid``, ``daemon`` (double fork, scrubbed environment), ``leader``
(ignores SIGTERM itself), ``crash`` (the leader ends at once with exit code 3). Every member writes its pid into $PIDS.
"""

import os
import signal
import sys
import time
from pathlib import Path

PIDS = os.environ["PIDS"]


def enlist(role: str) -> None:
    """Write down who is here; the name appears only when the file is whole."""
    path = f"{PIDS}/{role}-{os.getpid()}"
    part = Path(f"{path}.part")
    part.write_text(str(os.getpid()), "ascii")
    part.rename(path)


def linger(role: str) -> None:
    """Ignore what can be ignored, for a long time."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    enlist(role)
    while True:
        time.sleep(600)


if sys.argv[1:] == ["scrubbed"]:
    linger("scrubbed")
for kind in sys.argv[1:]:
    if kind == "leader":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    elif kind == "crash":
        continue
    elif os.fork() == 0:
        if kind == "setsid":
            os.setsid()
        if kind == "daemon":
            os.setsid()
            if os.fork():
                os._exit(0)
            os.execve(sys.executable, [sys.executable, __file__, "scrubbed"], {"PIDS": PIDS})
        linger(kind)
enlist("leader")
print("family is up", flush=True)
if "crash" in sys.argv:
    sys.exit(3)
while True:
    time.sleep(600)
