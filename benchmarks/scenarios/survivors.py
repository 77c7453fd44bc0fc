"""Who is left: after an orderly stop, after the tool was killed, after the terminal was closed."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from benchmarks.case import Case, opened
from benchmarks.processes import end, eventually
from benchmarks.scenarios.base import Figures, Metric, Scenario, started, stopped
from benchmarks.tools.base import Started, Tool, Unfit

COUNT = 3
WITHIN_SECONDS = 8.0


class Survivors(Scenario):
    """Service processes that still run eight seconds later."""

    group: ClassVar = "lifecycle"
    name: ClassVar = "survivors"
    title: ClassVar = "Survivors"
    about: ClassVar = (
        f"Processes of {COUNT} services that still run {WITHIN_SECONDS:g} s later; 0 is right. *Stubborn*: each "
        "service has a child that ignores SIGTERM; the tool is stopped in order. *Setsid*: the child has a session of "
        "its own. *Killed*: the tool's main process gets SIGKILL. *Killed, stubborn*: the same, with such children. "
        "*Terminal closed*: the tool runs at a terminal which goes away (no figure: the tool is always detached)."
    )
    metrics: ClassVar = (
        Metric("stubborn", "stubborn"),
        Metric("setsid", "setsid"),
        Metric("killed", "killed"),
        Metric("killed_stubborn", "killed, stubborn"),
        Metric("closed", "terminal closed"),
    )
    rounds: ClassVar = 3

    def run(self, tool: Tool, binary: Path) -> Figures:
        """Each way of ending once."""
        if tool.name == "watchfiles":
            raise Unfit("runs one command, and only to restart it")
        figures = {
            "stubborn": _survivors(tool, binary, "stubborn", _stop),
            "setsid": _survivors(tool, binary, "setsid", _stop),
            "killed": _survivors(tool, binary, "serve", _kill),
            "killed_stubborn": _survivors(tool, binary, "stubborn", _kill),
        }
        if not _always_detached(tool):
            figures["closed"] = _survivors(tool, binary, "serve", _close, terminal=True)
        return figures


def _survivors(
    tool: Tool,
    binary: Path,
    mode: str,
    ending: Callable[[Tool, Case, Started], None],
    *,
    terminal: bool = False,
) -> float:
    with opened(binary, COUNT, (mode,)) as case:
        running = started(tool, case, terminal=terminal)
        if mode != "serve":
            case.observer.listen(5.0, lambda: len(case.observer.said("child")) >= COUNT)
        ending(tool, case, running)
        eventually(lambda: not case.running(), WITHIN_SECONDS)
        left = len(case.running())
        if running.process.poll() is None:
            stopped(tool, case, running)
        return float(left)


def _stop(tool: Tool, case: Case, running: Started) -> None:
    tool.stop(case, running)


def _kill(tool: Tool, case: Case, running: Started) -> None:
    end(tool.main_pid(case, running))


def _close(tool: Tool, case: Case, running: Started) -> None:
    _ = tool, case
    if running.terminal is None:
        raise Unfit("has no terminal")
    running.terminal.close()


def _always_detached(tool: Tool) -> bool:
    return tool.detached and type(tool).terminal_command is Tool.terminal_command
