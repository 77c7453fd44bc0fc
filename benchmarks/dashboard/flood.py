"""A million lines while somebody looks."""

import signal
import time
from pathlib import Path
from typing import ClassVar

from benchmarks.case import opened, signal_all
from benchmarks.dashboard.faces import face_of, ready, seated
from benchmarks.processes import cost
from benchmarks.scenarios.base import Figures, Metric, Scenario
from benchmarks.tools.base import Tool

_QUIET = 2.0


class _Watched(Scenario):
    """Services that print numbered lines of 100 bytes at a rate, with the tool's screen in a terminal."""

    group: ClassVar = "dashboard"
    count: ClassVar[int]
    rate: ClassVar[int]
    seconds: ClassVar[int]
    metrics: ClassVar = (
        Metric("cpu", "CPU", "s"),
        Metric("cpu_all", "CPU, all", "s"),
        Metric("took", "took", "s"),
        Metric("memory", "memory", "MB"),
        Metric("memory_all", "memory, all", "MB"),
    )

    def run(self, tool: Tool, binary: Path) -> Figures:
        """One flood."""
        face = face_of(tool)
        mode = ("flood", str(self.rate), str(self.seconds))
        with opened(binary, self.count, mode) as case, seated(tool, case) as seat:
            ready(case, seat)
            time.sleep(_QUIET)
            if face.all_logs:
                seat.press(face.all_logs)
                time.sleep(_QUIET)
            group = case.tool()
            before, all_before = cost([seat.pid]), cost(group)
            begin = time.monotonic()
            signal_all([word.pid for word in case.observer.said("ready")], signal.SIGUSR1)
            case.observer.listen(self.seconds + 60, lambda: len(case.observer.said("done")) >= self.count)
            took = max((word.at for word in case.observer.said("done")), default=time.monotonic()) - begin
            time.sleep(_QUIET)
            after, all_after = cost([seat.pid]), cost(group)
            return {
                "cpu": after.cpu - before.cpu,
                "cpu_all": all_after.cpu - all_before.cpu,
                "took": took,
                "memory": after.pss / 1e6,
                "memory_all": all_after.pss / 1e6,
            }


class Million(_Watched):
    """See the module."""

    name: ClassVar = "million"
    count: ClassVar = 5
    rate: ClassVar = 10_000
    seconds: ClassVar = 20
    title: ClassVar = "At a terminal: a million log lines"
    about: ClassVar = (
        "5 services print 10,000 lines/s each for 20 s. meshdev shows the Logs screen, where the lines of all services "
        "run together; mprocs and dekit show one service at a time, which is theirs to begin with. *CPU*: of the "
        "program at the terminal until 2 s after the last line; *all*: with the tool's other processes. *Took*: more "
        "than 20 s means that the services were held up. *Memory*: PSS afterwards. Every tool also keeps log files. "
        "Aim: 120 MB."
    )
    rounds: ClassVar = 5


class Torrent(_Watched):
    """See the module."""

    name: ClassVar = "torrent"
    count: ClassVar = 10
    rate: ClassVar = 10_000
    seconds: ClassVar = 10
    title: ClassVar = "At a terminal: 100,000 lines/s"
    about: ClassVar = (
        "As above, with 10 services for 10 s: 10 s of CPU are one core; *took* more than 10 s means held up."
    )
    rounds: ClassVar = 5
