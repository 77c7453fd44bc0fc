"""Exchanges as a VCR.py cassette, as ``vcr`` with ``decode_compressed_response`` writes it: bodies are readable.

A body that is no UTF-8 text is ``!!binary``. Interactions stand in their order, so ``record_mode=none`` replays
sequences; the matchers of VCR.py are the user's to choose;
an empty body of a request is null, as requests has it (httpx has an empty text).
"""

from typing import Any, Final

import yaml

from meshdev.recording.formats.address import url_of
from meshdev.recording.formats.content import text_of
from meshdev.recording.formats.heads import CONNECTION, FRAMING, grouped, without
from meshdev.recording.formats.servable import NO_ANSWER, servable, served
from meshdev.recording.formats.written import Options, Written
from meshdev.recording.model import Exchange, Recording

_Dumper: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def write(recording: Recording, options: Options) -> Written:
    """One cassette for the whole recording."""
    kept, notes = servable(recording, "VCR.py")
    cassette = {"interactions": [_interaction(exchange, options) for exchange in kept], "version": 1}
    text = yaml.dump(cassette, Dumper=_Dumper, default_flow_style=False, allow_unicode=True, sort_keys=False)
    return Written({f"{recording.meta.name}.yaml": text.encode()}, notes)


def _interaction(exchange: Exchange, options: Options) -> dict[str, Any]:
    request, response = exchange.request, exchange.response or NO_ANSWER
    return {
        "request": {
            "method": request.method,
            "uri": url_of(exchange.callee, request.target, options.urls),
            "body": _content(request.body.data) if request.body.data else None,
            "headers": grouped(without(request.headers, CONNECTION | FRAMING)),
        },
        "response": {
            "status": {"code": response.status, "message": response.reason},
            "headers": grouped(served(response)),
            "body": {"string": _content(response.body.data)},
        },
    }


def _content(data: bytes) -> str | bytes:
    text = text_of(data)
    return data if text is None else text
