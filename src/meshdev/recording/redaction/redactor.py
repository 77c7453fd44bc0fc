"""Secrets out, placeholders of the same shape in: all that the rest of meshdev needs to know of this package.

A Redactor is made once for a recording (or a process) with the project's key. It never raises, whatever it is given;
it is idempotent, and the same secret becomes the same placeholder in every place, in every process that has the key.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

from msgspec.structs import replace

from meshdev.recording.model import Body, Cut, Exchange, Headers, Message, MessageKind, Request, Response
from meshdev.recording.protobuf.schema import NOTHING, Schema
from meshdev.recording.redaction.body import FORM, Bodies, unique
from meshdev.recording.redaction.call import Calls
from meshdev.recording.redaction.headers import Heads
from meshdev.recording.redaction.kinds import Context, Edit, Kind
from meshdev.recording.redaction.mint import Mint
from meshdev.recording.redaction.names import Names, squeezed
from meshdev.recording.redaction.rules import DEFAULT_RULES, Rules
from meshdev.recording.redaction.scanner import Scanner
from meshdev.recording.redaction.stream import Stream
from meshdev.recording.redaction.suspicion import Suspicion
from meshdev.recording.redaction.target import redact_target

_LETTERS: Final = re.compile(r"[a-z]+")
_CLOSE_CODE: Final = 2
GRPC: Final = "grpc"

_Said = tuple[tuple[Message, ...], tuple[str, ...]]
_Places = tuple[list[int], list[int], list[int]]  # of headers: the request's, the response's, its trailers'


def _users_kind(pattern: str) -> Kind:
    compiled = re.compile(pattern, re.ASCII)
    which = 1 if compiled.groups else 0

    def secret(found: re.Match[str], context: Context) -> Edit | None:
        start, end = found.span(which)
        return (start, end, context.mint.value(found[which])) if end > start else None

    return Kind("pattern", pattern, (), compiled, secret)


def _cores(names: Iterable[str]) -> tuple[bytes, ...]:
    """The longest run of letters of each name: without it there is no such field."""
    runs = (
        max(_LETTERS.findall("*".join(map(squeezed, name.split("*")))), key=len, default="") for name in names
    )
    return tuple(run.encode() for run in runs)


def _header(headers: Headers, wanted: str) -> str:
    return next((value for name, value in headers if len(name) == len(wanted) and name.lower() == wanted), "")


def _is_form(headers: Headers) -> bool:
    for name, value in headers:
        if len(name) == 12 and name.lower() == "content-type":  # noqa: PLR2004 - the name's
            return value.lower().startswith(FORM)
    return False


class Redactor:
    """Redacts exchanges, requests and texts under one key and one set of rules."""

    def __init__(self, rules: Rules = DEFAULT_RULES, key: bytes = b"") -> None:
        self.rules = rules
        mint = Mint(key)
        self._context = Context(mint, Names(rules.fields, rules.headers, rules.keep))
        users = [_users_kind(pattern) for pattern in rules.patterns]
        self._scanner = Scanner(self._context, Suspicion(mint.known, _cores(rules.fields)), users)
        self._heads = Heads(self._scanner, self._context)
        self._bodies = Bodies(self._scanner, self._context)
        self._calls = Calls(self._scanner, self._context)

    def exchange(self, exchange: Exchange, schema: Schema = NOTHING) -> Exchange:
        """The exchange without secrets; ``redacted`` names where placeholders stand.

        ``schema`` is what is known of the messages of a call.
        """
        if exchange.protocol == GRPC:
            return self._again(exchange, self._call, schema)
        places = self._glance(exchange)
        if places is not None and not any(places):
            return exchange
        known = self._context.mint.known
        learnt = known.learnt
        made = self._exchange(exchange) if places is None else self._heads_of(exchange, places)
        if known.learnt != learnt:  # what was learnt late may stand in what came early
            made = self._exchange(made)
        return made

    def message(self, data: bytes, path: str, schema: Schema, *, outgoing: bool) -> bytes:
        """A message of a call to the method ``path``, without secrets."""
        return self._calls.message(data, path, schema, outgoing=outgoing)[0]

    def request(self, request: Request) -> tuple[Request, tuple[str, ...]]:
        """The request without secrets, and where placeholders stand."""
        known = self._context.mint.known
        learnt = known.learnt
        made, places = self._request(request)
        if known.learnt != learnt:
            made, further = self._request(made)
            places = unique((*places, *further))
        return made, places

    def text(self, text: str) -> str:
        """Free text (a difference, an error, a log line) without secrets."""
        raw = text.encode("utf-8", "surrogatepass")
        made = self.data(raw)
        return text if made == raw else made.decode("utf-8", "replace")

    def data(self, data: bytes) -> bytes:
        """The same for bytes of any kind."""
        return self._bodies.redact(data, "")[0]

    def stream(self) -> Stream:
        """For a body that is too large to hold: `Stream.feed` pieces, then `Stream.end`."""
        return Stream(self._scanner)

    def _glance(self, exchange: Exchange) -> _Places | None:
        """One cheap look at all of it at once: in which headers there are secrets; None if elsewhere, too, perhaps."""
        request, response = exchange.request, exchange.response
        fresh = self._heads.fresh
        asked: list[tuple[str, str]] = []
        places = fresh(request.headers, asked)
        answered: list[int] = []
        last: list[int] = []
        data = [request.body.data]
        if response is not None:
            answered = fresh(response.headers, asked)
            last = fresh(response.trailers, asked) if response.trailers else last
            data.append(response.body.data)
        if exchange.messages:
            data += [message.data for message in exchange.messages]
        texts = [exchange.error, exchange.route, request.target, *[value for _, value in asked]]
        data.append("\n".join(texts).encode("utf-8", "replace"))
        if "%" in request.target or _is_form(request.headers) or self._scanner.suspects(b"\n".join(data)):
            return None
        self._heads.settle(asked)
        return places, answered, last

    def _heads_of(self, exchange: Exchange, where: _Places) -> Exchange:
        """The exchange, of which only headers are secret."""
        request, response = exchange.request, exchange.response
        headers, names = self._heads.redact(request.headers, where[0])
        places = [f"request.header.{name}" for name in names]
        if headers is not request.headers:
            request = replace(request, headers=headers)
        if response is not None:
            headers, names = self._heads.redact(response.headers, where[1])
            places += [f"response.header.{name}" for name in names]
            trailers, names = self._heads.redact(response.trailers, where[2])
            places += [f"response.trailer.{name}" for name in names]
            if headers is not response.headers or trailers is not response.trailers:
                response = replace(response, headers=headers, trailers=trailers)
        redacted = unique((*exchange.redacted, *places))
        return replace(exchange, request=request, response=response, redacted=redacted)

    def _again(
        self, exchange: Exchange, redact: Callable[[Exchange, Schema], Exchange], schema: Schema
    ) -> Exchange:
        """Twice, when something was learnt: it may stand in what came early."""
        known = self._context.mint.known
        learnt = known.learnt
        made = redact(exchange, schema)
        return made if known.learnt == learnt else redact(made, schema)

    def _call(self, exchange: Exchange, schema: Schema) -> Exchange:
        exchange, bare = self._calls.binaries(exchange)
        messages, places = self._calls.messages(exchange, schema)
        return self._exchange(exchange, (messages, (*places, *bare)))

    def _exchange(self, exchange: Exchange, dialogue: _Said | None = None) -> Exchange:
        request, asked = self._request(exchange.request)
        response, answered = self._response(exchange.response)
        messages, said = self._messages(exchange.messages) if dialogue is None else dialogue
        error = self._look(exchange.error)
        route = self._look(exchange.route)
        places = (*exchange.redacted, *asked, *answered, *said)
        if error != exchange.error:
            places = (*places, "error")
        return replace(
            exchange,
            request=request,
            response=response,
            messages=messages,
            error=error,
            route=route,
            redacted=unique(places) if places else (),
        )

    def _look(self, text: str) -> str:
        return self.text(text) if text else text

    def _request(self, request: Request) -> tuple[Request, tuple[str, ...]]:
        headers, names = self._heads.redact(request.headers)
        body, within = self._body(request.body, headers)
        target, parts = redact_target(request.target, self._scanner, self._context)
        if body is not request.body:
            headers = _with_length(headers, request.body, body)
        if (
            target is request.target
            and headers is request.headers
            and body is request.body
            and not (names or within or parts)
        ):
            return request, ()
        places = unique(
            [
                *(f"request.{part}" for part in parts),
                *(f"request.header.{name}" for name in names),
                *(f"request.{place}" for place in within),
            ]
        )
        return replace(request, target=target, headers=headers, body=body), places

    def _response(self, response: Response | None) -> tuple[Response | None, tuple[str, ...]]:
        if response is None:
            return None, ()
        headers, names = self._heads.redact(response.headers)
        trailers, last = self._heads.redact(response.trailers) if response.trailers else ((), [])
        body, within = self._body(response.body, headers)
        if body is not response.body:
            headers = _with_length(headers, response.body, body)
        if not (names or last or within) and headers is response.headers and body is response.body:
            return response, ()
        places = [*(f"header.{name}" for name in names), *(f"trailer.{name}" for name in last), *within]
        made = replace(response, headers=headers, trailers=trailers, body=body)
        return made, unique(f"response.{place}" for place in places)

    def _body(self, body: Body, headers: Headers) -> tuple[Body, tuple[str, ...]]:
        data = body.data
        if not data:
            return body, ()
        offsets = [offset for offset, _ in body.pieces]
        made, places = self._bodies.redact(data, _header(headers, "content-type"), offsets)
        if made == data:
            return body, places
        pieces = tuple((offset, at) for offset, (_, at) in zip(offsets, body.pieces, strict=True))
        return replace(body, data=made, size=body.size + len(made) - len(data), pieces=pieces), places

    def _messages(self, messages: tuple[Message, ...]) -> tuple[tuple[Message, ...], tuple[str, ...]]:
        if not messages:
            return messages, ()
        made, places = [], []
        for number, message in enumerate(messages):
            skipped = _CLOSE_CODE if message.kind is MessageKind.CLOSE else 0
            data, within = self._bodies.redact(message.data[skipped:], "")
            if within:
                places.append(f"message.{number}")
                message = replace(message, data=message.data[:skipped] + data)  # noqa: PLW2901
            made.append(message)
        return tuple(made), tuple(places)


def _with_length(headers: Headers, old: Body, new: Body) -> Headers:
    """Content-Length made true again; that of a coded body is about other bytes and stays."""
    if old.size == new.size or old.coding or old.cut not in {None, Cut.CAP}:
        return headers
    return tuple(
        (name, str(new.size))
        if name.lower() == "content-length" and value.strip() == str(old.size)
        else (name, value)
        for name, value in headers
    )
