"""Recording's part of docs/benchmarks.md: tables with medians, ranges and ratios to ours."""

# ruff: noqa: RUF001 -- dashes and times signs are typography here
import os
import statistics
from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.recording import tables
from benchmarks.recording.tables.base import Column, Table
from benchmarks.report import OURS, Results
from benchmarks.summary import shown

BEGIN: Final = "# Recording\n"
FOLLOWS: Final = "# The mesh beside other proxies\n"
_PREFACE: Final = Path(__file__).with_name("preface.md")


def section(folder: Path) -> str:
    """The part, of all results that are kept in ``folder``; empty when there are none."""
    parts = [(one, found) for one in tables.ALL if (found := report.load(folder, one.source)) is not None]
    if not parts:
        return ""
    versions = {name: version for _, results in parts for name, version in results.versions.items()}
    told = ", ".join(f"{name} {version}" for name, version in versions.items())
    preface = _PREFACE.read_text("utf-8").format(machine=report.machine(), versions=told)
    return "\n".join([BEGIN, preface, *(table(one, results) for one, results in parts)])


def put_in(page: Path, part: str) -> None:
    """Replace the part in a page; it stands before the mesh's."""
    head, _, mesh = page.read_text("utf-8").partition(FOLLOWS)
    head = head.partition(BEGIN)[0].rstrip()
    page.write_text(f"{head}\n\n{part}\n" + (FOLLOWS + mesh if mesh else ""), "utf-8")


def table(one: Table, results: Results) -> str:
    """One Markdown table; ratios are medians of the rounds' ratios, each within its round."""
    names = [name for name in results.figures if any(_has(results, name, column) for column in one.columns)]
    rows = [
        [f"**{name}**" if name == OURS else name, *(_cell(results, name, column) for column in one.columns)]
        for name in names
    ]
    head = ["", *(column.title for column in one.columns)]
    lines = [f"## {one.title}", "", one.about, ""]
    lines += ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]
    found = [results.summary(name, one.columns[0].key) for name in names]
    rounds = max((summary.count for summary in found if summary is not None), default=0)
    how = f"{rounds} round{'s' if rounds > 1 else ''}, {results.when}, load average at the end {results.load:.1f}"
    lines += ["", f"{how} on {os.cpu_count()} cores."]
    if results.notes:
        lines += [
            "",
            "Left out: " + "; ".join(f"{name} ({why})" for name, why in results.notes.items()) + ".",
        ]
    return "\n".join(lines) + "\n"


def ratio(results: Results, name: str, key: str) -> float | None:
    """How many times ours: the median over the rounds that have both."""
    pairs = zip(results.figures.get(name, []), results.figures.get(OURS, []), strict=False)
    found = [one[key] / ours[key] for one, ours in pairs if key in one and ours.get(key, 0.0) > 0.0]
    return statistics.median(found) if found else None


def _has(results: Results, name: str, column: Column) -> bool:
    return results.summary(name, column.key) is not None


def _cell(results: Results, name: str, column: Column) -> str:
    summary = results.summary(name, column.key)
    if summary is None:
        return "–"
    text = shown(summary.median)
    if summary.least != summary.most:
        text += f" ({shown(summary.least)}–{shown(summary.most)})"
    times = ratio(results, name, column.key)
    if column.times and name != OURS and times is not None:
        text += f" ×{shown(round(times, 2))}"
    return text
