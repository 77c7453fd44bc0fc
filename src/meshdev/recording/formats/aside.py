"""What a foreign format has no word for, written aside where it permits that (HAR ``_meshdev``, WireMock ``metadata``).

Foreign readers skip it; our own import gets everything back with it.
"""

from typing import cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from meshdev.recording.formats.json_tree import Json
from meshdev.recording.model import EMPTY, Body, Cut, Exchange, Headers, Timing


class BodyAside(Struct, frozen=True, omit_defaults=True):
    """Of a body all but its data."""

    size: int = -1  # that of the data
    coding: str = ""
    cut: Cut | None = None
    pieces: tuple[tuple[int, int], ...] = ()
    minor: int = 1


class Aside(Struct, frozen=True, omit_defaults=True):
    """Of an exchange all but request, answer and messages."""

    id: str
    started: float
    microseconds: int
    caller: str
    callee: str
    target: str = ""
    endpoint: str = "http"
    instance: str = ""
    route: str = ""
    trace: str = ""
    span: str = ""
    parent: str = ""
    error: str = ""
    by: str = ""
    retries: int = 0
    faults: tuple[str, ...] = ()
    redacted: tuple[str, ...] = ()
    timing: tuple[int | None, int | None, int | None] = (None, None, None)
    trailers: Headers = ()
    request: BodyAside = BodyAside()
    response: BodyAside = BodyAside()
    protocol: str = ""


def aside_of(exchange: Exchange) -> Json:
    """As a JSON object."""
    request, response = exchange.request, exchange.response
    said = Aside(
        **{name: getattr(exchange, name) for name in _SAME},
        target=request.target,
        timing=(exchange.timing.send, exchange.timing.wait, exchange.timing.receive),
        trailers=response.trailers if response else (),
        request=_of(request.body, request.minor),
        response=_of(response.body, response.minor) if response else BodyAside(),
    )
    return cast("Json", msgspec.to_builtins(said))


def with_aside(exchange: Exchange, aside: Aside) -> Exchange:
    """An exchange as it was read from the foreign words, completed."""
    request, response = exchange.request, exchange.response
    if response is not None:
        body = _completed(response.body, aside.response)
        response = replace(response, body=body, minor=aside.response.minor, trailers=aside.trailers)
    return replace(
        exchange,
        **{name: getattr(aside, name) for name in _SAME},
        timing=Timing(*aside.timing),
        request=replace(
            request,
            target=aside.target or request.target,
            body=_completed(request.body, aside.request),
            minor=aside.request.minor,
        ),
        response=response,
    )


_SAME = tuple(name for name in Aside.__struct_fields__ if name not in
              {"target", "timing", "trailers", "request", "response"})  # fmt: skip


def _of(body: Body, minor: int) -> BodyAside:
    size = -1 if body.size == len(body.data) else body.size
    return BodyAside(size, body.coding, body.cut, body.pieces, minor)


def _completed(body: Body, aside: BodyAside) -> Body:
    size = len(body.data) if aside.size < 0 else aside.size
    made = Body(body.data, size, aside.coding, aside.cut, aside.pieces)
    return EMPTY if made == EMPTY else made
