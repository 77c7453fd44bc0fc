"""``python -m benchmarks recording [--rounds N] [--only overhead,replay] [--tools meshdev,vcrpy] [--write]``."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.mesh.proxies.base import OTHER_CORE
from benchmarks.recording import page, tables, tools
from benchmarks.recording.tables.base import say
from benchmarks.tools.binary_peers import CACHE

RESULTS: Final = CACHE / "results"
PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
ROUNDS: Final = 5


def main(argv: Sequence[str]) -> int:
    """Measure, print the tables, keep the results."""
    arguments = _arguments(argv)
    chosen = [one for one in tables.ALL if one.name in (arguments.only or [one.name])]
    if not arguments.render:
        os.sched_setaffinity(0, {OTHER_CORE})
        taking_part = [one for one in tools.ALL if one.name in (arguments.tools or [one.name])]
        for source in dict.fromkeys(one.source for one in chosen):
            table = next(one for one in chosen if one.source == source)
            say(f"{source}, load average {os.getloadavg()[0]:.1f}")
            table.measure(taking_part, min(arguments.rounds, table.rounds)).save(RESULTS)
    for table in chosen:
        results = report.load(RESULTS, table.source)
        if results is not None:
            print(page.table(table, results))
    if arguments.write:
        page.put_in(PAGE, part())
        print(f"written: {PAGE}")
    return 0


def part() -> str:
    """What belongs into docs/benchmarks.md, from the last results."""
    return page.section(RESULTS)


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    def names(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks recording", description="recorders beside each other"
    )
    known = ", ".join(one.name for one in tables.ALL)
    parser.add_argument("--only", type=names, default=[], metavar="A,B", help=f"these tables only: {known}")
    parser.add_argument("--tools", type=names, default=[], metavar="A,B", help="these recorders only")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"of each, at most ({ROUNDS})")
    parser.add_argument("--write", action="store_true", help="write the part of docs/benchmarks.md")
    parser.add_argument("--render", action="store_true", help="measure nothing, use the last results")
    arguments = parser.parse_args(argv)
    unknown = set(arguments.only) - {one.name for one in tables.ALL}
    unknown |= set(arguments.tools) - {one.name for one in tools.ALL}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return arguments
