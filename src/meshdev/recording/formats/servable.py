"""What a format of stubs can say of a recording: calls with an HTTP answer; and which calls are the same request."""

import json
from collections.abc import Iterable

from meshdev.recording.formats.address import pairs_of, split_target
from meshdev.recording.formats.content import is_form, is_json, media_of, parts_of
from meshdev.recording.formats.heads import CONNECTION, FRAMING, without
from meshdev.recording.formats.json_tree import changed, parsed
from meshdev.recording.formats.written import Volatile
from meshdev.recording.model import Exchange, Headers, Recording, Response

SWITCHING = 101
NO_ANSWER = Response(0)


def title(exchange: Exchange) -> str:
    """For a note: ``000017 GET /orders/3``."""
    return f"{exchange.id} {exchange.request.method} {exchange.request.target[:80]}"


def servable(
    recording: Recording, what: str, *, broken: bool = False
) -> tuple[list[Exchange], tuple[str, ...]]:
    """The calls that a stub can answer, and a note on each of the others; ``broken`` for those without an answer."""
    kept, notes = [], []
    for exchange in recording.exchanges:
        response = exchange.response
        if exchange.messages or (response is not None and response.status == SWITCHING):
            notes.append(f"{title(exchange)}: left out, {what} has no WebSockets")
        elif response is None and not broken:
            notes.append(f"{title(exchange)}: left out, it had no answer ({exchange.error or 'unknown why'})")
        else:
            if response is not None and response.body.cut:
                notes.append(f"{title(exchange)}: the answer's body is not whole ({response.body.cut})")
            kept.append(exchange)
    return kept, tuple(notes)


def served(response: Response) -> Headers:
    """The answer's headers less those that whoever serves it makes himself; bodies are served without coding."""
    return without(response.headers, CONNECTION | FRAMING)


def by_callee(exchanges: Iterable[Exchange]) -> dict[str, list[Exchange]]:
    """One stub stands for one service."""
    found: dict[str, list[Exchange]] = {}
    for exchange in exchanges:
        found.setdefault(exchange.callee, []).append(exchange)
    return found


def same_requests(exchanges: Iterable[Exchange], volatile: Volatile) -> list[list[Exchange]]:
    """Calls grouped by what was asked, less the noise; in their order."""
    groups: dict[str, list[Exchange]] = {}
    for exchange in exchanges:
        groups.setdefault(key_of(exchange, volatile), []).append(exchange)
    return list(groups.values())


def distinct_answers(group: list[Exchange]) -> list[Exchange]:
    """The calls of a group at which the answer changed from that before; one when it never did."""
    kept: list[Exchange] = []
    for exchange in group:
        if not kept or _answer(kept[-1]) != _answer(exchange):
            kept.append(exchange)
    return kept


def key_of(exchange: Exchange, volatile: Volatile) -> str:
    """The same text for the same request: order of query and JSON keys, boundaries and noise do not count."""
    path, query = split_target(exchange.request.target)
    lasting = sorted(pair for pair in query if not volatile(exchange, f"request.query.{pair[0]}"))
    return repr(
        (
            exchange.callee,
            exchange.endpoint,
            exchange.request.method,
            path,
            lasting,
            _body_key(exchange, volatile),
        )
    )


def _body_key(exchange: Exchange, volatile: Volatile) -> str:
    request = exchange.request
    media = media_of(request.headers)
    if is_json(media):
        value, there = parsed(request.body.data)
        if there:
            lasting = changed(
                value, lambda at, leaf: None if volatile(exchange, f"request.body{at}") else leaf
            )
            return json.dumps(lasting, sort_keys=True)
    if is_form(media):
        pairs = pairs_of(request.body.data.decode("latin-1"))
        return repr(sorted(pair for pair in pairs if not volatile(exchange, f"request.form.{pair[0]}")))
    return repr(parts_of(request.body, request.headers) or request.body.data)


def _answer(exchange: Exchange) -> tuple[int, bytes]:
    response = exchange.response or NO_ANSWER
    return response.status, response.body.data
