"""``python -m benchmarks mesh [--rounds N] [--only requests,bulk] [--proxies meshdev,HAProxy] [--write]``."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.mesh import load, page, proxies, tables
from benchmarks.mesh.endurance.command import main as endurance
from benchmarks.mesh.tables.base import say
from benchmarks.tools.base import Unfit
from benchmarks.tools.binary_peers import CACHE

RESULTS: Final = CACHE / "results"
PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
ROUNDS: Final = 7


def main(argv: Sequence[str]) -> int:
    """Measure, print the tables, keep the results."""
    if argv[:1] == ["endurance"]:
        return endurance(argv[1:])
    arguments = _arguments(argv)
    chosen = [one for one in tables.ALL if one.name in (arguments.only or [one.name])]
    if not arguments.render:
        try:
            load.version()
        except Unfit as why:
            say(f"nothing is measured: {why}")
            return 1
        taking_part = [one for one in proxies.ALL if one.name in (arguments.proxies or [one.name])]
        for source in dict.fromkeys(one.source for one in chosen):
            table = next(one for one in chosen if one.source == source)
            say(f"{source}, load average {os.getloadavg()[0]:.1f}")
            table.measure(taking_part, arguments.rounds).save(RESULTS)
    for table in chosen:
        results = report.load(RESULTS, table.source)
        if results is not None:
            print(page.table(table, results))
    if arguments.write:
        page.put_in(PAGE, page.section(RESULTS))
        print(f"written: {PAGE}")
    return 0


def part() -> str:
    """What belongs at the end of docs/benchmarks.md, from the last results."""
    return "\n" + found if (found := page.section(RESULTS)) else ""


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    def names(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks mesh", description="the mesh beside its peers"
    )
    known = ", ".join(one.name for one in tables.ALL)
    parser.add_argument("--only", type=names, default=[], metavar="A,B", help=f"these tables only: {known}")
    parser.add_argument("--proxies", type=names, default=[], metavar="A,B", help="these proxies only")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"of each ({ROUNDS})")
    parser.add_argument(
        "--write", action="store_true", help="write the part of docs/benchmarks.md from the last results"
    )
    parser.add_argument("--render", action="store_true", help="measure nothing, use the last results")
    arguments = parser.parse_args(argv)
    unknown = set(arguments.only) - {one.name for one in tables.ALL}
    unknown |= set(arguments.proxies) - {one.name for one in proxies.ALL}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return arguments
