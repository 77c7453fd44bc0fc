"""Exchanges for tests of formats: a readable builder, a small shop's recording, and Hypothesis strategies."""

import json
from collections.abc import Mapping
from itertools import count
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from meshdev.recording.model import (
    Body,
    Cut,
    Exchange,
    Headers,
    Message,
    MessageKind,
    Meta,
    Recording,
    Request,
    Response,
    Timing,
)

STARTED = 1_764_300_000.0
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
JSON: Headers = (("content-type", "application/json"),)
_numbers = count(1)


def body(content: object) -> Body:
    """Bytes, a text, or anything else as JSON."""
    if content is None:
        return Body()
    data = (
        content
        if isinstance(content, bytes)
        else content.encode()
        if isinstance(content, str)
        else json.dumps(content).encode()
    )
    return Body(data, len(data))


def call(  # noqa: PLR0913 -- a builder
    method: str,
    target: str,
    sent: object = None,
    *,
    answer: object = None,
    status: int = 200,
    edge: str = "outside -> storefront",
    headers: Mapping[str, str] | Headers | None = None,
    answered: Mapping[str, str] | Headers | None = None,
    at: float = 0.0,
    trace: str = "",
    **more: Any,
) -> Exchange:
    """One call; dicts and lists are sent as JSON."""
    caller, _, callee = edge.partition(" -> ")
    number = next(_numbers)
    return Exchange(
        id=f"{number:06d}",
        started=STARTED + at,
        microseconds=12_345,
        caller=caller,
        callee=callee,
        request=Request(method, target, _headers(headers, sent), body(sent)),
        response=Response(status, "", _headers(answered, answer), body(answer)),
        timing=Timing(100, 12_000, 245),
        trace=trace,
        **more,
    )


def recording(*exchanges: Exchange, name: str = "checkout") -> Recording:
    """A recording of these."""
    return Recording(meta=Meta(name=name, created=STARTED, ended=STARTED + 60), exchanges=exchanges)


def _headers(given: Mapping[str, str] | Headers | None, content: object) -> Headers:
    pairs = tuple(given.items()) if isinstance(given, Mapping) else given or ()
    return pairs if content is None or isinstance(content, bytes | str) else (*JSON, *pairs)


# --- strategies ---------------------------------------------------------------------------------------

names = st.from_regex(r"[a-z][a-z0-9-]{0,12}[a-z0-9]", fullmatch=True)
_token = st.from_regex(r"X-[A-Za-z][A-Za-z0-9-]{0,12}", fullmatch=True)
_value = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=20
)
_kinds = st.sampled_from(
    [
        "application/json",
        "text/plain",
        "text/html; charset=utf-8",
        "text/plain; charset=iso-8859-1",
        "image/png",
    ]
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
contents = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=40).map(str.encode),
    _json.map(lambda value: json.dumps(value).encode()),
)
microseconds = st.integers(0, 10_000_000)


@st.composite
def headers(draw: st.DrawFn) -> Headers:
    """Some fields, among them a content type; a name may come twice."""
    pairs = draw(st.lists(st.tuples(_token, _value), max_size=4))
    return (("Content-Type", draw(_kinds)), *pairs)


@st.composite
def targets(draw: st.DrawFn) -> str:
    """Paths and queries out of characters that may stand in a request line."""
    path = draw(st.from_regex(r"(?:/[A-Za-z0-9._~%20!$'()*,;:@=-]{0,8}){1,3}", fullmatch=True))
    query = draw(
        st.from_regex(
            r"(?:[a-z]{1,4}=[A-Za-z0-9._~+-]{0,6}(?:&[a-z]{1,4}=[A-Za-z0-9._~+-]{0,6}){0,2})?", fullmatch=True
        )
    )
    path = path.replace("%20", "%20").replace("%", "%25") if "%" in path else path
    return f"{path}?{query}" if query else path


@st.composite
def plain_exchanges(draw: st.DrawFn) -> Exchange:
    """A call with a whole answer."""
    sent, answered = draw(contents), draw(contents)
    request = Request(draw(st.sampled_from(["GET", "POST", "PUT", "DELETE"])), draw(targets()), draw(headers()),
                      Body(sent, len(sent)))  # fmt: skip
    response = Response(
        draw(st.integers(200, 599)), draw(st.sampled_from(["", "OK", "Not Found"])), draw(headers()),
        Body(answered, len(answered)),
    )  # fmt: skip
    return Exchange(
        id=f"{next(_numbers):09d}",
        started=STARTED + draw(microseconds) / 1e6,
        microseconds=draw(microseconds),
        caller=draw(names),
        callee=draw(names),
        request=request,
        response=response,
    )


@st.composite
def full_exchanges(draw: st.DrawFn) -> Exchange:
    """With everything that an exchange can have."""
    plain = draw(plain_exchanges())
    assert plain.response is not None
    answered = plain.response.body.data
    cut = draw(st.none() | st.sampled_from(Cut))
    body = Body(
        answered,
        len(answered) + (draw(st.integers(1, 9)) if cut else 0),
        draw(st.sampled_from(["", "gzip", "br"])),
        cut,
        draw(st.sampled_from([(), ((0, 5), (3, 900))])),
    )
    response = replace(plain.response, body=body, trailers=(("X-Sum", "1"),), minor=draw(st.integers(0, 1)))
    known = st.none() | microseconds
    return replace(
        plain,
        response=draw(st.sampled_from([response, None])),
        error=draw(st.sampled_from(["", "callee-reset"])),
        endpoint=draw(st.sampled_from(["http", "admin"])),
        route="GET /x/{id}",
        trace=draw(st.sampled_from(["", "a" * 32])),
        faults=("latency",),
        redacted=("request.header.authorization",),
        retries=draw(st.integers(0, 3)),
        timing=Timing(draw(known), draw(known), draw(known)),
        messages=tuple(draw(st.lists(messages(), max_size=3))),
    )


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """A message of a WebSocket."""
    kind = draw(st.sampled_from(MessageKind))
    data = draw(st.text(max_size=20)).encode() if kind is MessageKind.TEXT else draw(st.binary(max_size=20))
    return Message(draw(microseconds), draw(st.booleans()), kind, data)
