"""A command in a service's environment: this process becomes it, so terminal, signals and exit code are its own."""

import os
import sys
from typing import NoReturn

from meshdev.cli import terminal
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.errors import ServiceError, UsageError
from meshdev.wire.control import EnvView

IN_ENVIRONMENT = "env"
NOT_FOUND = 127
NOT_EXECUTABLE = 126

# A one-off is no instance: the marks by which strays are found and ended are not for it.
_MARKS = ("MESHDEV_RUN", "MESHDEV_INSTANCE", "MESHDEV_GENERATION", "MESHDEV_PROJECT")
# What belongs to this terminal, not to the one that the daemon was started from.
_TERMINAL = (
    "TERM",
    "COLORTERM",
    "COLUMNS",
    "LINES",
    "SSH_AUTH_SOCK",
    "SSH_TTY",
    "TMUX",
    "NO_COLOR",
    "FORCE_COLOR",
)


def view_of(control: Control, service: str) -> EnvView:
    """The service's environment and folder; raises UsageError when the folder is gone."""
    view = control.send(calls.env(service))
    if view.container:
        return view
    if view.engine:
        raise UsageError(f"no container of {service} runs", hint=f"meshdev start {service}")
    if view.names != IN_ENVIRONMENT and not view.leader:
        message = f"no instance of {service} runs, whose names a command could have"
        raise UsageError(message, hint=f"meshdev start {service}")
    if not os.path.isdir(view.working_dir):  # noqa: PTH112 -- as light as the rest of this file
        raise UsageError(f"{service}: its working_dir {view.working_dir} is not there")
    return view


def become_in_container(argv: list[str], view: EnvView) -> NoReturn:
    """Run ``argv`` in the service's container, with this terminal; ends with its exit code."""
    from meshdev.runners.container.interactive import run_here
    from meshdev.runners.container.light import LightError

    try:
        sys.exit(run_here(view.engine, view.container, argv))
    except LightError as error:
        raise ServiceError(f"{view.service}: {error}") from error


def environment(view: EnvView) -> dict[str, str]:
    """What the one-off sees."""
    environ = {name: value for name, value in view.environment.items() if name not in _MARKS}
    for name in _TERMINAL:
        environ.pop(name, None)
        if name in os.environ:
            environ[name] = os.environ[name]
    return environ


def become(argv: list[str], view: EnvView, environ: dict[str, str]) -> NoReturn:
    """Turn into ``argv``; ends with 127 or 126, as a shell would, when that cannot be."""
    sys.stdout.flush()
    sys.stderr.flush()
    if view.names != IN_ENVIRONMENT:
        from meshdev.runners.within import join

        try:
            join(view.leader)
        except OSError as error:
            hint = "this must be the user who started the system"
            message = f"{view.service}: its names cannot be had: {error.strerror}"
            raise ServiceError(message, hint=hint) from error
    os.chdir(view.working_dir)
    try:
        os.execvpe(argv[0], argv, environ)  # noqa: S606 -- no shell between the user and the command
    except FileNotFoundError:
        terminal.error_line(f"{argv[0]}: command not found (looked in PATH={environ.get('PATH', '')})")
        sys.exit(NOT_FOUND)
    except OSError as error:
        terminal.error_line(f"{argv[0]}: {error.strerror}")
        sys.exit(NOT_EXECUTABLE)
