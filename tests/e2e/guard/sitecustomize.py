"""Makes meshdev's own processes fail at a blocking call in their event loop: for PYTHONPATH, beside tests/.

Each process that is guarded leaves a file in ``$GUARDED``, named by its pid.
"""

import os
import sys
from pathlib import Path

if any(word in {"meshdev.daemon.guardian", "meshdev.mesh.worker"} for word in sys.orig_argv):
    from support_blocking import guard

    guard().activate()
    os.register_at_fork(after_in_child=lambda: Path(os.environ["GUARDED"], str(os.getpid())).touch())
    Path(os.environ["GUARDED"], str(os.getpid())).touch()
