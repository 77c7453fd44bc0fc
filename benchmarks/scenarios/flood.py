"""Five services print 10,000 lines a second each: does every line arrive, and what does it cost?"""

import re
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from benchmarks.case import Case, opened, signal_all
from benchmarks.processes import cost, eventually
from benchmarks.scenarios.base import Figures, Metric, Scenario, started, stopped
from benchmarks.tools.base import Tool

COUNT = 5
RATE = 10_000
SECONDS = 8
_LINE = re.compile(rb"flood (s\d\d) (\d{10}) x+")
_QUIET_SECONDS = 1.0


class Flood(Scenario):
    """Lines are numbered, so a lost one is seen."""

    group: ClassVar = "lifecycle"
    name: ClassVar = "flood"
    title: ClassVar = f"Log flood: {COUNT} services, {RATE:,} lines/s each, for {SECONDS} s"
    about: ClassVar = (
        f"Lines of 100 bytes with sequence numbers, {COUNT * RATE * SECONDS:,} in all. *Kept*: those that are whole in "
        "the tool's log files (honcho: in its output). *CPU*: of the tool, until its files are at rest. *Took*: from "
        f"the start until the last service had written all; more than {SECONDS} s means that the tool held them up. "
        "*Peak*: sum of the highest RSS of its processes."
    )
    metrics: ClassVar = (
        Metric("kept", "kept", "%", share=True),
        Metric("cpu", "CPU", "s"),
        Metric("took", "took", "s"),
        Metric("peak", "peak", "MB"),
    )
    rounds: ClassVar = 7

    def run(self, tool: Tool, binary: Path) -> Figures:
        """One flood."""
        with opened(binary, COUNT, ("flood", str(RATE), str(SECONDS))) as case:
            running = started(tool, case)
            time.sleep(_QUIET_SECONDS)
            group = case.tool()
            before = cost(group)
            begin = time.monotonic()
            signal_all([word.pid for word in case.observer.said("ready")], signal.SIGUSR1)
            case.observer.listen(SECONDS + 30, lambda: len(case.observer.said("done")) >= COUNT)
            done = case.observer.said("done")
            took = max((word.at for word in done), default=time.monotonic()) - begin
            at_rest(tool, case)
            after = cost(group)
            found = kept(path.read_bytes() for path in tool.logs(case) if path.exists())
            stopped(tool, case, running)
        return {
            "kept": 100 * found / (COUNT * RATE * SECONDS),
            "cpu": after.cpu - before.cpu,
            "took": took,
            "peak": after.peak_rss / 1e6,
        }


def kept(contents: Iterable[bytes]) -> int:
    """How many different lines are whole in these files."""
    seen: dict[bytes, set[bytes]] = {}
    for content in contents:
        for name, number in _LINE.findall(content):
            seen.setdefault(name, set()).add(number)
    return sum(map(len, seen.values()))


def at_rest(tool: Tool, case: Case) -> None:
    """Wait until the log files have not grown for a while."""
    last, since = -1, time.monotonic()

    def quiet() -> bool:
        nonlocal last, since
        size = sum(path.stat().st_size for path in tool.logs(case) if path.exists())
        if size != last:
            last, since = size, time.monotonic()
        return time.monotonic() - since > _QUIET_SECONDS

    eventually(quiet, 30.0)
