"""The harness itself, with the smallest tool there is: a shell that starts services in the background."""

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from benchmarks.__main__ import measure
from benchmarks.case import Case, compiled, opened
from benchmarks.processes import alive, cost, eventually
from benchmarks.scenarios.base import Figures, Metric, Scenario, started, stopped
from benchmarks.tools.base import Tool, Unfit

from benchmarks import report

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler"),
]


class Shell(Tool):
    """Starts everything, and ends without a word to anybody."""

    name = "shell"

    def version(self) -> str:
        """Of no interest."""
        return "1"

    def configure(self, case: Case) -> None:
        """Nothing to write."""

    def command(self, case: Case) -> Sequence[str]:
        """In the foreground, as honcho does."""
        return ["sh", "-c", "".join(f"{shlex.join(one.argv)} & " for one in case.services) + "wait"]


class Tiny(Scenario):
    """Two services, started and stopped."""

    group: ClassVar = "test"
    name: ClassVar = "tiny"
    title: ClassVar = "Tiny"
    about: ClassVar = "Two services."
    metrics: ClassVar = (Metric("ready", "ready"), Metric("left", "left"), Metric("own", "own processes"))
    rounds: ClassVar = 1

    def run(self, tool: Tool, binary: Path) -> Figures:
        """Count."""
        if tool.name == "absent":
            raise Unfit("is not here")
        with opened(binary, 2, ("serve",)) as case:
            running = started(tool, case)
            ready, own = len(case.observer.said("ready")), len(case.tool())
            assert cost(case.tool()).pss > 0
            stopped(tool, case, running)
            left = len(case.running())
        return {"ready": float(ready), "left": float(left), "own": float(own)}


class Absent(Shell):
    """Cannot take part."""

    name = "absent"


def test_a_round(tmp_path: Path) -> None:
    """What a tool leaves behind is counted, then cleared away; who cannot take part is named in the table."""
    results = measure(Tiny(), [Shell(), Absent()], compiled(tmp_path), 1)
    assert results.figures == {"shell": [{"ready": 2.0, "left": 2.0, "own": 1.0}]}
    results.save(tmp_path)
    again = report.load(tmp_path, "tiny")
    assert again is not None
    table = report.table(Tiny(), again)
    assert "| shell | 2 | 2 | 1 |" in table
    assert "absent (is not here)" in table


def test_nothing_outlives_a_case(tmp_path: Path) -> None:
    """Stubborn grandchildren of a tool that is still running are gone, too."""
    with opened(compiled(tmp_path), 1, ("stubborn",)) as case:
        running = started(Shell(), case)
        assert case.observer.listen(5.0, lambda: len(case.observer.said("child")) == 1)
        pids = [running.process.pid, *(word.pid for word in case.observer.words)]
        assert all(map(alive, pids))
    running.process.wait()
    assert eventually(lambda: not any(map(alive, pids)), 5.0)
    assert not case.folder.exists()


def test_flood_is_whole(tmp_path: Path) -> None:
    """The service writes every line that it promises."""
    with opened(compiled(tmp_path), 1, ("flood", "1000", "1")) as case:
        running = started(Shell(), case)
        os.kill(case.observer.said("ready")[0].pid, 10)
        assert case.observer.listen(20.0, lambda: bool(case.observer.said("done")))
        lines = (case.folder / "out.log").read_text().splitlines()
    running.process.wait()
    assert [int(line.split()[2]) for line in lines if line.startswith("flood")] == list(range(1000))
