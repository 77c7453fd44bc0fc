"""What the name of a place says about its value: only a hint, weighed in `verdict` with shape and provenance."""

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Hint(StrEnum):
    """What is usually kept under such a name."""

    NOISE = "noise"  # drawn or counted anew for each call: nonce, request_id
    CALL = "call"  # the id of one message, event, transaction
    TIME = "time"  # when something happened
    OWN = "own"  # the id of the thing itself: a caller may choose it when it makes the thing
    REFERENCE = "reference"  # the id of another thing
    RANGE = "range"  # a time that somebody asks about
    DATA = "data"
    NONE = "none"


_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOISE: Final = _words(
    "nonce ts timestamp cachebuster cachebust cb bust rnd rand random salt traceparent tracestate jti iat "
    "nbf idempotency correlation cnonce noise requestid reqid traceid spanid correlationid idempotencykey "
    "_"
)
_CALLS: Final = _words(
    "request req trace span parentspan message msg event transaction txn dedup deduplication attempt call "
    "delivery"
)
_IDS: Final = _words("id ids uuid guid key ref reference token")
_TIMES: Final = _words("at time date now when clock datetime instant iat nbf exp stamp")
_OWN: Final = _words("id uuid guid ulid ref reference")
_EXTERNAL: Final = _words("client external local own temp tmp public new")
# Whom a caller may be for one run: chosen by itself, sent with each call.
_RUNS: Final = _words(
    "session client device visitor anonymous installation install run batch instance worker"
)
_RANGES: Final = _words(
    "from to since until after before start end begin deadline due min max day month year period expires"
)
_REFERENCES: Final = _words(
    "tenant account user customer owner org organization organisation workspace project team group parent "
    "product item sku order cart basket store shop channel room device author member invoice payment job "
    "task session subject page cursor client merchant company department role resource target source "
    "ancestor child article post comment thread file key token app api site zone node campaign vendor "
    "plan subscription address contact lead ticket issue"
)
_DATA: Final = _words(
    "amount price total count qty quantity size limit offset page cursor number no nr width height weight "
    "score version revision rev commit sha sha1 sha256 md5 hash checksum digest etag fingerprint query q "
    "search filter sort fields name title text description content body phone zip postcode iban vat ean "
    "isbn lat lon lng latitude longitude balance value cents currency status state type kind level color "
    "colour url uri href path password secret v seed code pin otp coupon voucher next prev previous "
    "continuation marker bookmark branch tag label data payload image photo avatar signature sku port"
)


# As scripts call them: a cache buster, a random number, a time.
_SCRIPTS: Final = {"_": Hint.NOISE, "__": Hint.NOISE, "r": Hint.CALL, "t": Hint.CALL}
_HAVE_IDS: Final = _CALLS | _RUNS | _REFERENCES


@lru_cache(4096)
def hint(name: str) -> Hint:
    """The hint of a name in any spelling: ``requestId``, ``request_id``, ``X-Request-ID``."""
    words = [word.lower() for word in _WORDS.findall(name)]
    if name in _SCRIPTS:
        return _SCRIPTS[name]
    if not words:
        return Hint.NONE
    if words[0] == "x" and len(words) > 1:
        del words[0]
    if _NOISE.intersection(words) or "".join(words) in _NOISE:
        return Hint.NOISE
    last, before = words[-1], words[:-1]
    if last.endswith("id") and last[:-2] in _HAVE_IDS:  # userid, appId written small
        last, before = "id", [*before, last[:-2]]
    if last in _IDS and before:
        return _of_id(before, last)
    return _of_word(last, before)


def _of_word(last: str, before: list[str]) -> Hint:
    if last in _TIMES and last not in _RANGES:
        return Hint.RANGE if _RANGES.intersection(before) else Hint.TIME
    if last in _RANGES or (before and before[0] in _RANGES):
        return Hint.RANGE
    for words, said in ((_OWN, Hint.OWN), (_DATA, Hint.DATA), (_REFERENCES, Hint.REFERENCE)):
        if last in words:
            return said
    return Hint.DATA if _DATA.intersection(before) else Hint.NONE


def _of_id(before: list[str], last: str) -> Hint:
    if (before, last) == (["client"], "id"):
        return Hint.REFERENCE  # OAuth
    if before[-1] in _CALLS:
        return Hint.CALL
    if (before[-1] in _EXTERNAL and len(before) == 1) or before[-1] in _RUNS:
        return Hint.OWN
    return Hint.REFERENCE


_VERBS: Final = _words(
    "get find fetch lookup search query read list show load check verify validate delete remove update "
    "change cancel confirm approve reject accept close open start stop pause resume archive restore move "
    "copy merge ban unban refund"
)


def makes(method: str, route: str) -> bool:
    """Whether a call may make a new thing, so that its caller may choose its id: no RPC that says it does else."""
    if method not in {"POST", "PUT"}:
        return False
    last = next((part for part in reversed(route.split("/")) if part and not part.startswith("{")), "")
    return not _VERBS.intersection(word.lower() for word in _WORDS.findall(last))


def is_own(name: str, path: str) -> bool:
    """Whether ``order_id`` is the id of what ``/orders`` is about."""
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words:
        return False
    stem = words[-2] if len(words) > 1 and words[-1] in _IDS else words[-1]
    return any(
        segment.lower() in {stem, stem + "s", stem + "es", stem[:-1] + "ies"} for segment in path.split("/")
    )
