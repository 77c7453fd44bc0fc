"""What stands in ``metadata.meshdev`` of a mapping, so that our own import gets the very exchange back."""

from typing import cast

import msgspec
from msgspec import Struct

from meshdev.recording.formats.aside import Aside, aside_of
from meshdev.recording.formats.content import base64_of, text_of
from meshdev.recording.formats.json_tree import Json
from meshdev.recording.model import Exchange, Headers


class Kept(Struct, frozen=True, omit_defaults=True):
    """The rest of the exchange, all headers, and the request's body as it was (``text``, or ``base64``)."""

    exchange: Aside
    headers: Headers = ()
    answered: Headers = ()
    reason: str = ""
    text: str = ""
    base64: str = ""


def kept_of(exchange: Exchange) -> Json:
    """As a JSON object."""
    data = exchange.request.body.data
    text = text_of(data)
    said = Kept(
        msgspec.convert(aside_of(exchange), Aside),
        exchange.request.headers,
        exchange.response.headers if exchange.response else (),
        exchange.response.reason if exchange.response else "",
        text or "",
        base64_of(data) if text is None else "",
    )
    return cast("Json", msgspec.to_builtins(said))
