"""Two calls whole, held against each other: headers and bodies, place by place. Pure."""

from collections.abc import Iterator
from typing import Final

from meshdev.recording.calls import Decode, guessed, with_bodies
from meshdev.recording.comparison.fields import fields_of, shown
from meshdev.recording.model import Exchange, Headers, Request, Response
from meshdev.tui import units
from meshdev.tui.cells import clean, cut, pad
from meshdev.tui.tone import Span, Tone

Lines = list[list[Span]]

MOST: Final = 120
_LEAST_LABEL: Final = 14
_MOST_LABEL: Final = 32
_HEADER: Final = "header."


def compared(first: Exchange, second: Exchange, width: int, decode: Decode = guessed) -> Lines:
    """What differs in the requests and in the answers, one place a line, the marked one left.

    ``decode`` makes JSON of a call's messages.
    """
    first, second = with_bodies(first, decode), with_bodies(second, decode)
    lines: Lines = []
    label = max(_LEAST_LABEL, min(_MOST_LABEL, width // 3))
    for title, left, right in (
        ("Request", _asked(first.request), _asked(second.request)),
        ("Answer", _answered(first.response), _answered(second.response)),
    ):
        places = [*left, *(one for one in right if one not in left)]
        different = [place for place in places if left.get(place) != right.get(place)]
        same = len(places) - len(different)
        told = f"  {units.plural(len(different), 'difference')}, {units.count(same)} the same"
        lines += [[], [Span("  "), Span(title, Tone.TITLE), Span(told, Tone.MUTED)]]
        lines += _rows(different[:MOST], left, right, label, width)
        if len(different) > MOST:
            lines.append([Span(f"  … {units.count(len(different) - MOST)} more", Tone.MUTED)])
    return lines


def _rows(
    places: list[str], left: dict[str, str], right: dict[str, str], label: int, width: int
) -> Iterator[list[Span]]:
    column = max(8, (width - label - 4) // 2)
    for place in places:
        before, now = left.get(place), right.get(place)
        yield [
            Span("≠ ", Tone.WARN),
            Span(pad(_short(clean(place), label - 1), label), Tone.MUTED),
            Span(pad(clean(before) if before is not None else "-", column)),
            Span("  "),
            Span(cut(clean(now) if now is not None else "-", column), Tone.STRONG),
        ]


def _short(place: str, width: int) -> str:
    """Its end tells more than its beginning."""
    return place if len(place) <= width else "…" + place[1 - width :]


def _asked(request: Request) -> dict[str, str]:
    taken = _taken(Response(0, "", request.headers, request.body))
    del taken["status"]
    return {"line": f"{request.method} {request.target}", **taken}


def _answered(response: Response | None) -> dict[str, str]:
    return {} if response is None else _taken(response)


def _taken(response: Response) -> dict[str, str]:
    """All headers, and the body by its places."""
    found = {"status": str(response.status)}
    found |= _headers(response.headers)
    for place, value in fields_of(response).values.items():
        if place.startswith(("body", "form.", "line ")):
            found[place] = shown(value)
    return found


def _headers(headers: Headers) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        place = _HEADER + name.lower()
        found[place] = f"{found[place]}, {value}" if place in found else value
    return found
