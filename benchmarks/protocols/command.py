"""``python -m benchmarks protocols [--minutes 10] [--rounds 5] [--only amqp,mqtt] [--parts costs,mixed] [--write]``."""

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from benchmarks.mesh.tables.base import say
from benchmarks.protocols import costs, mixed, page
from benchmarks.protocols.cases import CASES, reach_tests
from benchmarks.tools.binary_peers import CACHE

RESULTS: Final = CACHE / "results"
PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
PARTS: Final = ("costs", "mixed")


def main(argv: Sequence[str]) -> int:
    """Measure, print, keep; 1 when the mixed run had an error."""
    arguments = _arguments(argv)
    reach_tests()
    cases = []
    for case in CASES:
        if case.protocol in (arguments.only or [case.protocol]):
            missing = case.missing()
            if missing:
                say(f"{case.protocol} is left out: {missing}")
            else:
                cases.append(case)
    wrong = 0
    if "costs" in arguments.parts:
        costs.measure(cases, arguments.rounds, arguments.seconds).save(RESULTS)
    if "mixed" in arguments.parts:
        found = mixed.run(cases, arguments.minutes)
        wrong = found.errors
        kept = {
            **asdict(found),
            "errors": wrong,
            "minutes": arguments.minutes,
            "when": time.strftime("%Y-%m-%d"),
            "load": os.getloadavg()[0],
        }
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / page.MIXED).write_text(json.dumps(kept, indent=1), "utf-8")
    print(page.section(RESULTS))
    if arguments.write:
        page.put_in(PAGE, page.section(RESULTS))
        print(f"written: {PAGE}")
    return 1 if wrong else 0


def part() -> str:
    """What belongs into docs/benchmarks.md, from the last results."""
    return f"\n{found}" if (found := page.section(RESULTS)) else ""


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    def names(text: str) -> list[str]:
        return text.split(",")

    known = [case.protocol for case in CASES]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks protocols", description="protocols that are read"
    )
    parser.add_argument(
        "--only", type=names, default=[], metavar="A,B", help=f"these only: {', '.join(known)}"
    )
    parser.add_argument("--parts", type=names, default=list(PARTS), metavar="A,B", help=f"{', '.join(PARTS)}")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the mixed run (10)")
    parser.add_argument("--rounds", type=int, default=5, help="of the costs (5)")
    parser.add_argument("--seconds", type=float, default=4.0, help="each time (4)")
    parser.add_argument("--write", action="store_true", help="write the part of docs/benchmarks.md")
    arguments = parser.parse_args(argv)
    unknown = (set(arguments.only) - set(known)) | (set(arguments.parts) - set(PARTS))
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return arguments
