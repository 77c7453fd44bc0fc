"""Simulations of Hoverfly v5 as exchanges: those pairs of which a request can be made.

A method that is not said is GET; a path or a destination that is no plain text leaves the pair out, with a note.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct

from meshdev.recording.formats.content import body_of, bytes_of, whole
from meshdev.recording.formats.heads import first, spread
from meshdev.recording.formats.refusal import json_as, only, refused
from meshdev.recording.model import Body, Exchange, Headers, Meta, Recording, Request, Response, Timing

_OUTSIDE: Final = "outside"
_SERVICE: Final = "hoverfly"
_TEXTUAL: Final = frozenset({"exact", "json", "jsonpartial", "xml", "xmltemplated"})
_MEDIA: Final = {"json": "application/json", "jsonpartial": "application/json", "xml": "application/xml"}


class Matcher(Struct, frozen=True):
    """How a field is compared; many are written without a name when they are exact."""

    matcher: str = "exact"
    value: Any = None


class Matchers(Struct, frozen=True):
    """The ``request`` of a pair."""

    path: list[Matcher] | None = None
    method: list[Matcher] | None = None
    destination: list[Matcher] | None = None
    query: dict[str, list[Matcher]] | None = None
    headers: dict[str, list[Matcher]] | None = None
    body: list[Matcher] | None = None


class Answer(Struct, frozen=True):
    """The ``response`` of a pair."""

    status: int = 200
    body: str = ""
    encodedBody: bool = False  # noqa: N815 -- Hoverfly's word
    bodyFile: str = ""  # noqa: N815 -- Hoverfly's word
    headers: dict[str, list[str]] | None = None
    templated: bool = False
    fixedDelay: int = 0  # noqa: N815 -- Hoverfly's word


class Pair(Struct, frozen=True):
    """Both."""

    request: Matchers
    response: Answer


class Data(Struct, frozen=True):
    """The pairs; what acts on all of them is not read."""

    pairs: list[Pair]


class Seal(Struct, frozen=True):
    """The ``meta`` of a simulation."""

    schemaVersion: str  # noqa: N815 -- Hoverfly's word


class Simulation(Struct, frozen=True):
    """The file."""

    data: Data
    meta: Seal


def read(files: Mapping[str, bytes], name: str) -> Recording:
    """Raises RecordingError with the place of what is wrong."""
    documents = {path: data for path, data in files.items() if path.endswith(".json")}
    file, data = only(documents if len(documents) == 1 else files, "a simulation")
    simulation = json_as(data, Simulation, file)
    if not simulation.meta.schemaVersion.startswith("v5"):
        found = simulation.meta.schemaVersion
        raise refused(
            file, f"a simulation of version {found}", hint="Hoverfly writes v5 of it when it imports it"
        )
    exchanges: list[Exchange] = []
    notes: list[str] = []
    for number, pair in enumerate(simulation.data.pairs):
        place = f"$.data.pairs[{number}]"
        path, host = _plain(pair.request.path), _plain(pair.request.destination)
        if path is None or (host is None and pair.request.destination):
            notes.append(f"{place}: left out, its {'path' if path is None else 'destination'} is a pattern")
            continue
        if pair.response.templated:
            notes.append(f"{place}: its answer is a template, which is taken as it stands")
        response = _response(pair.response, files, file, place)
        request = _request(pair.request, path or "/")
        delay = pair.response.fixedDelay * 1000
        timing = Timing(wait=delay) if delay else Timing()
        exchanges.append(
            Exchange(
                f"{number + 1:06d}", 0.0, delay, _OUTSIDE, host or _SERVICE, request, response, timing=timing
            )
        )
    meta = Meta(name=name, source="hoverfly", redacted=False)
    return Recording(meta=meta, exchanges=tuple(exchanges), notes=tuple(notes))


def _request(said: Matchers, path: str) -> Request:
    query = [(name, value) for name, matchers in (said.query or {}).items() for value in _values(matchers)]
    headers: Headers = tuple(
        (name, value) for name, matchers in (said.headers or {}).items() for value in _values(matchers)
    )
    body, media = _body(said.body or [])
    if media and not first(headers, "content-type"):
        headers = (*headers, ("Content-Type", media))
    target = f"{path}?{urlencode(query, errors='replace')}" if query else path
    return Request((_plain(said.method) or "GET").upper(), target, headers, whole(body))


def _body(matchers: list[Matcher]) -> tuple[bytes, str]:
    for one in matchers:
        kind = one.matcher.lower()
        if kind in _TEXTUAL and isinstance(one.value, str):
            return one.value.encode("utf-8", "surrogatepass"), _MEDIA.get(kind, "")
        if kind == "form" and isinstance(one.value, dict):
            pairs = [(name, value) for name, inner in one.value.items() for value in _form_values(inner)]
            return urlencode(pairs, errors="replace").encode(), "application/x-www-form-urlencoded"
    return b"", ""


def _form_values(inner: object) -> list[str]:
    said = [one for one in inner if isinstance(one, dict)] if isinstance(inner, list) else []
    return [str(one["value"]) for one in said if "value" in one]


def _response(said: Answer, files: Mapping[str, bytes], file: str, place: str) -> Response:
    headers = spread((said.headers or {}).items())
    if said.bodyFile:
        if said.bodyFile not in files:
            raise refused(file, f"{said.bodyFile} is not there - at `{place}.response.bodyFile`")
        data: bytes | None = files[said.bodyFile]
    elif said.encodedBody:
        data = bytes_of(said.body)
    else:
        data = said.body.encode("utf-8", "surrogatepass")
    if data is None:
        raise refused(file, f"not base64 - at `{place}.response.body`")
    return Response(said.status, "", headers, body_of(data, headers) if data else Body())


def _plain(matchers: list[Matcher] | None) -> str | None:
    found = (
        one.value for one in matchers or () if one.matcher.lower() == "exact" and isinstance(one.value, str)
    )
    return next(found, None)


def _values(matchers: list[Matcher]) -> list[str]:
    for one in matchers:
        if isinstance(one.value, list):
            return [str(value) for value in one.value]
        if one.matcher.lower() == "exact":
            return [str(one.value)]
    return []
