"""What several commands share: finding the project, naming services, durations as people write them."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.client.project import Project, find_project
from meshdev.errors import MeshdevError
from meshdev.kernel.quantity import QuantityError, parse_duration

F = TypeVar("F", bound=Callable[..., Any])

_COMPOSE_SERVICE = re.compile(r"^([ \t]+)([A-Za-z0-9][\w.-]*):", re.MULTILINE)
_COMPOSE_SECTION = re.compile(r"^services:.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
_NODE_HEADER = re.compile(r"^\s*\[(?:(services)|(databases|brokers))\.([\w-]+)\]", re.MULTILINE)
_COMPLETION_TIMEOUT = 0.5


def here(file: str | tuple[str, ...] | None = None) -> Project:
    """The project that this command is about: ``file``, else what stands before the command, else what is found."""
    context = click.get_current_context(silent=True)
    before = context.find_root().params.get("file") if context else None
    return find_project(file or before, cwd=Path.cwd(), environ=os.environ)


def file_option() -> Callable[[F], F]:
    """``-f FILE``, several times for Compose files that lie over each other."""
    return click.option(
        "-f",
        "--file",
        multiple=True,
        metavar="FILE",
        help="The topology file (else MESHDEV_FILE, else the nearest one); Compose files may be several.",
    )


class DurationType(click.ParamType[float]):
    """``500ms``, ``10m``; a bare number is seconds. ``positive`` refuses no time at all."""

    name = "duration"

    def __init__(self, *, positive: bool = False) -> None:
        self._positive = positive

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        seconds = self._seconds(value, param, ctx)
        if self._positive and seconds <= 0:
            return self.fail(f'found "{value}", accepted: more than 0', param, ctx)
        return seconds

    def _seconds(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, int | float):
            return float(value)
        try:
            return float(value)
        except ValueError:
            pass
        try:
            return parse_duration(value)
        except QuantityError as error:
            return self.fail(str(error), param, ctx)


DURATION = DurationType()
SOME_TIME = DurationType(positive=True)


def complete_service(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Names of services, from the daemon when one answers quickly, else from the headers in the file."""
    try:
        project = here()
    except MeshdevError:
        return []
    names = known_services(project) or names_in_file(project.file)
    return [name for name in names if name.startswith(incomplete)]


def known_services(project: Project) -> list[str]:
    """The services of the running system; empty when none answers quickly."""
    try:
        return [view.name for view in Control(project).send(calls.services(), timeout=_COMPLETION_TIMEOUT)]
    except MeshdevError:
        return []


def nearest(name: str, known: list[str]) -> str:
    """The hint of an unknown name."""
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known) or 'none'}"


def names_in_file(file: Path) -> list[str]:
    """The nodes that have a header of their own in ``file``: cheap, and good enough for completion."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeError):
        return []
    if file.suffix in (".yml", ".yaml"):
        section = _COMPOSE_SECTION.search(text)
        entries = _COMPOSE_SERVICE.findall(section[0]) if section else []
        least = min((len(indent) for indent, _ in entries), default=0)
        return [name.replace(".", "-") for indent, name in entries if len(indent) == least]
    found = (match.groups() for match in _NODE_HEADER.finditer(text))
    return [name if service else f"{table}.{name}" for service, table, name in found]


def services_argument(*, required: bool) -> Callable[[F], F]:
    """``SERVICE...`` with completion."""
    return click.argument(
        "services",
        nargs=-1,
        required=required,
        metavar="SERVICE..." if required else "[SERVICE]...",
        shell_complete=complete_service,
    )


def service_argument() -> Callable[[F], F]:
    """``SERVICE`` with completion."""
    return click.argument("service", metavar="SERVICE", shell_complete=complete_service)


def json_option() -> Callable[[F], F]:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="For programs: JSON on standard output.")


def timeout_option(default: float = 120.0) -> Callable[[F], F]:
    """``--timeout T``."""
    return click.option(
        "--timeout",
        type=DURATION,
        default=default,
        show_default=f"{default:g}s",
        metavar="TIME",
        help="How long to wait, such as 90s or 2m.",
    )
