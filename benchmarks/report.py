"""Results as they are kept (JSON, by scenario, so that one can be measured again alone) and as tables."""

# ruff: noqa: RUF001 -- dashes and times signs are typography here
import json
import os
import platform
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.scenarios.base import Metric, Scenario
from benchmarks.summary import Summary, ratio, shown, summarise

OURS = "meshdev"
_PREFACE = Path(__file__).with_name("preface.md")


@dataclass(slots=True)
class Results:
    """Of one scenario: each tool's figures by round, versions, and why a tool is left out."""

    scenario: str
    figures: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    when: str = ""
    load: float = 0.0
    realtime: bool = False
    niceness: int = 0

    def add(self, tool: str, figures: Mapping[str, float]) -> None:
        """One run's figures."""
        self.figures.setdefault(tool, []).append(dict(figures))

    def summary(self, tool: str, metric: str) -> Summary | None:
        """Over all rounds that have the figure."""
        return summarise([one[metric] for one in self.figures.get(tool, []) if metric in one])

    def save(self, folder: Path) -> None:
        """Keep for `load`."""
        folder.mkdir(parents=True, exist_ok=True)
        self.when = time.strftime("%Y-%m-%d")
        self.load = os.getloadavg()[0]
        self.realtime = os.sched_getscheduler(0) == os.SCHED_RR
        self.niceness = os.getpriority(os.PRIO_PROCESS, 0)
        content = {name: getattr(self, name) for name in self.__slots__}
        (folder / f"{self.scenario}.json").write_text(json.dumps(content, indent=1), "utf-8")


def load(folder: Path, scenario: str) -> Results | None:
    """The last results of a scenario."""
    path = folder / f"{scenario}.json"
    return Results(**json.loads(path.read_text("utf-8"))) if path.exists() else None


def table(scenario: Scenario, results: Results) -> str:
    """One Markdown table, with the notes of those who are left out."""
    head = [
        "",
        *(f"{metric.title}{f' ({metric.unit})' if metric.unit else ''}" for metric in scenario.metrics),
    ]
    rows = [
        [
            f"**{tool}**" if tool == OURS else tool,
            *(_cell(results, tool, metric) for metric in scenario.metrics),
        ]
        for tool in results.figures
    ]
    rounds = max(map(len, results.figures.values()), default=0)
    lines = [f"## {scenario.title}", "", scenario.about, "", *_markdown(head, rows), ""]
    how = (
        "all tools before everything else on the machine (`--realtime`)"
        if results.realtime
        else f"shared with others, at niceness {results.niceness}"
        if results.niceness
        else "shared with others"
    )
    lines += [f"{rounds} rounds, {results.when}; load at the end {results.load:.1f}, {how}."]
    if results.notes:
        lines += [
            "",
            "Left out: " + "; ".join(f"{tool} ({why})" for tool, why in results.notes.items()) + ".",
        ]
    return "\n".join(lines) + "\n"


def page(parts: Iterable[tuple[Scenario, Results]]) -> str:
    """The whole of docs/benchmarks.md."""
    parts = list(parts)
    versions = {tool: version for _, results in parts for tool, version in results.versions.items()}
    told = ", ".join(f"{tool} {version}" for tool, version in versions.items())
    preface = _PREFACE.read_text("utf-8").format(machine=machine(), versions=told)
    return "\n".join([preface, *(table(scenario, results) for scenario, results in parts)])


def machine() -> str:
    """What it was measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return (
        f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, Linux {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}"
    )


def _cell(results: Results, tool: str, metric: Metric) -> str:
    summary = results.summary(tool, metric.key)
    if summary is None:
        return "–"
    text = shown(summary.median)
    if summary.least != summary.most:
        text += f" ({shown(summary.least)}–{shown(summary.most)})"
    times = ratio(summary, results.summary(OURS, metric.key))
    if tool != OURS and times is not None and not metric.share:
        text += f" ×{shown(round(times, 2))}"
    return text


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
