"""A save and a storm of saves: how soon the new process is ready, and how many there were."""

import statistics
import time
from pathlib import Path
from typing import ClassVar

from benchmarks.case import Case, opened
from benchmarks.scenarios.base import Figures, Metric, Scenario, started, stopped
from benchmarks.tools.base import Tool, Unfit

SAVES = 3
WRITES = 200
STORM_SECONDS = 2.0
_SETTLE_SECONDS = 2.0


class Reload(Scenario):
    """One service, one watched file."""

    group: ClassVar = "lifecycle"
    name: ClassVar = "reload"
    title: ClassVar = "Reload"
    about: ClassVar = (
        "*Save → ready*: from one write of a watched file until the new process says that it is ready (the service "
        "itself needs about 1 ms). *Less quiet*: without the time that the tool waits for further writes (meshdev "
        "300 ms, watchfiles 50 ms, pm2 none). *Restarts*: new processes after "
        f"{WRITES} writes within {STORM_SECONDS:g} s. meshdev starts the new instance beside the old one and switches "
        "over; the others stop the old one first."
    )
    metrics: ClassVar = (
        Metric("latency", "save → ready", "ms"),
        Metric("net", "less quiet", "ms"),
        Metric("restarts", "restarts in a storm"),
    )
    rounds: ClassVar = 7

    def run(self, tool: Tool, binary: Path) -> Figures:
        """Some saves, then a storm."""
        if not tool.watches:
            raise Unfit("does not watch files")
        with opened(binary, 1, ("serve",), watch=True) as case:
            running = started(tool, case)
            time.sleep(_SETTLE_SECONDS)
            latency = statistics.median([_save(case, number) for number in range(SAVES)])
            restarts = _storm(case)
            stopped(tool, case, running)
        return {
            "latency": latency * 1000,
            "net": (latency - tool.quiet) * 1000,
            "restarts": float(restarts),
        }


def _save(case: Case, number: int) -> float:
    before = len(case.observer.said("ready"))
    begin = time.monotonic()
    _write(case, f"save {number}\n")
    if not case.observer.listen(15.0, lambda: len(case.observer.said("ready")) > before):
        raise Unfit("no restart within 15 s of a save")
    latency = case.observer.said("ready")[before].at - begin
    case.observer.listen(_SETTLE_SECONDS)
    return latency


def _storm(case: Case) -> int:
    before = len(case.observer.said("ready"))
    begin = time.monotonic()
    for number in range(WRITES):
        _write(case, f"storm {number}\n")
        time.sleep(max(0.0, begin + (number + 1) * STORM_SECONDS / WRITES - time.monotonic()))
    while case.observer.listen(3.0, _heard_more(case)):
        pass
    return len(case.observer.said("ready")) - before


def _heard_more(case: Case) -> "_More":
    return _More(case)


class _More:
    """Whether something was said since this was made."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._before = len(case.observer.words)

    def __call__(self) -> bool:
        return len(self._case.observer.words) > self._before


def _write(case: Case, text: str) -> None:
    if case.watched is not None:
        case.watched.write_text(text, "utf-8")
