"""``${…}`` in what the user wrote: variables at load, addresses at launch.

Compose's forms: ``$NAME``, ``${NAME}``, ``${NAME:-default}``, ``${NAME-default}`` (default unless set [and not
empty]), ``${NAME:?message}``, ``${NAME?message}`` (required), ``${NAME:+other}``, ``${NAME+other}`` (other if set),
nested defaults, and ``$$`` for a plain dollar sign. A variable that is not set and has no default is a fault, never
an empty text. Two kinds of reference cannot be known at load and stay in the text until `resolve`:

- addresses: ``${services.B.url|host|port}``, ``${services.B.endpoints.NAME.url|…}``, ``${databases.x.url|path|…}``,
  ``${brokers.x.url|…}``;
- the instance's own ports: ``${PORT}``, ``${PORT_ADMIN}``.

Such text keeps ``$$`` too, so a value may hold whatever it likes; a dollar sign that begins nothing is itself.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

SECTIONS = ("services", "databases", "brokers")
ATTRIBUTES = ("url", "host", "port", "path")

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_START = re.compile(rf"\$(?:(?P<escape>\$)|(?P<bare>{_NAME})|(?P<brace>\{{))")
_VARIABLE = re.compile(rf"({_NAME})(?:(:?[-?+])(.*))?", re.DOTALL)
_OWN_PORT = re.compile(r"PORT(?:_[A-Z0-9_]+)?")
_SECTION = re.compile(rf"(?:{'|'.join(SECTIONS)})\.")
_DEFERRED = re.compile(rf"\$\$|\$\{{((?:{'|'.join(SECTIONS)})\.[^{{}}]+|PORT(?:_[A-Z0-9_]+)?)\}}")


class Mode(StrEnum):
    """What becomes of the text: used as it is, kept for launch, or handed to a shell."""

    FINAL = "final"
    TEMPLATE = "template"
    SHELL = "shell"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a reference, and the way out."""

    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """An address reference: ``services.B[.endpoints.NAME].ATTRIBUTE``."""

    section: str
    name: str
    attribute: str
    endpoint: str = ""

    @property
    def node(self) -> str:
        """The node's name on the graph: ``B``, ``databases.x``."""
        return self.name if self.section == "services" else f"{self.section}.{self.name}"


@dataclass(frozen=True, slots=True)
class Expansion:
    """The text after load, its faults, and the variables that it took (or leaves to a shell)."""

    text: str
    faults: tuple[Fault, ...] = ()
    names: tuple[str, ...] = ()


def resolve(text: str, addresses: Callable[[str], str], *, own: Mapping[str, str] | None = None) -> str:
    """``text`` for a launch: each address by ``addresses("services.payments.url")``, ``$$`` as ``$``.

    ``own`` gives the instance's ports (``{"PORT": "41234"}``); without it ``${PORT}`` stays as it is. Whatever
    ``addresses`` raises is passed on.
    """

    def replace(match: re.Match[str]) -> str:
        reference = match[1]
        if reference is None:
            return "$"
        if _SECTION.match(reference):
            return addresses(reference)
        return match[0] if own is None else own.get(reference, match[0])

    return _DEFERRED.sub(replace, text)


def addresses_in(text: str) -> tuple[str, ...]:
    """The address references that ``text`` still holds, as written between the braces."""
    return tuple(found for found in _DEFERRED.findall(text) if _SECTION.match(found))


def own_ports_in(text: str) -> tuple[str, ...]:
    """The port variables that ``text`` still holds: ``PORT``, ``PORT_ADMIN``."""
    return tuple(found for found in _DEFERRED.findall(text) if found and not _SECTION.match(found))


def parse_address(reference: str) -> Address | Fault:
    """What ``services.B.url`` means, or what is wrong with it."""
    match reference.split("."):
        case [section, name, attribute] if name and attribute in ATTRIBUTES:
            return Address(section, name, attribute)
        case [section, name, "endpoints", endpoint, attribute] if (
            name and endpoint and attribute in ATTRIBUTES
        ):
            return Address(section, name, attribute, endpoint)
        case _:
            accepted = (
                "${services.NAME.url|host|port}, ${databases.NAME.url|path}, ${brokers.NAME.url|host|port}"
            )
            return Fault(f"${{{reference}}} is no address", f"accepted: {accepted}")


def expand(
    text: str, variables: Mapping[str, str], mode: Mode, *, known: Callable[[str], bool] = lambda _: False
) -> Expansion:
    """Put ``variables`` into ``text``; ``known`` tells which names a shell will find by itself."""
    expander = _Expander(variables, mode, known)
    return Expansion(expander.expand(text), tuple(expander.faults), tuple(expander.names))


def escape(text: str) -> str:
    """``text`` as a template that stands for exactly itself."""
    return text.replace("$", "$$")


class _Expander:
    """One expansion: walks the text, and the defaults within it."""

    def __init__(self, variables: Mapping[str, str], mode: Mode, known: Callable[[str], bool]) -> None:
        self.variables = variables
        self.mode = mode
        self.known = known
        self.faults: list[Fault] = []
        self.names: list[str] = []

    def expand(self, text: str) -> str:
        parts: list[str] = []
        pos = 0
        while match := _START.search(text, pos):
            parts.append(text[pos : match.start()])
            pos = match.end()
            if match["escape"]:
                parts.append("$" if self.mode is Mode.FINAL else "$$")
            elif match["bare"]:
                shell = self.mode is Mode.SHELL
                parts.append(match[0] if shell else self._reference(match["bare"], match[0]))
            else:
                end = _closing_brace(text, pos)
                if end < 0:
                    self.faults.append(
                        Fault(f'"{text}" opens "${{" and never closes it', 'a plain "$" is "$$"')
                    )
                    return text
                parts.append(self._reference(text[pos:end], text[match.start() : end + 1]))
                pos = end + 1
        return "".join((*parts, text[pos:]))

    def _reference(self, inner: str, raw: str) -> str:
        if _SECTION.match(inner):
            return self._address(inner, raw)
        match = _VARIABLE.fullmatch(inner)
        if match is None:
            if self.mode is not Mode.SHELL:  # a shell has forms of its own: ${NAME%.*}
                self.faults.append(Fault(f"{raw} is no reference", 'a plain "$" is "$$"'))
            return raw
        name, operator, argument = match[1], match[2] or "", match[3] or ""
        if _OWN_PORT.fullmatch(name):
            return self._own_port(name, raw)
        self.names.append(name)
        if self.mode is Mode.SHELL:
            return self._left_to_shell(name, operator, argument, raw)
        return self._value(name, operator, argument)

    def _address(self, inner: str, raw: str) -> str:
        address = parse_address(inner)
        if isinstance(address, Fault):
            self.faults.append(address)
        elif self.mode is Mode.FINAL:
            self.faults.append(_only_at_launch(raw))
        return raw

    def _own_port(self, name: str, raw: str) -> str:
        if self.mode is Mode.FINAL:
            self.faults.append(_only_at_launch(raw))
        return raw if self.mode is Mode.SHELL else f"${{{name}}}"

    def _left_to_shell(self, name: str, operator: str, argument: str, raw: str) -> str:
        missing = not self.known(name) and name not in self.variables
        if missing and operator in ("", "?", ":?"):
            self.faults.append(_missing(name, argument))
        return raw

    def _value(self, name: str, operator: str, argument: str) -> str:
        value = self.variables.get(name)
        there = bool(value) if operator.startswith(":") else value is not None
        match operator[-1:]:
            case "-" if not there:
                return self.expand(argument)
            case "+":
                return self.expand(argument) if there else ""
            case "?" if not there:
                self.faults.append(_missing(name, argument))
                return ""
            case "" if value is None:
                self.faults.append(_missing(name, ""))
                return ""
            case _:
                return (value or "") if self.mode is Mode.FINAL else escape(value or "")


def _missing(name: str, message: str) -> Fault:
    said = f": {message}" if message else ""
    return Fault(
        f"variable {name} is not set{said}", f"set it in .env or the shell, or write ${{{name}:-default}}"
    )


def _only_at_launch(raw: str) -> Fault:
    accepted = "environment, env_file, command and healthcheck.exec"
    return Fault(f"{raw} is known only at launch", f"it may stand in {accepted}")


def _closing_brace(text: str, pos: int) -> int:
    depth = 1
    while pos < len(text):
        if text.startswith("${", pos):
            depth += 1
            pos += 1
        elif text[pos] == "}":
            depth -= 1
            if depth == 0:
                return pos
        pos += 1
    return -1
