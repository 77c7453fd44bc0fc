"""How long a process has waited for a core."""

import os
import subprocess
import sys

import pytest

from meshdev.mesh.run_queue import RunQueue
from support_product import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells it on Linux only")


def test_who_shares_a_core_waits_for_it() -> None:
    """Two that want all of one core wait for each other; who sleeps waits for nothing."""
    core = min(os.sched_getaffinity(0))
    burn = f"import os; os.sched_setaffinity(0, {{{core}}})\nwhile True: pass"
    hungry = [subprocess.Popen([sys.executable, "-S", "-c", burn]) for _ in range(2)]
    try:
        queue = RunQueue(hungry[0].pid)
        waited = 0.0

        def starved() -> bool:
            nonlocal waited
            waited += queue.look()
            return waited > 0.2

        eventually(starved)
    finally:
        for one in hungry:
            one.kill()
            one.wait()


def test_nothing_is_known_of_who_is_gone() -> None:
    """And no wait is told."""
    assert RunQueue(2**22 + 1).look() == 0.0
