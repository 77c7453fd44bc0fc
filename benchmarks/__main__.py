"""``python -m benchmarks [lifecycle] [--only start50,flood] [--tools meshdev,honcho] [--rounds N] [--write]``."""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import dashboard, report, scenarios, tools
from benchmarks.case import compiled
from benchmarks.faults import command as faults
from benchmarks.mesh import command as mesh
from benchmarks.processes import prefer
from benchmarks.protocols import command as protocols
from benchmarks.recording import command as recording
from benchmarks.report import Results
from benchmarks.scenarios.base import Scenario
from benchmarks.tls import command as tls
from benchmarks.tools.base import Tool, Unfit
from benchmarks.tools.binary_peers import CACHE, install

_PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
_RESULTS = CACHE / "results"
_PARTS = {
    "mesh": mesh.main,
    "faults": faults.main,
    "protocols": protocols.main,
    "recording": recording.main,
    "tls": tls.main,
}
_ALL = (*scenarios.ALL, *dashboard.ALL)


def main(argv: Sequence[str]) -> int:
    """Measure, print the tables, keep the results."""
    part = _PARTS.get(argv[0]) if argv else None
    if part is not None:
        return part(argv[1:])
    arguments = _arguments(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is cleared away
    chosen = [
        one
        for one in _ALL
        if one.group in (arguments.groups or [one.group]) and one.name in (arguments.only or [one.name])
    ]
    if arguments.realtime:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))  # all that is started inherits it
    if arguments.nice:
        os.setpriority(os.PRIO_PROCESS, 0, -arguments.nice)  # all that is started inherits it
        prefer([os.getpid()])
    if not arguments.render:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            binary = compiled(Path(folder))
            taking_part = _present(arguments.tools)
            for scenario in chosen:
                measure(scenario, taking_part, binary, min(arguments.rounds, scenario.rounds)).save(_RESULTS)
    parts = [(one, found) for one in _ALL if (found := report.load(_RESULTS, one.name)) is not None]
    for scenario, results in parts:
        if scenario in chosen:
            print(report.table(scenario, results))
    if arguments.write:
        _PAGE.write_text(
            report.page(parts)
            + protocols.part()
            + tls.part()
            + "\n"
            + faults.section()
            + "\n"
            + recording.part()
            + mesh.part(),
            "utf-8",
        )
        print(f"written: {_PAGE}")
    return 0


def measure(scenario: Scenario, taking_part: Sequence[Tool], binary: Path, rounds: int) -> Results:
    """All rounds of one scenario; within a round each tool has its turn, each round begins with another one."""
    results = Results(scenario.name)
    for number in range(rounds):
        shift = number % len(taking_part)
        for tool in [*taking_part[shift:], *taking_part[:shift]]:
            if tool.name in results.notes:
                continue
            begin = time.monotonic()
            try:
                figures = scenario.run(tool, binary)
            except Unfit as why:
                results.notes[tool.name] = str(why)
                _say(f"{scenario.name}: {tool.name} left out: {why}")
                continue
            results.add(tool.name, figures)
            results.versions[tool.name] = tool.version()
            told = " ".join(f"{key}={value:.4g}" for key, value in figures.items())
            _say(
                f"{scenario.name} {number + 1}/{rounds} {tool.name}: {told} ({time.monotonic() - begin:.0f} s)"
            )
    results.figures = {
        one.name: results.figures[one.name] for one in taking_part if one.name in results.figures
    }
    return results


def _present(wanted: Sequence[str]) -> list[Tool]:
    trouble = install() if not wanted or {"mprocs", "pm2", "dekit"} & set(wanted) else ""
    if trouble:
        _say(trouble)
    found = []
    for tool in tools.ALL:
        if wanted and tool.name not in wanted:
            continue
        try:
            _say(f"{tool.name} {tool.version()}")
        except Unfit as why:
            _say(f"{tool.name} is left out: {why}")
        else:
            found.append(tool)
    return found


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    def names(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="meshdev beside its peers")
    known = ", ".join(one.name for one in _ALL)
    groups = {one.group for one in _ALL}
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"these only: {', '.join(sorted(groups))}")
    parser.add_argument(
        "--only", type=names, default=[], metavar="A,B", help=f"these scenarios only: {known}"
    )
    parser.add_argument("--tools", type=names, default=[], metavar="A,B", help="these tools only")
    parser.add_argument("--rounds", type=int, default=7, help="at most (7)")
    parser.add_argument(
        "--realtime", action="store_true", help="go before everything else on a shared machine (root)"
    )
    parser.add_argument(
        "--nice",
        type=int,
        default=0,
        metavar="N",
        help="be preferred, by niceness -N, on a shared machine (root)",
    )
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md from all last results")
    parser.add_argument("--render", action="store_true", help="measure nothing, use the last results")
    arguments = parser.parse_args(argv)
    unknown = set(arguments.only) - {one.name for one in _ALL}
    unknown |= set(arguments.groups) - groups
    unknown |= set(arguments.tools) - {one.name for one in tools.ALL}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return arguments


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parents[1])
    sys.exit(main(sys.argv[1:]))
