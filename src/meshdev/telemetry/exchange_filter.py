"""Which calls are meant: ``callee=orders status=5xx ms>100``, read once, asked for every exchange. Sans-IO.

Terms are divided by blanks and must all hold; ``!`` before a term turns it round; quotes keep a blank within.

| term | holds when |
|---|---|
| ``caller=front,web-*`` | one of these, ``*`` is anything (caller, callee, method, path, instance, trace, … `TEXTS`) |
| ``path~/orders`` | the field contains this |
| ``status=5xx,404`` ``status>=400`` | the status is in a class, is a number, compares so; ``none`` is no answer |
| ``ms>100`` ``ms>1.5s`` | it took longer (milliseconds, or a duration with its unit) |
| ``bytes>64k`` | the response was larger (bytes, or a size with its unit) |
| ``error`` | it failed: no answer, a transport error, or 5xx |
| ``fault`` | an injected fault had a part in it; ``fault=slow-*`` one of these (its name, or name and kind) |
"""

import operator
import re
import shlex
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Final

from meshdev.errors import UsageError
from meshdev.kernel.quantity import QuantityError, parse_duration, parse_size
from meshdev.wire.control import ExchangeView

Test = Callable[[ExchangeView], bool]

TEXTS: Final[dict[str, Callable[[ExchangeView], str]]] = {
    "caller": lambda exchange: exchange.caller,
    "callee": lambda exchange: exchange.callee,
    "method": lambda exchange: exchange.method,
    "path": lambda exchange: exchange.target,
    "instance": lambda exchange: exchange.instance,
    "trace": lambda exchange: exchange.trace,
    "protocol": lambda exchange: exchange.protocol or "http",
    "kind": lambda exchange: exchange.kind,
    "code": lambda exchange: exchange.answer,
    "detail": lambda exchange: exchange.detail,
}
NUMBERS: Final[dict[str, Callable[[ExchangeView], float]]] = {
    "status": lambda exchange: exchange.status,
    "ms": lambda exchange: exchange.ms,
    "bytes": lambda exchange: exchange.bytes_out,
}
_TERM = re.compile(r"(!?)(\w+)(?:(!=|>=|<=|=|~|>|<)(.*))?", re.DOTALL)
_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_CLASS = re.compile(r"[1-5]xx", re.IGNORECASE)
_FIELDS = ", ".join((*TEXTS, *NUMBERS, "error", "fault"))
_SERVER_ERROR = 500


def failed(exchange: ExchangeView) -> bool:
    """Whether a call counts as an error of its edge: no answer, a transport error, or 5xx."""
    return bool(exchange.error) or not exchange.status or exchange.status >= _SERVER_ERROR


def parse_filter(text: str) -> Test:
    """The test that ``text`` stands for; an empty one holds always. Raises UsageError.

    >>> slow = parse_filter("callee=orders ms>100")
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"filter {text!r}: {error}", hint="a quote has no end") from None
    tests = [_term(word) for word in words]
    return lambda exchange: all(test(exchange) for test in tests)


def _term(word: str) -> Test:
    match = _TERM.fullmatch(word)
    if match is None:
        raise _wrong(word, "no such term")
    negated, field, sign, value = match.groups()
    if field == "error" and sign is None:
        test: Test = failed
    elif field == "fault" and sign in {None, "=", "!="}:
        test = _fault(value or "*")
    elif sign is None:
        raise _wrong(word, "what about it?" if field in TEXTS or field in NUMBERS else "no such term")
    elif field in TEXTS:
        test = _text(word, TEXTS[field], sign, value)
    elif field in NUMBERS:
        test = _number(word, field, sign, value)
    else:
        raise _wrong(word, f"no field is called {field!r}")
    return (lambda exchange: not test(exchange)) if (negated == "!") is not (sign == "!=") else test


def _text(word: str, get: Callable[[ExchangeView], str], sign: str, value: str) -> Test:
    if sign == "~":
        wanted = value.casefold()
        return lambda exchange: wanted in get(exchange).casefold()
    if sign in _COMPARE:
        raise _wrong(word, "a text is compared by =, != or ~")
    patterns = [pattern.casefold() for pattern in value.split(",")]
    return lambda exchange: any(fnmatchcase(get(exchange).casefold(), pattern) for pattern in patterns)


def _fault(value: str) -> Test:
    patterns = value.casefold().split(",")
    return lambda exchange: any(
        fnmatchcase(name.casefold(), pattern)
        for fault in exchange.faults
        for name in (fault, fault.rpartition("/")[0])
        for pattern in patterns
    )


def _number(word: str, field: str, sign: str, value: str) -> Test:
    get = NUMBERS[field]
    if sign == "~":
        raise _wrong(word, "a number is compared by =, !=, >, >=, < or <=")
    if sign in _COMPARE:
        compare, limit = _COMPARE[sign], _amount(word, field, value)
        return lambda exchange: compare(get(exchange), limit)
    tests = [_equals(word, field, part) for part in value.split(",")]
    return lambda exchange: any(test(get(exchange)) for test in tests)


def _equals(word: str, field: str, value: str) -> Callable[[float], bool]:
    if field == "status" and _CLASS.fullmatch(value):
        digit = int(value[0])
        return lambda number: number // 100 == digit
    amount = 0.0 if field == "status" and value.lower() == "none" else _amount(word, field, value)
    return lambda number: number == amount


def _amount(word: str, field: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        pass
    try:
        if field == "ms":
            return parse_duration(value) * 1000.0
        if field == "bytes":
            return float(parse_size(value))
    except QuantityError as error:
        raise _wrong(word, str(error)) from None
    raise _wrong(word, f"{value!r} is no status, such as 404, 5xx or none")


def _wrong(word: str, why: str) -> UsageError:
    hint = f"terms such as callee=orders status=5xx 'ms>100' path~/orders error; fields: {_FIELDS}"
    return UsageError(f"filter {word!r}: {why}", hint=hint)
