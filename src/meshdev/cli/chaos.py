"""``meshdev chaos``: experiments with verdicts.

``run`` ends with 0 when the hypothesis held, 1 when the system deviated from it, 5 when the steady state did not hold
before (so nothing was done), 6 when something could not be done, 130 when it was interrupted.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Self, TypeVar

import click

from meshdev.cli import options, terminal
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.client.project import Project
from meshdev.errors import MeshdevError, StorageError, UsageError
from meshdev.topology.experiment import Experiment
from meshdev.topology.model import System

T = TypeVar("T")
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def command() -> None:
    """Try hypotheses about the running system: steady state, load, faults, recovery, verdict.

    Experiments stand in the topology file as [experiments.NAME]. Whatever one does ends with it, and with this command.
    """


def _complete_experiment(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    try:
        names = _system(options.here()).experiments
    except MeshdevError:
        return []
    return [name for name in names if name.startswith(incomplete)]


@command.command("list")
@options.json_option()
def list_(*, as_json: bool) -> None:
    """List the experiments of the topology file."""
    from meshdev.chaos.catalogue import experiment_lines, experiment_views
    from meshdev.chaos.report import as_json as encoded

    system = _system(options.here())
    if as_json:
        click.echo(encoded(experiment_views(system.experiments.values())))
        return
    for line in experiment_lines(system.experiments.values()):
        click.echo(line)


@command.command()
@click.argument("name", shell_complete=_complete_experiment)
@options.json_option()
@click.option("--junit", type=_FILE, metavar="FILE", help="Write a JUnit file.")
@click.option("--html", type=_FILE, metavar="FILE", help="Write a page to look at.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, only the report.")
def run(*, name: str, as_json: bool, junit: Path | None, html: Path | None, quiet: bool) -> int:
    """Run one experiment of the topology file, or a file of Chaos Toolkit's (*.json), and report.

    Ends with 0: the hypothesis held; 1: it did not; 5: the steady state did not hold before; 6: something could not be
    done; 130: interrupted. Progress goes to standard error.
    """
    project = options.here()
    if name.endswith(".json"):
        from meshdev.cli.chaos_toolkit import run_file

        if junit is not None or html is not None:
            raise UsageError("Chaos Toolkit's experiments have a journal only", hint="--json prints it")
        return run_file(Path(name), project_file=project.file, as_json=as_json, quiet=quiet)
    experiment = _experiment(_system(project), name)
    from meshdev.chaos.lines import report_lines
    from meshdev.chaos.report import as_json as encoded
    from meshdev.chaos.run import Run

    with _Progress(quiet=quiet) as progress:
        progress.tell(f"{experiment.name}: {experiment.hypothesis}")
        report = _until_interrupted(Run(project, experiment, progress.tell, progress.tick).run())
    if junit is not None:
        from meshdev.chaos.junit import junit_of

        _write(junit, junit_of([report]))
    if html is not None:
        from meshdev.chaos.page import page_of

        _write(html, page_of(report))
    if as_json:
        click.echo(encoded(report))
    else:
        for line in report_lines(report):
            click.echo(line)
    return report.exit_code


@command.command()
@click.option(
    "--budget",
    type=options.SOME_TIME,
    default=120.0,
    show_default="2m",
    metavar="TIME",
    help="For all of it.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, metavar="N", help="Decides the order."
)
@click.option(
    "--load",
    "basis",
    metavar="NAME",
    shell_complete=_complete_experiment,
    help="The experiment whose load and steady state are taken.",
)
@options.json_option()
@click.option("-q", "--quiet", is_flag=True, help="No progress, only the findings.")
def explore(*, budget: float, seed: int, basis: str | None, as_json: bool, quiet: bool) -> int:
    """Put faults on every edge in turn, single ones, then pairs, and rank what they hurt.

    The same seed tries the same faults in the same order, as far as the budget goes. Everything is undone at the end.
    """
    project = options.here()
    experiment = _experiment(_system(project), basis) if basis else None
    from meshdev.chaos.explore import Explore
    from meshdev.chaos.findings import finding_lines
    from meshdev.chaos.report import as_json as encoded

    with _Progress(quiet=quiet) as progress:
        found = _until_interrupted(Explore(project, experiment, budget, seed, progress.tell).run())
    if as_json:
        click.echo(encoded(found))
    else:
        for line in finding_lines(found):
            click.echo(line)
    return 0


def _system(project: Project) -> System:
    """What the file says, with the profiles of the running system if one runs."""
    from meshdev.topology.load import load

    try:
        profiles = Control(project).send(calls.snapshot(), timeout=2.0).system.profiles
    except MeshdevError:
        profiles = None
    return load(project.file, profiles=profiles, environ=os.environ, overrides=project.overrides)


def _experiment(system: System, name: str) -> Experiment:
    found = system.experiments.get(name)
    if found is None:
        known = list(system.experiments)
        hint = options.nearest(name, known) if known else "[experiments.NAME] in the topology names one"
        raise UsageError(f"there is no experiment {name!r}", hint=hint)
    return found


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error


def _until_interrupted(work: Coroutine[Any, Any, T]) -> T:
    """The result; Ctrl-C and SIGTERM cancel the work, which then ends in its own way. More of them change nothing."""

    async def main() -> T:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        pressed = False

        def press() -> None:
            nonlocal pressed
            if task is not None and not pressed:
                pressed = True
                task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, press)
        return await work

    return asyncio.run(main())


class _Progress:
    """Lines on standard error; on a terminal a last line that is written over."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._live = not quiet and sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._begun = time.monotonic()
        self._open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._wipe()

    def tell(self, text: str) -> None:
        """A line that stays."""
        if not self._quiet:
            self._wipe()
            click.echo(text, err=True, color=terminal.colour_on(sys.stderr))

    def tick(self, text: str) -> None:
        """A line that the next one replaces."""
        if self._live:
            width = os.get_terminal_size(sys.stderr.fileno()).columns - 1
            clock = f"{time.monotonic() - self._begun:4.0f}s  "
            self._wipe()
            click.echo((clock + text)[:width], err=True, nl=False)
            self._open = True

    def _wipe(self) -> None:
        if self._open:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._open = False
