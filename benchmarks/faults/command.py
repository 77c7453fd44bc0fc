"""``python -m benchmarks faults [--only toggling,accuracy,costs] [--times 1000] [--seed 1] [--write]``."""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from benchmarks import report
from benchmarks.faults import accuracy
from benchmarks.faults.system import System, running
from benchmarks.faults.toggling import Toggled, toggle
from benchmarks.tools.binary_peers import CACHE

RESULTS: Final = CACHE / "results" / "faults.json"
PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
BEGIN: Final = "# Faults\n"
FOLLOWS: Final = "# Recording\n"
_PREFACE: Final = Path(__file__).with_name("preface.md")
_PARTS: Final = ("toggling", "accuracy", "costs")
Row = accuracy.Row


def main(argv: Sequence[str]) -> int:
    """Measure, print, keep; with ``--write`` put it into the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks faults", description="how well faults do")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(_PARTS))
    parser.add_argument("--times", type=int, default=1000, help="how often faults are switched (1000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write the part of docs/benchmarks.md")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, running(Path(folder) / "system") as system:
        for part in arguments.only:
            _keep(part, _measured(part, system, Path(folder), arguments))
    print(section())
    if arguments.write:
        put_in(PAGE)
    return 0


def _measured(part: str, system: System, folder: Path, arguments: argparse.Namespace) -> list[Row]:
    if part == "toggling":
        found = asyncio.run(toggle(system, arguments.times, arguments.seed, samples=300))
        return toggled(found)
    if part == "accuracy":
        return [*accuracy.delays(system), *accuracy.rates(system), *accuracy.shares(system)]
    return accuracy.costs(system, folder)


def toggled(found: Toggled) -> list[Row]:
    """What there is to say of a storm."""
    cuts = [1e3 * cut for cut in quantiles(found.switches, n=100)]
    tally = found.tally
    wrong = f"{len(tally.wrong)} wrong" + (f": {tally.wrong[0]}" if tally.wrong else "")
    checked = (
        f"{tally.bytes / 1e6:.0f} MB, {tally.requests} answers ({tally.injected} of them injected): {wrong}"
    )
    rows = [
        (
            f"{len(found.switches)} switches",
            "in force ≤ 100 ms at p99",
            f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms",
        ),
        ("bytes and answers checked", "0 wrong", checked),
    ]
    for name, before, after in zip(("HTTP", "TCP"), found.before, found.after, strict=True):
        told = f"{median(after) * 1e6:.0f} µs"
        rows.append((f"{name}: median round trip afterwards", f"{median(before) * 1e6:.0f} µs before", told))
    return rows


def section() -> str:
    """The part of the page, of all results that are kept; empty when there are none."""
    kept = _kept()
    if not kept:
        return ""
    lines = [BEGIN, _PREFACE.read_text("utf-8").format(machine=report.machine())]
    for part in _PARTS:
        if part in kept:
            one = kept[part]
            rows = [("", "asked" if part != "costs" else "", "measured"), ("---",) * 3, *one["rows"]]
            lines += ["| " + " | ".join(row) + " |" for row in rows]
            lines += [
                "",
                f"{one['when']}, load average at the end {one['load']:.1f} on {os.cpu_count()} cores.",
                "",
            ]
    return "\n".join(lines)


def put_in(page: Path) -> None:
    """Replace the part in the page; it stands before that of recording."""
    text = page.read_text("utf-8")
    head, _, mesh = text.partition(FOLLOWS)
    head = head.partition(BEGIN)[0].rstrip()
    page.write_text(f"{head}\n\n{section()}\n" + (FOLLOWS + mesh if mesh else ""), "utf-8")


def _keep(part: str, rows: list[Row]) -> None:
    kept = _kept()
    kept[part] = {"rows": rows, "when": time.strftime("%Y-%m-%d"), "load": os.getloadavg()[0]}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(kept, indent=1), "utf-8")


def _kept() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    return found
