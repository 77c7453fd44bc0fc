"""``meshdev test-alone``: one service real, everything around it played out of a recording."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from meshdev.cli import options, terminal
from meshdev.cli.record.library import complete_recording, library_of
from meshdev.cli.replay import DIFFERENT, replayed, tell
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.client.project import Project
from meshdev.errors import ServiceError, UsageError
from meshdev.kernel.project import project_paths

_LOOK = 0.02
_GONE_SECONDS = 20.0
_KILL = 2
_NOT_FOUND = 127


@click.command(context_settings={"ignore_unknown_options": False})
@options.service_argument()
@click.option(
    "--recording",
    "names",
    multiple=True,
    required=True,
    metavar="NAME",
    shell_complete=complete_recording,
    help="What plays the services that it calls; a later one lies over those before it.",
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND]...")
@click.option("-p", "--profile", "profiles", multiple=True, metavar="PROFILE", help="As of `meshdev up`.")
@options.timeout_option(60.0)
@options.json_option()
def command(
    *,
    service: str,
    names: tuple[str, ...],
    words: tuple[str, ...],
    profiles: tuple[str, ...],
    timeout: float,
    as_json: bool,
) -> None:
    """Start SERVICE alone, with everything that it calls played out of a recording, and test it.

    With a COMMAND (after --), that runs in the service's environment, with its address in SERVICE_URL (its name in
    capitals) and MESHDEV_ALONE_URL; its exit code is this one's. Without one, the calls to SERVICE that were recorded
    are sent to it and the answers compared: exit code 0 when all are as recorded.
    Its databases and brokers are real and begin empty; the whole system may run beside.
    """
    from meshdev.replaying.prepared import address

    project = options.here()
    library = library_of(project)
    recordings = [library.open(name) for name in names]
    alone = _project(project, service)
    begun = time.monotonic()
    with _running(alone, service, names, list(profiles), timeout) as control:
        views = control.send(calls.services())
        url = address(views, service)
        if not as_json:
            click.echo(f"{service} runs alone at {url} ({time.monotonic() - begun:.1f} s)", err=True)
        if words:
            code = _run(words, control, service, url)
            if code:
                raise click.exceptions.Exit(code)
            return
        outcomes = [
            replayed(project, one, service, url)
            for one in recordings
            if any(call.callee == service for call in one.exchanges)
        ]
        if not outcomes:
            raise UsageError(
                f"{', '.join(names)} has no call to {service}",
                hint=f"meshdev test-alone {service} … -- pytest",
            )
        if as_json:
            click.echo(msgspec.json.format(msgspec.json.encode(outcomes)))
        else:
            for outcome in outcomes:
                tell(outcome, as_json=False)
        if not all(outcome.same for outcome in outcomes):
            raise click.exceptions.Exit(DIFFERENT)


def _project(project: Project, service: str) -> Project:
    """A project of its own beside the whole system's: own socket, lock, ports and data."""
    root = project.paths.state_dir / "alone" / service
    shutil.rmtree(root / ".meshdev" / "data", ignore_errors=True)
    root.mkdir(parents=True, exist_ok=True)
    made = Project(project.file, project_paths(root.resolve(), uid=os.getuid(), environ=os.environ))
    key = project.paths.redaction_key
    if key.is_file():  # so that the placeholders of recordings are known again
        made.paths.state_dir.mkdir(exist_ok=True)
        shutil.copyfile(key, made.paths.redaction_key)
        made.paths.redaction_key.chmod(0o600)
    return made


@contextmanager
def _running(
    alone: Project, service: str, names: tuple[str, ...], profiles: list[str], timeout: float
) -> Iterator[Control]:
    from meshdev.client.launch import launch
    from meshdev.client.project import Presence

    if alone.presence() is Presence.ALIVE:
        raise UsageError(f"{service} is being tested alone already", hint="wait until that is over")
    control = Control(alone)
    launch(
        alone, profiles=profiles or None, services=[], alone=service, recordings=list(names), lease=timeout
    )
    lease = control.lease()
    try:
        _wait(control, timeout)
        yield control
    finally:
        control.send(calls.shutdown(_KILL))
        deadline = time.monotonic() + _GONE_SECONDS
        while alone.presence() is Presence.ALIVE and time.monotonic() < deadline:
            time.sleep(_LOOK)
        lease.close()


def _wait(control: Control, timeout: float) -> None:
    """Until everybody serves. Raises ServiceError as soon as somebody never will."""
    deadline = time.monotonic() + timeout
    while True:
        views = control.send(calls.services())
        waiting = [
            view for view in views if view.health != "healthy" and view.phase not in {"exited", "stopped"}
        ]
        failed = [view for view in views if view.phase == "gave-up"]
        if failed:
            raise ServiceError(f"{failed[0].name} does not start: {failed[0].why}")
        if not waiting:
            return
        if time.monotonic() > deadline:
            why = "; ".join(f"{view.name}: {view.why or view.phase}" for view in waiting)
            raise ServiceError(f"not ready within {timeout:g} s: {why}")
        time.sleep(_LOOK)


def _run(words: tuple[str, ...], control: Control, service: str, url: str) -> int:
    """The command, in the environment and folder of the service."""
    view = control.send(calls.env(service))
    name = "".join(char if char.isalnum() else "_" for char in service.upper())
    environ = {**os.environ, **view.environment, f"{name}_URL": url, "MESHDEV_ALONE_URL": url}
    environ["PATH"] = os.environ.get("PATH", "")
    try:
        return subprocess.run(words, env=environ, cwd=Path.cwd(), check=False).returncode
    except FileNotFoundError:
        terminal.error_line(f"{words[0]}: command not found")
        return _NOT_FOUND
    finally:
        sys.stdout.flush()
