"""From what is typed to the table that would stand in ``[faults.NAME]``: for the command line and the dashboard. Pure.

>>> table_of("orders -> payments", ["latency=300ms"], ["method=POST"])
{'edge': 'orders -> payments', 'latency': {'latency': '300ms'}, 'match': {'method': 'POST'}}
"""

from collections.abc import Sequence

from meshdev.errors import UsageError
from meshdev.traffic.faults.short_form import parse_shorts

_COUNTS = frozenset({"after", "first", "every", "times"})
_TEAM = "team:"


def table_of(target: str, words: Sequence[str], matches: Sequence[str]) -> dict[str, object]:
    """Target, faults and match; raises UsageError."""
    table: dict[str, object] = {**target_of(target), **parse_shorts(words)}
    if matches:
        table["match"] = match_of(matches)
    return table


def match_of(matches: Sequence[str]) -> dict[str, object]:
    """The table of a match; raises UsageError.

    >>> match_of(["method=POST", "path=/charges/*"])
    {'method': 'POST', 'path': '/charges/*'}
    """
    return dict(map(_match, matches))


def target_of(text: str) -> dict[str, object]:
    """Whom the faults are for, by the way it is written.

    >>> [target_of(text) for text in ("* → payments", "team:billing", "payments")]
    [{'edge': '* → payments'}, {'team': 'billing'}, {'service': 'payments'}]
    >>> target_of("orders, carts | payments")
    {'partition': [['orders', 'carts'], ['payments']]}
    """
    if "->" in text or "→" in text:
        return {"edge": text}
    if text.startswith(_TEAM):
        return {"team": text.removeprefix(_TEAM).strip()}
    if "|" in text:
        groups = [[name.strip() for name in group.split(",") if name.strip()] for group in text.split("|")]
        if not all(groups):
            raise UsageError(f"{text!r}: a group is empty", hint="'orders,carts | payments'")
        return {"partition": groups}
    return {"service": text}


def _match(text: str) -> tuple[str, object]:
    name, equals, pattern = text.partition("=")
    if not equals:
        raise UsageError(f"--match {text!r}: what should it be?", hint="--match method=POST")
    if name in _COUNTS:
        if not pattern.isdigit():
            raise UsageError(f"--match {text!r}: accepted is a whole number")
        return name, int(pattern)
    return name, pattern
