"""NATS subjects: their patterns for telemetry, and what JetStream writes into its own.

A token that looks like a value (a number, a UUID, a long hexadecimal or mixed word, a number behind a word) becomes
``{id}``, an inbox ``_INBOX.{id}``, a key of a key-value bucket ``$KV.bucket.{key}``. Guesses are for people and sums.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

MOST_TOKENS: Final = 10
MOST_BYTES: Final = 160
INBOX: Final = b"_INBOX."
ACK: Final = b"$JS.ACK."
API: Final = b"$JS.API."
_ID: Final = "{id}"
_VALUE: Final = re.compile(
    rb"[0-9]+(?:[_,:-][0-9]+)*"  # numbers, dates
    rb"|(?:[^-]*-)??[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"  # UUID, also behind a word
    rb"|(?=[a-fA-F]*[0-9])[0-9a-fA-F]{8,}"
    rb"|(?=[A-Za-z_=-]*[0-9])(?=[0-9_=-]*[A-Za-z])[0-9A-Za-z_=-]{16,}"  # NUID, ULID, base64 of something
    rb"|(?=[a-z]*[A-Z])(?=[A-Z]*[a-z])[A-Za-z]{20,}"
    rb"|[A-Za-z]{1,12}[-_](?:[0-9]{2,}|(?=[0-9a-f]*[0-9])[0-9a-f]{6,})"  # order-1042, cart_9f8e7d
    rb"|.*[%@].*"  # whatever a person typed
)
_COULD_HOLD_VALUE: Final = re.compile(rb"[0-9%@]|[A-Za-z]{20}")


@lru_cache(maxsize=4096)
def subject_pattern(subject: bytes) -> str:
    """The guessed pattern of a subject: ``orders.17.paid`` gives ``orders.{id}.paid``."""
    if subject.startswith(INBOX):
        return "_INBOX.{id}"
    if subject.startswith(b"$KV.") and subject.count(b".") > 1:
        return f"$KV.{_printable(subject.split(b'.')[1])}.{{key}}"
    if subject.count(b".") >= MOST_TOKENS:
        subject = b".".join([*subject.split(b".")[:MOST_TOKENS], b"..."])
    if _COULD_HOLD_VALUE.search(subject):
        return ".".join(
            _ID if _VALUE.fullmatch(token) else _printable(token) for token in subject.split(b".")
        )[:MOST_BYTES]
    return _printable(subject)


def _printable(token: bytes) -> str:
    text = token[:MOST_BYTES].decode("utf-8", "replace")
    return text if text.isprintable() else "".join(it if it.isprintable() else "\ufffd" for it in text)


class Delivery(NamedTuple):
    """What the subject says by which a JetStream delivery is acknowledged; ``pending`` messages wait behind it."""

    stream: str
    consumer: str
    times: int
    pending: int


def delivery_of(reply: bytes) -> Delivery | None:
    """Reads ``$JS.ACK.stream.consumer.delivered.sseq.cseq.time.pending``, and the form with domain and account."""
    tokens = reply.split(b".")
    first = 2 if len(tokens) == 9 else 4  # noqa: PLR2004 - of the older form
    if len(tokens) < first + 7:
        return None
    times, pending = tokens[first + 2], tokens[first + 6]
    if not (times.isdigit() and pending.isdigit() and len(pending) < 16 and len(times) < 16):  # noqa: PLR2004 - digits
        return None
    return Delivery(_printable(tokens[first]), _printable(tokens[first + 1]), int(times), int(pending))


@lru_cache(maxsize=1024)
def api_call(subject: bytes) -> tuple[str, str, str]:
    """A request to JetStream's API: its name, the stream, and the consumer or what else it is about.

    ``$JS.API.CONSUMER.MSG.NEXT.SHOP.mailer`` gives ``CONSUMER.MSG.NEXT``, ``SHOP``, ``mailer``.
    """
    tokens = [_printable(token) for token in subject.removeprefix(API).split(b".")]
    words = 0
    while words < len(tokens) and words < _MOST_WORDS and tokens[words] in _API_WORDS:
        words += 1
    name, about = ".".join(tokens[:words]) or "API", tokens[words:]
    stream = about[0] if about else ""
    return name, stream, ".".join(about[1:3])


_MOST_WORDS: Final = 3
_API_WORDS: Final = frozenset(
    {
        "ACCOUNT",
        "CONSUMER",
        "CREATE",
        "DELETE",
        "DIRECT",
        "DURABLE",
        "GET",
        "INFO",
        "LEADER",
        "LIST",
        "MSG",
        "NAMES",
        "NEXT",
        "PAUSE",
        "PEER",
        "PURGE",
        "REMOVE",
        "RESTORE",
        "SNAPSHOT",
        "STEPDOWN",
        "STREAM",
        "UPDATE",
    }
)
