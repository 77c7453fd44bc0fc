"""One parameter's value, as people write it, in its unit. What it does not take is refused with what it does take.

A number that ramps may be written as ``100ms..2s``: it grows from the first to the second. Rates count in steps of
1000, as networks do, sizes in steps of 1024.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from meshdev.kernel.quantity import (
    DURATION,
    PERCENT,
    SIZE,
    parse_duration,
    parse_percent,
    parse_size,
)
from meshdev.traffic.faults.kinds import Parameter, Unit
from meshdev.wire.faults import Value

RATE: Final = 'a rate in bytes a second such as "100k", "1.5MB/s" or "8mbit"'
_RATE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([kmg]?)i?(bit|b)?(?:/s|ps)?", re.IGNORECASE)
_POWER: Final = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}
_RANGE: Final = ".."


class RefusedValueError(ValueError):
    """``accepted`` says what would have been right."""

    def __init__(self, accepted: str) -> None:
        super().__init__(f"accepted: {accepted}")
        self.accepted = accepted


class Taken(NamedTuple):
    """A value, and where it begins when it grows."""

    value: Value
    begins: float | None = None


def parse_rate(text: str) -> float:
    """Bytes a second of ``text``. Raises ValueError.

    >>> parse_rate("100k"), parse_rate("8mbit")
    (100000.0, 1000000.0)
    """
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    number = float(match[1]) * _POWER[match[2].lower()]
    return number / 8 if (match[3] or "").lower() == "bit" else number


def take(parameter: Parameter, written: object) -> Taken:
    """What ``written`` is for ``parameter``. Raises RefusedValueError."""
    if isinstance(written, str) and _RANGE in written and parameter.unit in _NUMBERS:
        if not parameter.ramps:
            raise RefusedValueError(f"one value, since {parameter.name} cannot grow with time")
        begin, _, end = written.partition(_RANGE)
        first, last = take(parameter, begin).value, take(parameter, end).value
        if isinstance(first, int | float):
            return Taken(last, float(first))
    if parameter.choices:
        if written in parameter.choices and isinstance(written, str):
            return Taken(written)
        raise RefusedValueError(" | ".join(f'"{word}"' for word in parameter.choices))
    return Taken(_READERS[parameter.unit](parameter, written))


def take_percentage(written: object) -> Taken:
    """A percentage: ``50``, ``"50%"``, ``"0%..50%"``. Raises RefusedValueError."""
    if isinstance(written, str) and _RANGE in written:
        begin, _, end = written.partition(_RANGE)
        return Taken(_percentage(end), _percentage(begin))
    return Taken(_percentage(written))


def _percentage(written: object) -> float:
    accepted = 'a percentage: a number from 0 to 100, or "20%"'
    if isinstance(written, int | float) and not isinstance(written, bool) and 0 <= written <= 100:  # noqa: PLR2004
        return float(written)
    if isinstance(written, str):
        text = written.strip()
        try:
            return parse_percent(text if text.endswith("%") else f"{text}%") * 100
        except ValueError:
            pass
    raise RefusedValueError(accepted)


def _bounds(parameter: Parameter) -> str:
    return (
        f" from {parameter.least:g} to {parameter.most:g}"
        if parameter.most is not None
        else f" ≥ {parameter.least:g}"
    )


def _bounded(parameter: Parameter, number: float, accepted: str) -> float:
    if number < parameter.least or (parameter.most is not None and number > parameter.most):
        raise RefusedValueError(
            f"{accepted},{_bounds(parameter)}" if parameter.least or parameter.most else accepted
        )
    return number


def _quantity(parse: Callable[[str], float], accepted: str) -> Callable[[Parameter, object], Value]:
    def read(parameter: Parameter, written: object) -> Value:
        if isinstance(written, int | float) and not isinstance(written, bool):
            if parameter.unit is Unit.DURATION and written:
                raise RefusedValueError(accepted)
            return _bounded(parameter, written, accepted)
        if not isinstance(written, str):
            raise RefusedValueError(accepted)
        try:
            number = parse(written.strip())
        except ValueError:
            raise RefusedValueError(accepted) from None
        return _bounded(parameter, number, accepted)

    return read


def _share(parameter: Parameter, written: object) -> Value:
    accepted = f"{PERCENT}, or a number from 0 to 1"
    text = written.strip() if isinstance(written, str) else written
    if isinstance(text, str):
        try:
            text = parse_percent(text) if text.endswith("%") else float(text)
        except ValueError:
            raise RefusedValueError(accepted) from None
    if isinstance(text, int | float) and not isinstance(text, bool) and 0 <= text <= 1:
        return _bounded(parameter, float(text), accepted)
    raise RefusedValueError(accepted)


def _count(parameter: Parameter, written: object) -> Value:
    accepted = f"a whole number{_bounds(parameter)}"
    number = written
    if isinstance(written, str) and written.strip().isdecimal():
        number = int(written)
    if not isinstance(number, int) or isinstance(number, bool):
        raise RefusedValueError(accepted)
    if number < parameter.least or (parameter.most is not None and number > parameter.most):
        raise RefusedValueError(accepted)
    return number


def _flag(_: Parameter, written: object) -> Value:
    words: Mapping[object, bool] = {"true": True, "false": False, "on": True, "off": False}
    if isinstance(written, bool):
        return written
    if isinstance(written, str) and written.strip().lower() in words:
        return words[written.strip().lower()]
    raise RefusedValueError("true or false")


def _text(parameter: Parameter, written: object) -> Value:
    if parameter.form is not None:
        pattern, accepted = parameter.form
        text = str(written).strip().upper() if isinstance(written, str | int) else ""
        if re.fullmatch(pattern, text) is None:
            raise RefusedValueError(accepted)
        return text
    if isinstance(written, str):
        return written
    raise RefusedValueError("text")


def _table(_: Parameter, written: object) -> Value:
    """A table of text; as text ``name: value`` with ``;`` between."""
    accepted = 'a table of text such as { x-reason = "test" }'
    if isinstance(written, str):
        pairs = [part.partition(":") for part in written.split(";") if part.strip()]
        if not all(colon and name.strip() for name, colon, _ in pairs):
            raise RefusedValueError(accepted)
        written = {name.strip(): value.strip() for name, _, value in pairs}
    if not isinstance(written, Mapping):
        raise RefusedValueError(accepted)
    found = {str(name): value for name, value in written.items()}
    if not all(isinstance(value, str) and _is_header(name, value) for name, value in found.items()):
        raise RefusedValueError(accepted)
    return {name: str(value) for name, value in found.items()}


def _is_header(name: str, value: str) -> bool:
    return re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name) is not None and not set(value) & set("\r\n\0")


_READERS: Final[Mapping[Unit, Callable[[Parameter, object], Value]]] = {
    Unit.DURATION: _quantity(parse_duration, DURATION),
    Unit.SIZE: _quantity(parse_size, SIZE),
    Unit.RATE: _quantity(parse_rate, RATE),
    Unit.NUMBER: _quantity(float, "a number"),
    Unit.SHARE: _share,
    Unit.COUNT: _count,
    Unit.FLAG: _flag,
    Unit.TEXT: _text,
    Unit.TABLE: _table,
}
_NUMBERS: Final = frozenset(_READERS) - {Unit.FLAG, Unit.TEXT, Unit.TABLE}
