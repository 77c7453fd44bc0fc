"""Which calls belong to one scenario, and what one hands to the next.

Calls belong together that are of one trace, of one session (a cookie that an answer has set), or where a request uses a
value that an earlier answer brought and no request had said before: an id, a token.
"""

from msgspec import Struct
from msgspec.structs import replace

from meshdev.recording.formats.scenarios.values import (
    Brought,
    Said,
    brought,
    cookies_brought,
    cookies_said,
    found_in_text,
    identifies,
    said,
)
from meshdev.recording.formats.written import Volatile
from meshdev.recording.model import Exchange


class Step(Struct, frozen=True):
    """A call, and what later ones need of its answer."""

    exchange: Exchange
    handed_on: tuple[Brought, ...] = ()


def scenarios(calls: list[Exchange], volatile: Volatile) -> list[list[Step]]:
    """In the order in which they began."""
    return _Chains(calls, volatile).found()


class _Chains:
    def __init__(self, calls: list[Exchange], volatile: Volatile) -> None:
        self._calls = calls
        self._volatile = volatile
        self._leader = list(range(len(calls)))
        self._needed: list[dict[str, Brought]] = [{} for _ in calls]
        self._brought: dict[str, tuple[int, Brought]] = {}
        self._said: dict[str, int] = {}
        self._cookies: dict[str, int] = {}
        self._traces: dict[str, int] = {}

    def found(self) -> list[list[Step]]:
        for number, call in enumerate(self._calls):
            self._join_by_trace(number, call)
            for one in said(call):
                self._use(number, one)
            for piece in cookies_said(call) & self._cookies.keys():
                self._join(number, self._cookies[piece])
            for piece in cookies_brought(call):
                self._cookies[piece] = number
            for have in brought(call):
                self._bring(number, have)
        self._recognise()
        groups: dict[int, list[Step]] = {}
        for number, call in enumerate(self._calls):
            step = Step(call, tuple(self._needed[number].values()))
            groups.setdefault(self._root(number), []).append(step)
        return list(groups.values())

    def _recognise(self) -> None:
        """An id that is new each time, and stands again in a later answer of the scenario: it has to be the same."""
        for number, call in enumerate(self._calls):
            for have in brought(call):
                earlier, known = self._brought.get(str(have.value), (number, have))
                together = earlier < number and self._root(earlier) == self._root(number)
                same = type(known.value) is type(have.value) and identifies(have.value, have.key)
                if together and same and self._volatile(self._calls[earlier], known.place):
                    self._needed[earlier].setdefault(str(have.value), known)

    def _bring(self, number: int, have: Brought) -> None:
        """A value that is new; where Location says it too, it is named after that path (``/orders/…``)."""
        text = str(have.value)
        if text in self._said or not identifies(have.value, have.key):
            return
        earlier, known = self._brought.setdefault(text, (number, have))
        if earlier == number and known.expression != have.expression:
            self._brought[text] = (number, replace(known, key=have.key))

    def _use(self, number: int, one: Said) -> None:
        if isinstance(one.value, bool | None | float | dict | list):
            return
        text = str(one.value)
        token = text.rpartition(" ")[2] if one.place.startswith("request.header.") else text
        known = self._brought.get(token)
        by_number = isinstance(one.value, int) or token.isdecimal()
        if known is not None and (not by_number or identifies(one.value, one.key)):
            self._needed[known[0]].setdefault(token, known[1])
            self._join(number, known[0])
            return
        if token not in self._said and identifies(one.value, one.key) and not by_number:
            for earlier in range(number):
                have = found_in_text(self._calls[earlier], token, one.key or "value")
                if have is not None:
                    self._brought[token] = (earlier, have)
                    self._needed[earlier].setdefault(token, have)
                    self._join(number, earlier)
                    return
        self._said.setdefault(token, number)

    def _join_by_trace(self, number: int, call: Exchange) -> None:
        if call.trace:
            self._join(number, self._traces.setdefault(call.trace, number))

    def _join(self, one: int, other: int) -> None:
        mine, theirs = self._root(one), self._root(other)
        self._leader[max(mine, theirs)] = min(mine, theirs)

    def _root(self, number: int) -> int:
        while self._leader[number] != number:
            number = self._leader[number]
        return number
