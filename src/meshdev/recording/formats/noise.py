"""Values that change from call to call, told by their shape alone: UUIDs, times, tokens.

What two recordings of the same call teach is better (`comparison.learn_noise`); it is handed in in this one's place.
"""

import math
import re
from collections import Counter
from functools import lru_cache
from typing import Final

from meshdev.recording.formats.address import pairs_of, split_target
from meshdev.recording.formats.content import is_form, is_json, media_of
from meshdev.recording.formats.heads import TRACING, first
from meshdev.recording.formats.json_tree import Json, at, parsed
from meshdev.recording.model import Body, Exchange, Headers

UUID: Final = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
TIMESTAMP: Final = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?"
HTTP_DATE: Final = r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT"
_VOLATILE_HEADERS: Final = TRACING | {
    "age", "date", "etag", "expires", "last-modified", "server", "server-timing", "set-cookie", "x-response-time",
    "x-runtime",
}  # fmt: skip
_UUID: Final = re.compile(UUID)
_TIME: Final = re.compile(f"{TIMESTAMP}|{HTTP_DATE}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9+/_.=-]{16,}")
_TIME_KEY: Final = re.compile(r"(?:_at|At|_on|^at|time|Time|timestamp|_ts|^ts|date|Date|expires|_ms|now)$")
_NUMBER_KEY: Final = re.compile(r"(?:^|[_a-z])(?:id|Id|number|no|seq)$")
_CREATED: Final = 201
_SECONDS: Final = (1_000_000_000, 4_000_000_000)  # 2001 to 2096, also counted in milli- and microseconds
_LEAST_BITS: Final = 3.2  # a character, by the share of each in the word: English words stay below


_parsed = lru_cache(maxsize=4)(parsed)  # a body is asked about leaf by leaf


def volatile_by_shape(exchange: Exchange, place: str) -> bool:
    """Whether the value at this place looks as if it were made anew for every call."""
    side, _, rest = place.partition(".")
    kind, _, name = rest.partition(".")
    message = exchange.request if side == "request" else exchange.response
    if message is None:
        return False
    if kind == "header":
        return name.lower() in _VOLATILE_HEADERS or looks_volatile(first(message.headers, name.lower()))
    if kind == "query":
        return any(
            looks_volatile(value, key)
            for key, value in split_target(exchange.request.target)[1]
            if key == name
        )
    if kind == "form" or kind.startswith("body"):
        value = _in_body(
            message.headers, message.body, name if kind == "form" else rest.partition("/")[2], kind
        )
        key = place.rpartition("/")[2].rpartition(".")[2]
        return looks_volatile(value, key) or (side == "response" and _is_numbered(exchange, value, key))
    return False


def _is_numbered(exchange: Exchange, value: Json, key: str) -> bool:
    """What is created gets the next number."""
    created = exchange.response is not None and exchange.response.status == _CREATED
    return (
        created and isinstance(value, int) and not isinstance(value, bool) and bool(_NUMBER_KEY.search(key))
    )


def looks_volatile(value: Json, key: str = "") -> bool:
    """By shape: a UUID, a time (a number only where the key says so), a long word of high entropy."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return bool(_TIME_KEY.search(key)) and any(
            _SECONDS[0] <= value / unit < _SECONDS[1] for unit in (1, 1e3, 1e6)
        )
    if not isinstance(value, str):
        return False
    return bool(_UUID.fullmatch(value) or _TIME.fullmatch(value)) or looks_random(value)


def looks_random(text: str) -> bool:
    """A long word without blanks, with digits in it, of more variety than a language has."""
    if (
        not _TOKEN.fullmatch(text)
        or not any(char.isdigit() for char in text)
        or not any(char.isalpha() for char in text)
    ):
        return False
    counts = Counter(text).values()
    bits = -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
    return bits >= _LEAST_BITS and len(re.findall(r"[0-9]+", text)) > 1


def _in_body(headers: Headers, body: Body, name: str, kind: str) -> Json:
    media = media_of(headers)
    if kind == "form" and is_form(media):
        return next((value for key, value in pairs_of(body.data.decode("latin-1")) if key == name), None)
    if is_json(media) or kind != "form":
        value, there = _parsed(body.data)
        return at(value, f"/{name}") if there and name else value
    return None
