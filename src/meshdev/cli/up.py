"""``meshdev up``: start the system, or apply a changed file to the running one, and show it.

The system belongs to the foreground ``up`` that started it: it ends with it. An ``up`` that finds the system running
applies the difference and then only watches.
"""

from dataclasses import dataclass

import click

from meshdev.cli import in_browser, options, terminal
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.client.launch import launch
from meshdev.client.project import Presence, Project, absence
from meshdev.errors import DaemonError, MeshdevError
from meshdev.wire.control import PlanView, UpRequest

_SETTLE = 30.0  # seconds for another daemon to finish starting or stopping
_LEASE = 10.0  # seconds from the daemon's start until this command, if it still lives, has taken the lease
_MARKS = {"start": ("+", "green"), "stop": ("-", "red"), "restart": ("↻", "yellow"), "scale": ("±", "cyan")}


@click.command()
@options.services_argument(required=False)
@options.file_option()
@click.option(
    "-p", "--profile", "profiles", multiple=True, metavar="PROFILE", help="May be given several times."
)
@click.option(
    "-d", "--detach", is_flag=True, help="Start, and return: the system goes on without this terminal."
)
@click.option("--wait", is_flag=True, help="Return when everything is healthy, or say who is not (means -d).")
@options.timeout_option()
@click.option("--plain", is_flag=True, help="Interleaved lines instead of the dashboard.")
@in_browser.options()
def command(
    *,
    services: tuple[str, ...],
    file: tuple[str, ...],
    profiles: tuple[str, ...],
    detach: bool,
    wait: bool,
    timeout: float,
    plain: bool,
    browser: in_browser.InBrowser | None,
) -> int:
    """Start the system (or these services and what they depend on) and show it.

    On a terminal that is the dashboard, elsewhere interleaved lines. Ctrl-C stops the system. If it runs already, a
    changed file is applied: only what changed restarts.
    """
    if browser and (plain or detach or wait):
        raise click.UsageError(
            "--web shows the dashboard from here; it goes with none of --plain, -d and --wait"
        )
    control = Control(options.here(file))
    named, chosen = list(services), list(profiles) or None
    if wait:
        _bring_up(control, named, chosen)
        return _wait(control, frozenset(services), timeout)
    if detach:
        _bring_up(control, named, chosen)
        click.echo("started; `meshdev status` lists it, `meshdev attach` shows it, `meshdev down` stops it")
        return 0
    return _in_foreground(control, named, chosen, _Face(plain, browser))


def _wait(control: Control, names: frozenset[str], timeout: float) -> int:
    from meshdev.cli import waiting
    from meshdev.cli.status import addresses

    try:
        mirror = waiting.until_ready(control, names, title="starting", timeout=timeout)
    except KeyboardInterrupt:
        click.echo("not waited for; the system goes on starting, `meshdev down` stops it", err=True)
        raise
    click.echo(f"{mirror.system.name} is ready")
    for line in addresses(mirror.services.values()):
        click.echo(line)
    return 0


@dataclass(frozen=True, slots=True)
class _Face:
    """How the system is to be shown."""

    plain: bool
    browser: in_browser.InBrowser | None


def _in_foreground(control: Control, services: list[str], profiles: list[str] | None, how: _Face) -> int:
    from meshdev.cli import face
    from meshdev.cli.signals import Interrupts

    # From before there is a daemon: a Ctrl-C while it starts must not leave it behind.
    with Interrupts() as interrupts:
        face.warm_up(plain=how.plain or how.browser is not None)
        if not _bring_up(control, services, profiles, lease=_LEASE):
            return face.show(control, interrupts, owned=False, plain=how.plain, browser=how.browser)
        with control.lease():
            return face.show(control, interrupts, owned=True, plain=how.plain, browser=how.browser)


def _bring_up(
    control: Control, services: list[str], profiles: list[str] | None, *, lease: float = 0.0
) -> bool:
    """Have a daemon that wants ``services``; whether it was started just now."""
    project = control.project
    presence = _settled(control)
    if presence is Presence.FOREIGN:
        raise absence(project)
    if presence is not Presence.ALIVE:
        try:
            report = launch(project, profiles=profiles, services=services, lease=lease)
        except DaemonError:
            if _settled(control) is not Presence.ALIVE:
                raise
            # Another `up` was quicker by a hair: then this one is the second.
        else:
            if report.warnings:
                what = "1 warning" if report.warnings == 1 else f"{report.warnings} warnings"
                terminal.warning_line(f"{project.file.name}: {what}, `meshdev check` lists them")
            return True
    control.check_version()
    request = UpRequest(
        services=services,
        file=str(project.file),
        overrides=list(map(str, project.overrides)),
        profiles=profiles,
    )
    try:
        plan = control.send(calls.up(request))
    except MeshdevError:
        if not _is_going_down(control):
            raise
        # A `down` was quicker by a hair: then this one begins anew after it.
        return _bring_up(control, services, profiles, lease=lease)
    _print_plan(plan)
    return False


def _settled(control: Control) -> Presence:
    """Who is there, once another daemon has finished starting or going down."""
    project = control.project
    presence = project.presence()
    if presence is Presence.ALIVE and _is_going_down(control):
        click.echo("the last run is still stopping …", err=True)
    elif presence is not Presence.MUTE:
        return presence
    from meshdev.cli.ending import eventually

    eventually(lambda: _has_settled(control, project), _SETTLE)
    presence = project.presence()
    if presence is Presence.MUTE:
        raise absence(project)
    return presence


def _has_settled(control: Control, project: Project) -> bool:
    presence = project.presence()
    return presence is not Presence.MUTE and not (presence is Presence.ALIVE and _is_going_down(control))


def _is_going_down(control: Control) -> bool:
    try:
        return control.send(calls.snapshot()).system.shutting_down is not None
    except DaemonError:
        return True  # it went while we asked; a hung one is told by whoever asks next


def _print_plan(plan: PlanView) -> None:
    for warning in plan.warnings:
        terminal.warning_line(warning)
    steps = [step for step in plan.steps if step.action != "keep"]
    for step in steps:
        mark, colour = _MARKS.get(step.action, ("*", "white"))
        reason = f" ({step.reason})" if step.reason else ""
        click.echo(f"{click.style(mark, fg=colour)} {step.action} {step.service}{reason}")
    if not steps:
        click.echo("the running system is as the file says; nothing changes")
