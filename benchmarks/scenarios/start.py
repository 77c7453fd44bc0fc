"""Fifty processes: how soon they are all ready, what watching them costs, how soon they are all gone."""

import time
from pathlib import Path
from typing import ClassVar

from benchmarks import processes
from benchmarks.case import opened
from benchmarks.processes import cost, eventually
from benchmarks.scenarios.base import Figures, Metric, Scenario, started, stopped
from benchmarks.tools.base import Tool

COUNT = 50
IDLE_SECONDS = 10.0
_SETTLE_SECONDS = 2.0
_MEGABYTE = 1e6


class Start50(Scenario):
    """From the command to the last service's own word; from the stop to the last process's end."""

    group: ClassVar = "lifecycle"
    name: ClassVar = "start50"
    title: ClassVar = f"{COUNT} processes"
    about: ClassVar = (
        "*Ready*: from the start of the command until the last service, by its own clock, listened and had printed its "
        "line. *Gone*: from the order to stop until no process of a service or the tool is left. *Memory*: PSS of all "
        f"of the tool's own processes. *Idle*: CPU of the tool over {IDLE_SECONDS:g} s in which nothing happens, in "
        "percent of a core (meshdev asks each port once a second; the peers ask nobody)."
    )
    metrics: ClassVar = (
        Metric("ready", "ready", "s"),
        Metric("gone", "gone", "s"),
        Metric("memory", "memory", "MB"),
        Metric("start_cpu", "CPU until ready + 2 s", "s"),
        Metric("idle", "idle", "%"),
    )
    rounds: ClassVar = 7

    def run(self, tool: Tool, binary: Path) -> Figures:
        """One start, a pause, one stop."""
        with opened(binary, COUNT, ("serve",)) as case:
            begin = time.monotonic()
            running = started(tool, case)
            ready = max(word.at for word in case.observer.said("ready")) - begin
            time.sleep(_SETTLE_SECONDS)
            group = case.tool()
            before = cost(group)
            time.sleep(IDLE_SECONDS)
            after = cost(group)
            everybody = case.running()
            begin = time.monotonic()
            tool.stop(case, running)
            eventually(lambda: not any(map(processes.alive, everybody)), 30.0, 0.005)
            tool.wait_ended(case, running, 30.0)
            gone = time.monotonic() - begin
            stopped(tool, case, running)
        return {
            "ready": ready,
            "gone": gone,
            "memory": after.pss / _MEGABYTE,
            "start_cpu": before.cpu,
            "idle": (after.cpu - before.cpu) / IDLE_SECONDS * 100,
        }
