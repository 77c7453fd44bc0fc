"""Recordings for tests: exchanges in a line, saved where a project keeps them."""

import json
from collections.abc import Iterable
from pathlib import Path

from meshdev.recording.model import (
    Body,
    Exchange,
    Headers,
    Message,
    Meta,
    Recording,
    Request,
    Response,
    Timing,
)
from meshdev.storage.recordings import Library

JSON: Headers = (("Content-Type", "application/json"),)
TEXT: Headers = (("Content-Type", "text/plain"),)
QUICK = Timing(0, 1000, 1000)


def body(content: object, **more: object) -> Body:
    """Bytes as they are, text as UTF-8, anything else as JSON."""
    if isinstance(content, str):
        content = content.encode()
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Body(data, len(data), **more)  # type: ignore[arg-type]


def exchange(  # noqa: PLR0913 -- an exchange has many parts
    asked: str,
    answered: object = "",
    *,
    status: int = 200,
    sent: object = b"",
    callee: str = "payments",
    headers: Headers = TEXT,
    asked_headers: Headers = (),
    messages: tuple[Message, ...] = (),
    timing: Timing = QUICK,
    at: float = 0.0,
    number: int = 1,
    **more: object,
) -> Exchange:
    """``GET /x`` answered with ``answered``; ``number`` is its id and its place."""
    method, _, target = asked.partition(" ")
    content = answered if isinstance(answered, Body) else body(answered)
    return Exchange(
        id=str(number),
        started=1_700_000_000.0 + number + at,
        microseconds=2000,
        caller="orders",
        callee=callee,
        request=Request(method, target, (("Host", "x"), *asked_headers), body(sent) if sent else Body()),
        response=Response(status, "OK" if status == 200 else "", headers, content),
        messages=messages,
        timing=timing,
        **more,  # type: ignore[arg-type]
    )


def saved(folder: Path, name: str, exchanges: Iterable[Exchange]) -> Recording:
    """A recording in ``folder`` (a project's ``.meshdev/recordings``)."""
    recording = Recording(meta=Meta(name=name, created=1.0, ended=2.0), exchanges=tuple(exchanges))
    Library(folder).save(recording)
    return recording
