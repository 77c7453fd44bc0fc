"""What a request gets that was not recorded: a problem (RFC 9457) with status 599, and a line for the service's log.

Both name the closest recorded requests and where they differ; secrets are out of them already.
"""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from meshdev.recording.matching import Candidate, Miss
from meshdev.recording.model import Request
from meshdev.standin.script import Ending, Script
from meshdev.traffic.http1_head import RequestHead

NO_MATCH = 599
_TITLES = {NO_MATCH: "No Match"}
_BY_US = "meshdev"
_MOST_DIFFERENCES = 4
_MOST_LETTERS = 60


def answer_to(miss: Miss, head: RequestHead, request: Request, service: str) -> Script:
    """The whole answer; the connection lives on."""
    facts = {
        "by": _BY_US,
        "error": "no-match",
        "callee": service,
        "request": f"{request.method} {request.target}",
        "closest": [_shown(candidate) for candidate in miss.closest],
    }
    return problem(NO_MATCH, miss.reason, facts, head)


def problem(status: int, reason: str, facts: Mapping[str, object], head: RequestHead | None) -> Script:
    """An answer of the stand-in's own; without a head the connection is closed."""
    title = _TITLES.get(status) or HTTPStatus(status).phrase
    detail = reason.translate({ord("\r"): " ", ord("\n"): " "})
    body = msgspec.json.encode({"title": title, "status": status, "detail": detail, **facts})
    closes = head is None or not head.keep_alive
    said = (
        f"HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\ncontent-length: {len(body)}\r\n"
        f"x-meshdev-reason: {detail}\r\n{'connection: close' + chr(13) + chr(10) if closes else ''}\r\n"
    ).encode("latin-1", "replace")
    bodiless = head is not None and head.method == "HEAD"
    return Script(((0.0, said if bodiless else said + body),), Ending.CLOSE if closes else Ending.KEEP)


def line_of(miss: Miss, request: Request) -> str:
    """For the log: what was asked, why it is no match, and what came closest."""
    return f"no match: {request.method} {request.target}: {miss.reason}{differences_in(miss)}"


def differences_in(miss: Miss) -> str:
    """Behind the reason: the closest recorded call, and where it differs; empty when there is none."""
    if not miss.closest:
        return ""
    first = miss.closest[0]
    told = [f"{it.place} was {_short(it.recorded)}, is {_short(it.asked)}" for it in first.differences]
    more = len(told) - _MOST_DIFFERENCES
    rest = f" and {more} more" if more > 0 else ""
    asked = first.exchange.request
    return f"; closest: {asked.method} {asked.target} ({'; '.join(told[:_MOST_DIFFERENCES])}{rest})"


def _shown(candidate: Candidate) -> dict[str, object]:
    asked = candidate.exchange.request
    return {
        "exchange": candidate.exchange.id,
        "request": f"{asked.method} {asked.target}",
        "differences": [
            {"place": it.place, "recorded": it.recorded, "asked": it.asked} for it in candidate.differences
        ],
    }


def _short(text: str | None) -> str:
    if text is None:
        return "missing"
    return repr(text) if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]!r}…"
