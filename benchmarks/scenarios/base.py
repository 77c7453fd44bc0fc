"""What a scenario is: figures with names and units, and one run of one tool that measures them."""

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from benchmarks.case import Case
from benchmarks.processes import eventually
from benchmarks.tools.base import START_SECONDS, Started, Tool, Unfit

Figures = Mapping[str, float]
"""By the metric's key. A key that is missing: this tool has no such thing."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One column. Less is better, unless ``share`` says that it is a part of 100 %."""

    key: str
    title: str
    unit: str = ""
    share: bool = False


class Scenario(abc.ABC):
    """One table."""

    group: ClassVar[str]
    name: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str]
    metrics: ClassVar[tuple[Metric, ...]]
    rounds: ClassVar[int]  # at most: what counts survivors needs no seven

    @abc.abstractmethod
    def run(self, tool: Tool, binary: Path) -> Figures:
        """Measure once; raises Unfit for a tool that cannot take part."""


def started(tool: Tool, case: Case, *, terminal: bool = False) -> Started:
    """Configured, started, and every service ready; raises Unfit when that fails."""
    tool.configure(case)
    running = tool.start(case, terminal=terminal)
    count = len(case.services)
    if not case.observer.listen(START_SECONDS, lambda: len(case.observer.said("ready")) >= count):
        raise Unfit(f"only {len(case.observer.said('ready'))} of {count} services became ready")
    if tool.detached and not terminal:
        running.process.wait(START_SECONDS)
    return running


def stopped(tool: Tool, case: Case, running: Started) -> None:
    """Stop in order; what is left is the case's to clear away."""
    tool.stop(case, running)
    eventually(lambda: tool.ended(case, running), 8.0)
    if running.terminal is not None:
        running.terminal.close()
    if running.process.poll() is None:
        running.process.kill()
    running.process.wait()
