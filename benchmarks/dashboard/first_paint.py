"""From the command to the first picture, and what looking at a quiet system costs."""

import time
from pathlib import Path
from typing import ClassVar

from benchmarks.case import opened
from benchmarks.dashboard.faces import face_of, ready, seated
from benchmarks.processes import cost, prefer
from benchmarks.scenarios.base import Figures, Metric, Scenario
from benchmarks.tools.base import Tool, Unfit

COUNT = 12
SECONDS = 20
_SETTLE = 5.0
_PATIENCE = 20.0


class FirstPaint(Scenario):
    """Twelve quiet services."""

    group: ClassVar = "dashboard"
    name: ClassVar = "first-paint"
    title: ClassVar = f"At a terminal: first picture, and {COUNT} quiet services"
    about: ClassVar = (
        "*First picture*: from the start of the command (`meshdev up`, nothing of it runs) until the terminal has got "
        "the system's name (mprocs, dekit: a service's), and what CPU the program at the terminal has used by then. "
        f"*Idle*: CPU of that program over {SECONDS} s in which nothing happens, in percent of a core; *all*: with the "
        "tool's other processes. *Memory*: PSS, of that program and of all. dekit's runner was started before. "
        "Aims: 0.8 s, 3 %. What meshdev's first picture waits for is CPU: about 0.1 s for the command line, 0.4 s "
        "for the daemon (Textual and the screens, 0.25 s, are read meanwhile), 0.1 s for the first layout; on a "
        "loaded machine daemon and dashboard also wait for a core. meshdev's modules are compiled, as `make` does it."
    )
    metrics: ClassVar = (
        Metric("first", "first picture", "s"),
        Metric("cpu", "CPU until then", "s"),
        Metric("idle", "idle", "%"),
        Metric("idle_all", "idle, all", "%"),
        Metric("memory", "memory", "MB"),
        Metric("memory_all", "memory, all", "MB"),
    )
    rounds: ClassVar = 7

    def run(self, tool: Tool, binary: Path) -> Figures:
        """One start and one quiet while."""
        face = face_of(tool)
        with opened(binary, COUNT, ("serve",)) as case, seated(tool, case) as seat:
            first, patience = None, time.monotonic() + _PATIENCE
            while first is None and time.monotonic() < patience:
                first = seat.painted(face.shown, 0.1)
                prefer(case.tool())
            cpu = cost([seat.pid]).cpu
            if first is None:
                raise Unfit("its screen never showed what was looked for")
            ready(case, seat)
            time.sleep(_SETTLE)
            before, all_before = cost([seat.pid]), cost(case.tool())
            time.sleep(SECONDS)
            after, all_after = cost([seat.pid]), cost(case.tool())
            return {
                "first": first.at - seat.sat_down,
                "cpu": cpu,
                "idle": 100 * (after.cpu - before.cpu) / SECONDS,
                "idle_all": 100 * (all_after.cpu - all_before.cpu) / SECONDS,
                "memory": after.pss / 1e6,
                "memory_all": all_after.pss / 1e6,
            }
