"""Recordings for the dashboard's tests: those that are being made, those on the disk, and what is in them."""

import json

import msgspec

from meshdev.recording.comparison.report import Line, Report
from meshdev.recording.model import (
    Body,
    Cut,
    Exchange,
    Message,
    MessageKind,
    Meta,
    Provenance,
    Recording,
    Request,
    Response,
    Timing,
)
from meshdev.recording.redaction import Redactor
from meshdev.replaying.outcome import Latencies, Outcome
from meshdev.wire.control import ExchangeView
from meshdev.wire.recording_views import RecordingView
from support_dashboard import NOW

KEY = b"k" * 32


def recorded(name: str, /, **changes: object) -> RecordingView:
    """A recording that is being made."""
    view = RecordingView(name=name, folder=f"/home/ada/shop/.meshdev/recordings/{name}", since=NOW - 75)
    return msgspec.structs.replace(view, **changes)


def body(content: object) -> Body:
    """JSON, or bytes as they are."""
    data = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    return Body(data, len(data))


def charge(number: int = 1, *, amount: str = "59.70", status: int = 201) -> Exchange:
    """A card is charged; its secrets are placeholders."""
    asked = {"order": f"o-10{number}", "amount": amount, "card": "4111 1111 1111 1111", "note": "注文です"}
    answer = {"id": f"ch-{number}", "status": "accepted" if status < 400 else "declined", "amount": amount}
    exchange = Exchange(
        str(number),
        NOW - 60 + number,
        41_300,
        "orders",
        "payments",
        Request(
            "POST",
            "/charges?trace=full",
            (
                ("Host", "payments"),
                ("Authorization", "Bearer Zx81-9f8e7d6c5b4a3f2e1d0c"),
                ("Content-Type", "application/json"),
            ),
            body(asked),
        ),
        Response(
            status,
            "Created" if status < 400 else "Payment Required",
            (("Content-Type", "application/json"), ("X-Request-Id", f"r-{number}")),
            body(answer),
        ),
        instance="payments-0@1",
        route="POST /charges",
        timing=Timing(1_200, 38_000, 2_100),
        trace=f"{number:032x}",
        span=f"{number:016x}",
    )
    return Redactor(key=KEY).exchange(exchange)


def events() -> Exchange:
    """Server-sent events that came one by one."""
    pieces = [f'event: price\ndata: {{"mug": {cents}}}\n\n'.encode() for cents in (990, 1090, 890)]
    data = b"".join(pieces)
    offsets = [sum(map(len, pieces[:number])) for number in range(len(pieces))]
    times = [(offset, 20_000 + 250_000 * number) for number, offset in enumerate(offsets)]
    return Exchange(
        "2",
        NOW - 50,
        540_000,
        "storefront",
        "catalog",
        Request("GET", "/prices", (("Accept", "text/event-stream"),)),
        Response(
            200, "OK", (("Content-Type", "text/event-stream"),), Body(data, len(data), pieces=tuple(times))
        ),
        timing=Timing(0, 20_000, 520_000),
        span="00000000000000e2",
    )


def dialogue() -> Exchange:
    """A WebSocket."""
    messages = (
        Message(at=1_000, outgoing=True, kind=MessageKind.TEXT, data=b'{"subscribe": "orders"}'),
        Message(at=4_200, outgoing=False, kind=MessageKind.TEXT, data=b'{"order": "o-1041"}'),
        Message(at=9_000, outgoing=False, kind=MessageKind.BINARY, data=bytes(range(60))),
        Message(at=12_000, outgoing=True, kind=MessageKind.CLOSE, data=b"\x03\xe8bye"),
    )
    return Exchange(
        "3",
        NOW - 40,
        12_000,
        "storefront",
        "orders",
        Request("GET", "/live", (("Upgrade", "websocket"),)),
        Response(101, "Switching Protocols", (("Upgrade", "websocket"),)),
        messages=messages,
        span="00000000000000e3",
    )


def picture_download() -> Exchange:
    """Something that is no text, and not whole."""
    data = bytes(range(256)) * 40
    return Exchange(
        "4",
        NOW - 30,
        8_000,
        "storefront",
        "catalog",
        Request("GET", "/mug.png"),
        Response(200, "OK", (("Content-Type", "image/png"),), Body(data, 8_000_000, cut=Cut.CAP)),
        span="00000000000000e4",
    )


def checkout_recording(name: str = "checkout", **changes: object) -> Recording:
    """Charges, events, a dialogue, a download."""
    meta = Meta(
        name=name,
        created=NOW - 3_600,
        ended=NOW - 3_500,
        provenance=Provenance("0.1", "shop", "5f8e874aabbccdd", dirty=True),
    )
    exchanges = (
        charge(1),
        charge(2, amount="12.00", status=402),
        events(),
        dialogue(),
        picture_download(),
    )
    return Recording(meta=msgspec.structs.replace(meta, **changes), exchanges=exchanges)


def passed(exchange: Exchange, seq: int) -> ExchangeView:
    """The same call as it stands in Traffic."""
    return ExchangeView(
        seq=seq,
        at=exchange.started,
        caller=exchange.caller,
        callee=exchange.callee,
        method=exchange.request.method,
        target=exchange.request.target,
        status=exchange.response.status if exchange.response else 0,
        ms=exchange.microseconds / 1000,
        bytes_in=exchange.request.body.size,
        bytes_out=exchange.response.body.size if exchange.response else 0,
        instance=exchange.instance,
        trace=exchange.trace,
        span=exchange.span,
    )


def true_outcome() -> Outcome:
    """All as recorded."""
    return Outcome(
        recording="checkout",
        target="http://127.0.0.1:33981",
        sent=12,
        report=Report(12, 0),
        latencies=Latencies(12, 4.2, 41.0, 3.9, 44.5),
        seconds=0.214,
    )


def stale_outcome() -> Outcome:
    """Something has changed."""
    lines = (
        Line("GET /charges/{id}", "body/status", 3, '"accepted"', '"declined"'),
        Line("GET /charges/{id}", "body/reason", 3, None, '"card expired"'),
        Line("POST /charges", "status", 1, "201", "402"),
    )
    return msgspec.structs.replace(
        true_outcome(),
        report=Report(12, 4, lines),
        errors={"ConnectError: All connection attempts failed": 1},
        left_out={"are WebSockets": 2},
        refused=1,
    )
