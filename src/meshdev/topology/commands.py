"""Command lines: with or without a shell, and with nothing left that only a launch could know.

One text is split as a shell would, and needs a shell only if it uses one (``| & ; < > ( ) $ ` * ? ~ [``, several
lines, or ``NAME=value`` in front). In it ``$NAME`` and ``${NAME…}`` are left to that shell, which has the instance's
whole environment; a variable that only ``.env`` has is put there. Addresses become the variables in which the
instance finds its edges (``${services.payments.url}`` is ``${PAYMENTS_URL}``). An array is an argv as it is; only if
it needs addresses or ``${PORT}`` it becomes a quoted line of its own.
"""

import re
import shlex
from dataclasses import dataclass, field

from meshdev.topology.model import Process
from meshdev.topology.scope import Scope
from meshdev.topology.template import (
    Address,
    Expansion,
    Mode,
    addresses_in,
    expand,
    own_ports_in,
    parse_address,
)

_SHELL_SYNTAX = re.compile(r"[|&;<>()$`*?~\[\n]|^\s*[A-Za-z_][A-Za-z0-9_]*=")
_SEVERAL = re.compile(r"[|&;<>()`\n]|^\s*[A-Za-z_][A-Za-z0-9_]*=")
_SHELL_WORDS = frozenset(
    [
        ".",
        ":",
        "!",
        "{",
        "[",
        "[[",
        "alias",
        "break",
        "case",
        "cd",
        "command",
        "continue",
        "eval",
        "exec",
        "exit",
        "export",
        "for",
        "if",
        "local",
        "read",
        "readonly",
        "return",
        "set",
        "shift",
        "source",
        "times",
        "trap",
        "type",
        "ulimit",
        "umask",
        "unset",
        "until",
        "while",
    ]
)
_ADDRESS = re.compile(r"\$\{((?:services|databases|brokers)\.[^{}]+)\}")
_REFERENCE = re.compile(r"(\$\$|\$\{[^{}]+\})")
_OF_SHELLS = frozenset({"PWD", "OLDPWD", "IFS", "PPID", "OPTARG", "OPTIND", "PATH", "HOME"})


@dataclass(frozen=True, slots=True)
class Compiled:
    """A command that can be launched as it is, with the variables and nodes that it turned out to need."""

    process: Process
    environment: dict[str, str] = field(default_factory=dict)
    reached: tuple[Address, ...] = ()


def variable_prefix(name: str, endpoint: str = "") -> str:
    """The prefix of an edge's variables: ``PAYMENTS``, ``PAYMENTS_ADMIN``."""
    upper = re.sub(r"[^A-Z0-9]+", "_", name.upper())
    return f"{upper}_{re.sub(r'[^A-Z0-9]+', '_', endpoint.upper())}" if endpoint else upper


def compile_command(
    scope: Scope, keys: tuple[str | int, ...], command: str | tuple[str, ...], own: frozenset[str]
) -> Compiled:
    """``command`` as a process; ``own`` are the variables that the instance will have besides the outside's."""
    if isinstance(command, str):
        return _line(scope, keys, command, own)
    return _argv(scope, keys, command)


def as_argv(process: Process) -> tuple[str, ...]:
    """The argv that runs ``process`` where nothing else provides a shell (probes)."""
    return ("/bin/sh", "-c", process.argv[0]) if process.shell else process.argv


def _line(scope: Scope, keys: tuple[str | int, ...], line: str, own: frozenset[str]) -> Compiled:
    def known(name: str) -> bool:
        assigned = re.search(rf"\b(?:for|read)\s+{name}\b|\b{name}=", line)
        return name in own or name in scope.outside or name in _OF_SHELLS or assigned is not None

    expansion = expand(line, scope.variables, Mode.SHELL, known=known)
    _report(scope, keys, expansion)
    from_file = {name for name in expansion.names if name in scope.variables and not known(name)}
    reached = _addresses(scope, keys, expansion.text)
    text = _ADDRESS.sub(lambda match: f"${{{_variable(match[1])}}}", expansion.text).replace("$$", "$")
    extra = {name: scope.variables[name].replace("$", "$$") for name in sorted(from_file)}
    try:
        words = shlex.split(text)
    except ValueError as error:
        scope.complain(
            keys, f'found "{line}": {str(error).lower()}', "close the quote, or write an array of text"
        )
        words = [line]
    if not _SHELL_SYNTAX.search(text):
        return Compiled(Process(tuple(words) or ("",)), extra, reached)
    simple = not _SEVERAL.search(text) and bool(words) and words[0] not in _SHELL_WORDS
    return Compiled(Process((f"exec {text}" if simple else text,), shell=True), extra, reached)  # noqa: S604 -- data, see the docstring


def _argv(scope: Scope, keys: tuple[str | int, ...], command: tuple[str, ...]) -> Compiled:
    parts = []
    for index, part in enumerate(command):
        expansion = expand(part, scope.variables, Mode.TEMPLATE)
        _report(scope, (*keys, index), expansion)
        parts.append(expansion.text)
    reached = tuple(address for part in parts for address in _addresses(scope, keys, part))
    if not any(addresses_in(part) or own_ports_in(part) for part in parts):
        return Compiled(Process(tuple(part.replace("$$", "$") for part in parts)), {}, reached)
    return Compiled(Process(("exec " + " ".join(_quoted(part) for part in parts),), shell=True), {}, reached)  # noqa: S604 -- data


def _quoted(part: str) -> str:
    """``part`` for a shell: references in double quotes, everything else literal."""
    pieces = []
    for piece in _REFERENCE.split(part):
        if piece.startswith("${"):
            inner = piece[2:-1]
            pieces.append(f'"${{{_variable(inner) if "." in inner else inner}}}"')
        elif piece:
            pieces.append(shlex.quote("$" if piece == "$$" else piece))
    return "".join(pieces) or "''"


def _addresses(scope: Scope, keys: tuple[str | int, ...], text: str) -> tuple[Address, ...]:
    found = [parse_address(reference) for reference in addresses_in(text)]
    addresses = tuple(address for address in found if isinstance(address, Address))
    for address in addresses:
        if address.node == scope.name:
            scope.complain(keys, "names its own address", "the instance itself listens on $PORT")
    return addresses


def _variable(reference: str) -> str:
    address = parse_address(reference)
    if not isinstance(address, Address):
        return "PORT"  # a fault that was already reported
    return f"{variable_prefix(address.name, address.endpoint)}_{address.attribute.upper()}"


def _report(scope: Scope, keys: tuple[str | int, ...], expansion: Expansion) -> None:
    for fault in expansion.faults:
        scope.complain(keys, fault.message, fault.hint)
