"""Faults as they are typed on a command line: ``latency=300ms±50ms status=503@10%``.

``KIND[=VALUE[±SPREAD]][,PARAMETER=VALUE…][@PERCENTAGE]``: the value is the kind's main parameter, the spread the one
that says how far it strays (also ``+-``). What comes out is what stands in a topology file, see `reading`.
"""

import re
from collections.abc import Iterable
from typing import Final

from meshdev.kernel.nearest import did_you_mean
from meshdev.traffic.faults.catalogue import kind_named
from meshdev.traffic.faults.kinds import FaultError, FaultKind

_PERCENTAGE: Final = re.compile(r"(.*)@\s*([0-9.]+\s*%?(?:\.\.[0-9.]+\s*%?)?)\s*", re.DOTALL)
_SPREAD: Final = re.compile(r"±|\+-|\+/-")
_NEXT: Final = re.compile(r",(?=[A-Za-z0-9_]+=)")


def parse_short(text: str) -> tuple[str, dict[str, object]]:
    """The kind's name and its table. Raises FaultError.

    >>> parse_short("latency=300ms±50ms")
    ('latency', {'latency': '300ms', 'jitter': '50ms'})
    >>> parse_short("status=503,body=sorry@10%")
    ('status', {'code': '503', 'body': 'sorry', 'percentage': '10%'})
    """
    table: dict[str, object] = {}
    match = _PERCENTAGE.fullmatch(text)
    body, percentage = (match[1], match[2]) if match else (text, "")
    name, equals, rest = body.partition("=")
    kind = kind_named(name)
    first, *others = _NEXT.split(rest)
    if equals and kind.parameter(first.partition("=")[0]) is not None and "=" in first:
        others.insert(0, first)
    elif equals:
        _main(kind, first, table)
    for other in others:
        parameter, _, value = other.partition("=")
        if kind.parameter(parameter) is None:
            known = [it.name for it in kind.parameters]
            hint = did_you_mean(parameter, known, what="parameters")
            raise FaultError(f'{kind.name} has no parameter "{parameter}"', hint=hint)
        table[parameter] = value
    if percentage:
        table["percentage"] = percentage.replace(" ", "")
    return kind.name, table


def parse_shorts(texts: Iterable[str]) -> dict[str, dict[str, object]]:
    """Several of them, as one toggle. Raises FaultError."""
    tables: dict[str, dict[str, object]] = {}
    for text in texts:
        name, table = parse_short(text)
        if name in tables:
            raise FaultError(f"{name} stands here twice", hint="add the second one as a fault of its own")
        tables[name] = table
    return tables


def _main(kind: FaultKind, written: str, table: dict[str, object]) -> None:
    if not kind.main:
        if written.strip().lower() not in ("true", "on", "1"):
            raise FaultError(f"{kind.name} takes no value", hint=f"write {kind.name}")
        return
    value, *spread = _SPREAD.split(written, maxsplit=1)
    table[kind.main] = value.strip()
    if spread:
        if not kind.spread:
            raise FaultError(f"{kind.name} has no spread (±)")
        table[kind.spread] = spread[0].strip()
