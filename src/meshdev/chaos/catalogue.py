"""The experiments of a topology as lines and as JSON. Pure, but for the colours."""

from collections.abc import Iterable

import click

from meshdev.chaos.report import Shape
from meshdev.chaos.words import check_words
from meshdev.kernel.quantity import format_duration
from meshdev.topology.experiment import Action, Experiment


class ExperimentView(Shape, frozen=True, kw_only=True):
    """One experiment in short."""

    name: str
    hypothesis: str
    steady_state: list[str]
    timeline: list[str]
    seconds: float
    load: str


def experiment_views(experiments: Iterable[Experiment]) -> list[ExperimentView]:
    """For programs."""
    return [
        ExperimentView(
            name=it.name,
            hypothesis=it.hypothesis,
            steady_state=[check_words(check) for check in it.steady_state],
            timeline=[_action(action) for action in it.timeline],
            seconds=length(it),
            load=_load(it),
        )
        for it in experiments
    ]


def length(experiment: Experiment) -> float:
    """Seconds that it takes when nothing has to recover."""
    return experiment.warm_up + experiment.baseline + experiment.duration + 3.0


def experiment_lines(experiments: Iterable[Experiment]) -> list[str]:
    """For people."""
    lines: list[str] = []
    for it in experiments:
        lines.append(f"{click.style(it.name, bold=True)}  about {format_duration(round(length(it)))}")
        lines += [f"  {it.hypothesis}"] if it.hypothesis else []
        lines += [f"    steady  {check_words(check)}" for check in it.steady_state]
        lines += [f"    load    {_load(it)}"] if it.load else []
        lines += [f"    then    {_action(action)}" for action in it.timeline]
    return lines or ["no experiments: [experiments.NAME] in the topology names one"]


def _action(action: Action) -> str:
    lasts = f" for {format_duration(action.lasts)}" if action.lasts is not None else ""
    return f"at {format_duration(action.at)} {action.words}{lasts}"


def _load(experiment: Experiment) -> str:
    load = experiment.load
    if load is None:
        return ""
    if load.command:
        return load.command if isinstance(load.command, str) else " ".join(load.command)
    rate = f"{load.rate:g}" if load.rate == load.rate_end else f"{load.rate:g}..{load.rate_end:g}"
    return f"{rate}/s to {load.to or load.url}: {', '.join(request.name for request in load.requests)}"
