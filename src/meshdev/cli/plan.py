"""``meshdev plan``: what ``meshdev up`` would do: to the running system, or from nothing."""

import os

import click
import msgspec

from meshdev.cli import options
from meshdev.client.project import Presence, Project
from meshdev.wire.control import PlanStep, PlanView, UpRequest

_MARKS = {
    "start": ("+", "green"),
    "stop": ("-", "red"),
    "restart": ("~", "yellow"),
    "scale": ("±", "cyan"),
    "update": ("*", "blue"),
}


@click.command()
@options.file_option()
@click.option(
    "-p", "--profile", "profiles", multiple=True, metavar="PROFILE", help="May be given several times."
)
@options.json_option()
def command(*, file: tuple[str, ...], profiles: tuple[str, ...], as_json: bool) -> None:
    """Show what `meshdev up` would start, restart, scale, update and stop."""
    project = options.here(file)
    if project.presence() is Presence.ALIVE:
        view = _against_running(project, profiles)
    else:
        view = _from_nothing(project, profiles)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(view)))
        return
    for line in render(view):
        click.echo(line)


def render(view: PlanView) -> list[str]:
    """The lines of a plan: what changes, then how much stays."""
    changing = [step for step in view.steps if step.action in _MARKS]
    kept = len(view.steps) - len(changing)
    lines = [_line(step) for step in changing]
    lines += [f"{kept} unchanged"] if kept or not lines else []
    return [*lines, *(f"warning: {warning}" for warning in view.warnings)]


def _line(step: PlanStep) -> str:
    mark, colour = _MARKS[step.action]
    reason = f"  ({step.reason})" if step.reason else ""
    return f"{click.style(f'{mark} {step.action:<7}', fg=colour)} {step.service}{reason}"


def _against_running(project: Project, profiles: tuple[str, ...]) -> PlanView:
    from meshdev.client import calls
    from meshdev.client.control import Control

    request = UpRequest(
        file=str(project.file),
        overrides=list(map(str, project.overrides)),
        profiles=list(profiles) or None,
    )
    return Control(project).send(calls.plan(request))


def _from_nothing(project: Project, profiles: tuple[str, ...]) -> PlanView:
    from meshdev.topology.diff import diff
    from meshdev.topology.load import load

    system = load(project.file, profiles=profiles or None, environ=os.environ, overrides=project.overrides)
    steps = [
        PlanStep(service=change.service, action=change.action.value, reason=change.reason)
        for change in diff(None, system)
    ]
    return PlanView(steps=steps, warnings=[str(warning) for warning in (*system.warnings, *system.notes)])
