"""From pydantic's errors to problems that a person can act on: ``where: path: found …, accepted: …``."""

import re
import types
from collections.abc import Callable, Container
from typing import Any, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from meshdev.errors import Problem, Where
from meshdev.topology.file_parted import details_of, keys_of
from meshdev.topology.file_parts import Table
from meshdev.topology.lines import Path
from meshdev.topology.nearest import did_you_mean, nearest

_MOST = 60


def problems_of(
    error: ValidationError,
    table: type[Table],
    where: Callable[[Path], Where],
    written: Container[Path] = (),
) -> list[Problem]:
    """One problem for each thing that ``table`` refused; ``written`` are the paths that the file really has."""
    return [_problem(detail, table, where, written) for detail in details_of(error)]


def found(value: object) -> str:
    """What was found, in the words of a TOML file: ``"two" (string)``, ``3 (whole number)``, ``a table``."""
    match value:
        case dict():
            return "a table"
        case list() | tuple():
            return "an array"
        case str():
            text = value if len(value) <= _MOST else f"{value[:_MOST]}…"
            return f'"{text}" (string)'
        case bool():
            return f"{str(value).lower()} (boolean)"
        case _:
            kind = {int: "whole number", float: "number"}.get(type(value), type(value).__name__)
            return f"{value} ({kind})"


def dotted(path: Path) -> str:
    """A path as the file writes it: ``services.orders.calls[0]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text


def as_written(path: Path, written: Container[Path]) -> Path:
    """``path`` as the file has it, where a short form stands for a longer one.

    ``restart = "x"`` is validated as ``restart.policy``, ``watch = {…}`` as ``watch[0]``.
    """
    found: Path = ()
    for part in path:
        if (*found, part) in written or not isinstance(part, int):
            found = (*found, part)
    shorter = found[:-1]
    return (
        shorter if found not in written and shorter in written and shorter not in (found[:1], ()) else found
    )


def _problem(
    detail: ErrorDetails, table: type[Table], where: Callable[[Path], Where], written: Container[Path]
) -> Problem:
    path = as_written(detail["loc"], written)
    match detail["type"]:
        case "extra_forbidden":
            accepted = _keys(table, path[:-1])
            hint = did_you_mean(str(path[-1]), accepted, what="accepted keys")
            return Problem(where(path), f'{dotted(path[:-1]) or "the file"}: unknown key "{path[-1]}"', hint)
        case "missing":
            missing = (*as_written(detail["loc"][:-1], written), detail["loc"][-1])
            return Problem(where(missing), f"{dotted(missing)} is missing")
        case _:
            accepted_text = detail["msg"]
    meant = (
        nearest(str(detail["input"]), re.findall(r'"([a-z+-]+)"', accepted_text))
        if "|" in accepted_text
        else None
    )
    hint = f'did you mean "{meant}"?' if meant else ""
    return Problem(
        where(path), f"{dotted(path)}: found {found(detail['input'])}, accepted: {accepted_text}", hint
    )


def _keys(table: type[Table], path: Path) -> list[str]:
    """The keys that the table at ``path`` accepts."""
    annotation: Any = table
    for part in path:
        annotation = _strip(annotation)
        if isinstance(annotation, type) and issubclass(annotation, Table):
            annotation = keys_of(annotation)[str(part)].annotation
        else:
            arguments = get_args(annotation)
            annotation = arguments[1] if get_origin(annotation) is dict else (arguments or (None,))[0]
    annotation = _strip(annotation)
    if get_origin(annotation) is tuple:  # one table, where several may stand
        annotation = _strip(get_args(annotation)[0])
    return list(keys_of(annotation)) if isinstance(annotation, type) and issubclass(annotation, Table) else []


def _strip(annotation: Any) -> Any:
    """Without ``Annotated`` and ``| None``."""
    while True:
        if hasattr(annotation, "__metadata__"):
            annotation = annotation.__origin__
        elif get_origin(annotation) in (Union, types.UnionType):
            annotation = next(inner for inner in get_args(annotation) if inner is not type(None))
        else:
            return annotation
