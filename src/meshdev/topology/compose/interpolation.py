"""``$`` in Compose files, with all of Compose's operators.

| written | becomes |
|---|---|
| ``$NAME``, ``${NAME}`` | the variable; nothing if it is not set (which is told) |
| ``${NAME:-d}``, ``${NAME-d}`` | ``d`` if it is not set (with ``:`` also if it is empty) |
| ``${NAME:?e}``, ``${NAME?e}`` | a fault that says ``e`` if it is not set (or empty) |
| ``${NAME:+r}``, ``${NAME+r}`` | ``r`` if it is set (and not empty), else nothing |
| ``$$`` | a dollar sign |

``d``, ``e`` and ``r`` may hold references again. ``${`` that begins none is a fault; any other ``$`` is itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_START = re.compile(rf"\$(?:(?P<escape>\$)|(?P<bare>{_NAME})|(?P<brace>\{{))?")
_INNER = re.compile(rf"({_NAME})(?:(:?[-?+])(.*))?", re.DOTALL)
_OWN_PORT = re.compile(r"PORT(?:_[A-Z0-9_]+)?")


@dataclass(frozen=True, slots=True)
class Expansion:
    """The text with its variables; ``missing`` were empty for want of a value, ``faults`` say what is wrong."""

    text: str
    missing: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def expand(text: str, variables: Mapping[str, str]) -> Expansion:
    """``text`` with ``variables``."""
    expander = _Expander(variables)
    return Expansion(expander.expand(text), tuple(expander.missing), tuple(expander.faults))


class _Expander:
    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables
        self.missing: list[str] = []
        self.faults: list[str] = []

    def expand(self, text: str) -> str:
        parts: list[str] = []
        pos = 0
        while match := _START.search(text, pos):
            parts.append(text[pos : match.start()])
            pos = match.end()
            if match["escape"]:
                parts.append("$")
            elif match["bare"]:
                parts.append(self._value(match["bare"], "", ""))
            elif match["brace"]:
                end = closing_brace(text, pos)
                if end < 0:
                    self.faults.append(f'"{text}" opens "${{" and never closes it')
                    return text
                parts.append(self._reference(text[pos:end]))
                pos = end + 1
            else:
                parts.append("$")
        return "".join((*parts, text[pos:]))

    def _reference(self, inner: str) -> str:
        match = _INNER.fullmatch(inner)
        if match is None:
            self.faults.append(f'"${{{inner}}}" is no reference')
            return ""
        return self._value(match[1], match[2] or "", match[3] or "")

    def _value(self, name: str, operator: str, argument: str) -> str:
        value = self.variables.get(name)
        there = bool(value) if operator.startswith(":") else value is not None
        match operator[-1:]:
            case "-":
                return (value or "") if there else self.expand(argument)
            case "+":
                return self.expand(argument) if there else ""
            case "?":
                if not there:
                    said = self.expand(argument)
                    self.faults.append(f"variable {name} is not set" + (f": {said}" if said else ""))
                return value or ""
            case _:
                if value is None:
                    self.missing.append(name)
                return value or ""


def closing_brace(text: str, pos: int) -> int:
    """Where the reference that is open at ``pos`` ends; -1 when it never does."""
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


def as_topology(text: str, variables: Mapping[str, str]) -> str | None:
    """``text`` with its references as meshdev.toml understands them, so that they mean the same there.

    A variable that is not set is empty in Compose, and a problem in meshdev.toml: it becomes ``${NAME-}``. None when
    it cannot be said (``$PORT`` is an instance's own port there).
    """
    parts: list[str] = []
    pos = 0
    while match := _START.search(text, pos):
        parts.append(text[pos : match.start()])
        pos = match.end()
        name, rest = match["bare"] or "", ""
        if match["brace"]:
            end = closing_brace(text, pos)
            inner = _INNER.fullmatch(text[pos:end]) if end >= 0 else None
            if inner is None:
                return None
            argument = as_topology(inner[3] or "", variables)
            if argument is None:
                return None
            name, rest, pos = inner[1], (inner[2] or "") + argument, end + 1
        if not name:
            parts.append("$$")
            continue
        if _OWN_PORT.fullmatch(name):
            return None
        parts.append(f"${{{name}{rest or ('' if name in variables else '-')}}}")
    return "".join((*parts, text[pos:]))
