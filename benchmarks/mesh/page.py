"""The mesh's part of docs/benchmarks.md: tables with medians, ranges and ratios to the reference."""

import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.mesh import tables
from benchmarks.mesh.endurance.kept import as_text
from benchmarks.mesh.proxies import REFERENCE
from benchmarks.mesh.tables.base import DIRECT, Column, Table
from benchmarks.report import OURS, Results
from benchmarks.summary import shown

BEGIN: Final = "# The mesh beside other proxies\n"
_LIMITS: Final = (
    "`python -m benchmarks mesh endurance`: one real worker (two for *killed*), each trial bounded in count and time. "
    "Small versions of all of them are among the tests (`tests/mesh/test_endurance.py`)."
)
_PREFACE: Final = Path(__file__).with_name("preface.md")


def section(folder: Path) -> str:
    """The whole part, of all results that are kept in ``folder``; empty when there are none."""
    parts = [(one, found) for one in tables.ALL if (found := report.load(folder, one.source)) is not None]
    if not parts:
        return ""
    versions = {name: version for _, results in parts for name, version in results.versions.items()}
    told = ", ".join(f"{name} {version}" for name, version in versions.items())
    preface = _PREFACE.read_text("utf-8").format(machine=report.machine(), versions=told, reference=REFERENCE)
    tried = as_text(folder)
    limits = [f"## At its limits\n\n{_LIMITS}\n\n{tried}"] if tried else []
    return "\n".join([BEGIN, preface, *(table(one, results) for one, results in parts), *limits])


def put_in(page: Path, part: str) -> None:
    """Replace the part in a page, or add it at the end."""
    before = page.read_text("utf-8").partition(BEGIN)[0].rstrip() if page.exists() else ""
    page.write_text(f"{before}\n\n{part}" if before else part, "utf-8")


def table(one: Table, results: Results) -> str:
    """One Markdown table; ratios are medians of the rounds' ratios, each within its round."""
    names = [name for name in results.figures if name != DIRECT]
    rows = [[f"**{name}**" if name == OURS else name, *cells(results, name, one.columns)] for name in names]
    head = ["", *(column.title for column in one.columns)]
    lines = [f"## {one.title}", "", one.about, ""]
    lines += ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]
    rounds = max(map(len, results.figures.values()), default=0)
    lines += [
        "",
        f"{rounds} rounds, {results.when}, load average at the end {results.load:.1f} on {os.cpu_count()} cores.",
    ]
    if results.notes:
        lines += [
            "",
            "Left out: " + "; ".join(f"{name} ({why})" for name, why in results.notes.items()) + ".",
        ]
    return "\n".join(lines) + "\n"


def cells(results: Results, name: str, columns: Sequence[Column]) -> list[str]:
    """Median, range, and ratio to the reference."""
    return [_cell(results, name, column) for column in columns]


def ratio(results: Results, name: str, key: str) -> float | None:
    """How many times the reference: the median over the rounds that have both."""
    pairs = zip(results.figures.get(name, []), results.figures.get(REFERENCE, []), strict=False)
    found = [one[key] / other[key] for one, other in pairs if key in one and other.get(key, 0.0) > 0.0]
    return statistics.median(found) if found else None


def _cell(results: Results, name: str, column: Column) -> str:
    summary = results.summary(name, column.key)
    if summary is None:
        return "–"  # noqa: RUF001 -- typography
    text = shown(summary.median)
    if summary.least != summary.most:
        text += f" ({shown(summary.least)}–{shown(summary.most)})"  # noqa: RUF001 -- typography
    times = ratio(results, name, column.key)
    if column.times and name != REFERENCE and times is not None:
        text += f" ×{times:.2f}"  # noqa: RUF001 -- typography
    return text
