"""What a person's commands cost while fifty processes run."""

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from benchmarks.case import Case, opened
from benchmarks.scenarios.base import Figures, Metric, Scenario, started, stopped
from benchmarks.scenarios.start import COUNT
from benchmarks.tools.base import Tool, Unfit


class Commands(Scenario):
    """CPU of the command alone (user + system, its children too), and the wait for `--wait`."""

    group: ClassVar = "lifecycle"
    name: ClassVar = "commands"
    title: ClassVar = f"Commands beside {COUNT} processes"
    about: ClassVar = (
        "CPU that the command itself takes (not the daemon that answers it). *Start and wait*: a start from nothing "
        "with the tool's own word that everything is ready (`meshdev up --wait`: every port has accepted a connection; "
        "`dekit up --wait`: every process runs)."
    )
    metrics: ClassVar = (
        Metric("help", "`--help`", "ms CPU"),
        Metric("status", "status", "ms CPU"),
        Metric("logs", "logs", "ms CPU"),
        Metric("status_wall", "status", "ms"),
        Metric("wait", "start and wait", "s"),
    )
    rounds: ClassVar = 7

    def run(self, tool: Tool, binary: Path) -> Figures:
        """Each command once."""
        figures: dict[str, float] = {}
        with opened(binary, COUNT, ("serve",)) as case:
            commands = tool.commands(case)
            if not commands:
                raise Unfit("has no commands beside the one that starts it")
            wait = commands.get("wait")
            if wait is not None:
                tool.configure(case)
                figures["wait"], _ = measured(wait, case)
                case.observer.listen(1.0, lambda: len(case.observer.said("ready")) >= COUNT)
            running = started(tool, case)
            for key in ("help", "status", "logs"):
                if key in commands:
                    wall, cpu = measured(commands[key], case)
                    figures[key] = cpu * 1000
                    if key == "status":
                        figures["status_wall"] = wall * 1000
            stopped(tool, case, running)
        return figures


def measured(command: Sequence[str], case: Case) -> tuple[float, float]:
    """Wall seconds and CPU seconds of one command."""
    begin = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=case.folder,
        env=case.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Unfit(f"{' '.join(command)}: exit code {process.returncode}")
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime
