"""Command lines as templates for launch: with or without a shell.

One text is split as a shell would, and needs a shell only if it uses one (``| & ; < > ( ) $ ` * ? ~ [``, several
lines, ``NAME=value`` in front, or a word of the shell's own such as ``exec``). In it ``$NAME`` and ``${NAME…}`` are
left to that shell, which has the instance's whole environment; a variable that only ``.env`` has is put there.
Addresses in it become the variables in which the instance finds its edges (``${services.payments.url}`` is
``${PAYMENTS_URL}``), so that quoting stays the user's. An
array is an argv as it is, whose references are resolved at launch without any shell.
"""

import re
import shlex
from collections.abc import Callable

from meshdev.topology.model import Process
from meshdev.topology.scope import Scope
from meshdev.topology.template import (
    Address,
    Expansion,
    Mode,
    addresses_in,
    escape,
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
Keys = tuple[str | int, ...]

_OF_SHELLS = frozenset({"PWD", "OLDPWD", "IFS", "PPID", "OPTARG", "OPTIND", "PATH", "HOME"})


def variable_prefix(name: str, endpoint: str = "") -> str:
    """The prefix of an edge's variables: ``PAYMENTS``, ``PAYMENTS_ADMIN``."""
    upper = re.sub(r"[^A-Z0-9]+", "_", name.upper())
    return f"{upper}_{re.sub(r'[^A-Z0-9]+', '_', endpoint.upper())}" if endpoint else upper


def compile_command(scope: Scope, keys: Keys, command: str | tuple[str, ...], own: frozenset[str]) -> Process:
    """``command`` as a process whose argv is a template (`template.resolve`).

    ``own`` are the variables that the instance will have besides the outside's. The addresses that the command names
    go to ``scope.mentions``, the variables that it needs from ``.env`` to ``scope.extra``.
    """
    if isinstance(command, str):
        return _line(scope, keys, command, own)
    parts = []
    for index, part in enumerate(command):
        expansion = expand(part, scope.variables, Mode.TEMPLATE)
        _note(scope, (*keys, index), expansion)
        parts.append(expansion.text)
    return Process(tuple(parts))


def as_argv(process: Process) -> tuple[str, ...]:
    """The argv that runs ``process`` where no launch resolves it, but its environment is there (probes)."""
    if not process.shell and not any(addresses_in(part) or own_ports_in(part) for part in process.argv):
        return tuple(part.replace("$$", "$") for part in process.argv)
    line = in_shell(process.argv[0]) if process.shell else " ".join(map(_quoted, process.argv))
    return ("/bin/sh", "-c", line.replace("$$", "$") if process.shell else line)


def in_shell(line: str, *, only: Callable[[Address], bool] = lambda _: True) -> str:
    """``line`` with those addresses that ``only`` picks as variables: ``${PAYMENTS_URL}``."""

    def replace(match: re.Match[str]) -> str:
        address = parse_address(match[1])
        return f"${{{_variable(address)}}}" if isinstance(address, Address) and only(address) else match[0]

    return _ADDRESS.sub(replace, line)


def _line(scope: Scope, keys: Keys, line: str, own: frozenset[str]) -> Process:
    def known(name: str) -> bool:
        assigned = re.search(rf"\b(?:for|read)\s+{name}\b|\b{name}=", line)
        return name in own or name in scope.outside or name in _OF_SHELLS or assigned is not None

    expansion = expand(line, scope.variables, Mode.SHELL, known=known)
    _note(scope, keys, expansion)
    for name in expansion.names:
        if name in scope.variables and not known(name):
            scope.extra[name] = escape(scope.variables[name])
    text = expansion.text
    try:
        words = shlex.split(text)
    except ValueError as error:
        scope.complain(
            keys, f'found "{line}": {str(error).lower()}', "close the quote, or write an array of text"
        )
        words = [line]
    builtin = bool(words) and words[0] in _SHELL_WORDS
    if not builtin and not _SHELL_SYNTAX.search(text):
        return Process(tuple(words) or ("",))
    simple = not _SEVERAL.search(text) and bool(words) and not builtin
    return Process((f"exec {text}" if simple else text,), shell=True)  # noqa: S604 -- data, see the docstring


def _note(scope: Scope, keys: Keys, expansion: Expansion) -> None:
    for fault in expansion.faults:
        scope.complain(keys, fault.message, fault.hint)
    parsed = (parse_address(reference) for reference in addresses_in(expansion.text))
    scope.mentions.extend((keys, address) for address in parsed if isinstance(address, Address))


def _quoted(part: str) -> str:
    """``part`` for a shell: references in double quotes, everything else literal."""
    pieces = []
    for piece in _REFERENCE.split(part):
        if piece.startswith("${"):
            pieces.append(f'"{in_shell(piece)}"')
        elif piece:
            pieces.append(shlex.quote("$" if piece == "$$" else piece))
    return "".join(pieces) or "''"


def _variable(address: Address) -> str:
    return f"{variable_prefix(address.name, address.endpoint)}_{address.attribute.upper()}"
