"""A scenario as statements: each call, what it has to answer, and what the next ones take from it."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from meshdev.recording.formats.heads import first
from meshdev.recording.formats.json_tree import Json
from meshdev.recording.formats.noise import UUID
from meshdev.recording.formats.python.call import call_of, of_json
from meshdev.recording.formats.python.source import Code, Value, formatted, laid_out
from meshdev.recording.formats.scenarios.answers import Expected, assertions, location
from meshdev.recording.formats.scenarios.chains import Step
from meshdev.recording.formats.scenarios.names import Names
from meshdev.recording.formats.scenarios.values import means_the_same, said
from meshdev.recording.formats.written import Volatile
from meshdev.recording.model import Exchange

_ONCE: Final = re.compile(r"(?:x-)?idempotency-key", re.IGNORECASE)
_MADE_BY_CALLERS: Final = re.compile(r"idempot|nonce|request|correlation|transaction", re.IGNORECASE)
_INDENT: Final = 2
_MOST_LINE: Final = 88


class Statements:
    """Of one scenario; ``secrets`` are the module's constants for what was redacted."""

    def __init__(self, volatile: Volatile, secrets: Mapping[str, str], clients: Mapping[str, str]) -> None:
        self._volatile = volatile
        self._secrets = secrets
        self._clients = clients
        self._names = Names()
        for name in clients.values():
            self._names.new(name)
        self._variables: dict[str, tuple[Code, Json]] = {}

    def of(self, step: Step) -> list[str]:
        """Lines of a call, not indented but for inner lines."""
        exchange = step.exchange
        lines = [*self._own_values(exchange)]
        client = self._clients[exchange.callee]
        if first(exchange.response.headers if exchange.response else (), "content-type").startswith(
            "text/event-stream"
        ):
            return [*lines, *self._stream(client, exchange)]
        made = laid_out(
            call_of(client, exchange, lambda place, value: self._name(exchange, place, value)),
            indent=_INDENT,
            before="reply = ",
        )
        status = exchange.response.status if exchange.response else 0
        lines += [made, f"assert reply.status_code == {status}, reply.text"]
        fresh = frozenset(str(one.value) for one in step.handed_on)
        lines += assertions(Expected(exchange, self._volatile, self._known, fresh))
        for one in step.handed_on:
            name = self._names.new(one.key)
            lines.append(laid_out(one.expression, indent=_INDENT, before=f"{name} = "))
            self._variables[str(one.value)] = (Code(name), one.value)
        lines += location(exchange, self._known)
        return lines

    def _stream(self, client: str, exchange: Exchange) -> Iterator[str]:
        """Only its beginning: it may never end."""
        made = call_of(client, exchange, lambda place, value: self._name(exchange, place, value))
        (_, path), *rest = made.items
        opening = f"{client}.stream("
        items = (("", exchange.request.method), ("", path), *rest)
        yield laid_out(type(made)(opening, items, ")"), indent=_INDENT, before="with ", after=" as reply:")
        yield f"    assert reply.status_code == {exchange.response.status if exchange.response else 0}"

    def _own_values(self, exchange: Exchange) -> Iterator[str]:
        """What the caller made up has to be made up anew, where its key says that it is used once."""
        for one in said(exchange):
            text = str(one.value)
            fresh = isinstance(one.value, str) and (
                _ONCE.fullmatch(one.key) or (re.fullmatch(UUID, text) and _MADE_BY_CALLERS.search(one.key))
            )
            if fresh and text not in self._variables:
                name = self._names.new(one.key)
                self._variables[text] = (Code(name), one.value)
                yield f"{name} = str(uuid4())"

    def _name(self, exchange: Exchange, place: str, value: Json) -> Value:
        """What stands for a value of a request."""
        known = self._variables.get(str(value)) if isinstance(value, str | int) else None
        if known is not None and not isinstance(value, bool) and means_the_same(value, place):
            return self._as(known, value, place)
        if isinstance(value, str) and place.startswith("request.header.") and " " in value:
            scheme, _, token = value.rpartition(" ")
            if token in self._variables:
                return formatted([f"{scheme} ", self._variables[token][0]])
        if place in exchange.redacted and isinstance(value, str) and value in self._secrets:
            return Code(self._secrets[value])
        return of_json(value)

    @staticmethod
    def _as(known: tuple[Code, Json], value: Json, place: str) -> Code:
        name, original = known
        if type(original) is type(value) or place.startswith("request.path/"):
            return name
        return Code(f"str({name.text})" if isinstance(value, str) else f"int({name.text})")

    def _known(self, value: Json) -> Code | None:
        """The variable for a value of an answer."""
        if isinstance(value, bool) or not isinstance(value, str | int):
            return None
        found = self._variables.get(str(value))
        return self._as(found, value, "") if found is not None else None
