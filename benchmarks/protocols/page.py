"""The protocols' part of docs/benchmarks.md."""

# ruff: noqa: RUF001 -- dashes and times signs are typography here
import json
import os
from pathlib import Path
from typing import Any, Final

from benchmarks import report
from benchmarks.mesh.page import ratio
from benchmarks.mesh.proxies.haproxy import HAProxy
from benchmarks.protocols.costs import PLAIN, SOURCE
from benchmarks.report import OURS, Results
from benchmarks.summary import shown

BEGIN: Final = "# Protocols\n"
FOLLOWS: Final = "# Faults\n"
MIXED: Final = "protocols-mixed.json"
_PREFACE: Final = Path(__file__).with_name("preface.md")
_NAMES: Final = (OURS, PLAIN, HAProxy.name)


def section(folder: Path) -> str:
    """The whole part, of the results in ``folder``; empty when there are none."""
    costs = report.load(folder, SOURCE)
    mixed = folder / MIXED
    if costs is None and not mixed.exists():
        return ""
    haproxy = costs.versions.get(HAProxy.name, "") if costs else ""
    lines = [BEGIN, _PREFACE.read_text("utf-8").format(machine=report.machine(), haproxy=haproxy)]
    if costs is not None:
        lines.append(_costs(costs))
    if mixed.exists():
        lines.append(_mixed(json.loads(mixed.read_text("utf-8"))))
    return "\n".join(lines)


def put_in(page: Path, part: str) -> None:
    """Replace the part in the page, up to the next heading; a new one stands before that of faults."""
    text = page.read_text("utf-8")
    head, begin, old = text.partition(BEGIN)
    at = old.find("\n# ") if begin else -1
    if at < 0:
        head, follows, old = text.partition(FOLLOWS)
        rest = follows + old
    else:
        rest = old[at + 1 :]
    page.write_text(f"{head.rstrip()}\n\n{part}\n{rest}", "utf-8")


def _costs(results: Results) -> str:
    protocols = sorted(
        {key for rows in results.figures.values() for row in rows for key in row if "-" not in key}
    )
    lines = [
        "| CPU per operation (µs) | meshdev | not read | HAProxy | meshdev : HAProxy | not read : HAProxy |",
        "|---|---|---|---|---|---|",
    ]
    for protocol in protocols:
        cells = [_cell(results, name, protocol) for name in _NAMES]
        cells += [_times(ratio(results, name, protocol)) for name in _NAMES[:2]]
        lines.append(f"| {protocol} | {' | '.join(cells)} |")
    rounds = max(map(len, results.figures.values()), default=0) // max(len(protocols), 1)
    told = f"{rounds} rounds, {results.when}, load average at the end {results.load:.1f} on {os.cpu_count()} cores."
    return "\n".join([*lines, "", told, ""])


def _mixed(kept: dict[str, Any]) -> str:
    lines = [f"| {kept['minutes']:g} minutes mixed | operations | errors |", "|---|---|---|"]
    for protocol, count in sorted(kept["done"].items()):
        wrong = kept["differences"][protocol]
        lines.append(f"| {protocol} | {count:,} | {len(wrong)}{': ' + '; '.join(wrong) if wrong else ''} |")
    lines.append(f"| together | {sum(kept['done'].values()):,} | {kept['errors']} |")
    told = f"{kept['when']}, load average at the end {kept['load']:.1f} on {os.cpu_count()} cores."
    return "\n".join([*lines, "", told, *kept["trouble"], ""])


def _cell(results: Results, name: str, key: str) -> str:
    summary = results.summary(name, key)
    if summary is None:
        return "–"
    return f"{shown(summary.median)} ({shown(summary.least)}–{shown(summary.most)})"


def _times(found: float | None) -> str:
    return "–" if found is None else f"×{found:.2f}"
