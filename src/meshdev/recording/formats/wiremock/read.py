"""WireMock's mappings as exchanges: ours, and those that people and WireMock's own recorder write.

A recording holds requests, not patterns: a mapping is read if a request can be made of it (``url``, ``urlPath``,
``urlPathTemplate``, patterns that are plain texts); the others are named in the notes.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from meshdev.errors import RecordingError
from meshdev.recording.formats.aside import with_aside
from meshdev.recording.formats.content import body_of, bytes_of, whole
from meshdev.recording.formats.heads import first, spread
from meshdev.recording.formats.refusal import as_kind, json_as, refused
from meshdev.recording.formats.wiremock.kept import Kept
from meshdev.recording.formats.wiremock.patterns import body_of_patterns, headers_of, target_of
from meshdev.recording.model import Body, Exchange, Headers, Meta, Recording, Request, Response, Timing

_OUTSIDE: Final = "outside"
_STARTED: Final = "Started"
_SERVICE: Final = "wiremock"


class Answer(Struct, frozen=True):
    """The ``response`` of a mapping."""

    status: int = 200
    statusMessage: str | None = None  # noqa: N815 -- WireMock's word
    headers: dict[str, str | list[str]] | None = None
    body: str | None = None
    jsonBody: Any = None  # noqa: N815 -- WireMock's word
    base64Body: str | None = None  # noqa: N815 -- WireMock's word
    bodyFileName: str | None = None  # noqa: N815 -- WireMock's word
    fault: str | None = None
    fixedDelayMilliseconds: int | None = None  # noqa: N815 -- WireMock's word
    proxyBaseUrl: str | None = None  # noqa: N815 -- WireMock's word


class Stub(Struct, frozen=True):
    """A mapping."""

    request: dict[str, Any] = {}
    response: Answer = Answer()
    scenarioName: str | None = None  # noqa: N815 -- WireMock's word
    requiredScenarioState: str | None = None  # noqa: N815 -- WireMock's word
    newScenarioState: str | None = None  # noqa: N815 -- WireMock's word
    metadata: dict[str, Any] | None = None


class _Found(Struct, frozen=True):
    """A mapping and where it stands."""

    stub: Stub
    folder: str
    place: str


def read(files: Mapping[str, bytes], name: str) -> Recording:
    """Raises RecordingError with the file and the place of what is wrong."""
    notes: list[str] = []
    exchanges: list[Exchange] = []
    found = [one for path in sorted(files) if _is_mapping(path) for one in _stubs(path, files[path])]
    if not found:
        raise RecordingError("no mappings here", hint="give the folder that holds mappings/ and __files/")
    for one in _in_order(found):
        exchange = _exchange(one, files, f"{len(exchanges) + 1:06d}")
        if isinstance(exchange, str):
            notes.append(f"{one.place}: left out, {exchange}")
        else:
            exchanges.append(exchange)
    if all(one.stub.metadata and "meshdev" in one.stub.metadata for one in found):
        exchanges.sort(key=lambda exchange: (exchange.started, exchange.id))
    created = exchanges[0].started if exchanges else 0.0
    meta = Meta(name=name, created=created, ended=created, source="wiremock", redacted=False)
    return Recording(meta=meta, exchanges=tuple(exchanges), notes=tuple(notes))


def _is_mapping(path: str) -> bool:
    parts = path.split("/")
    return path.endswith(".json") and "__files" not in parts and (len(parts) == 1 or "mappings" in parts[:-1])


def _stubs(path: str, data: bytes) -> Iterator[_Found]:
    head, mark, _ = f"/{path}".partition("/mappings/")
    folder = head.strip("/") if mark else ""
    value = json_as(data, dict[str, Any], path)
    many = value.get("mappings")
    if isinstance(many, list):
        for number, one in enumerate(many):
            try:
                yield _Found(as_kind(one, Stub, path), folder, f"{path} $.mappings[{number}]")
            except RecordingError as error:
                raise refused(path, f"{error.message} in `$.mappings[{number}]`") from error
    else:
        yield _Found(as_kind(value, Stub, path), folder, path)


def _in_order(found: list[_Found]) -> Iterator[_Found]:
    """As they stand, but those of a scenario in the order of its states, where its first one stands."""
    scenarios: dict[tuple[str, str], list[_Found]] = {}
    for one in found:
        if one.stub.scenarioName:
            scenarios.setdefault((one.folder, one.stub.scenarioName), []).append(one)
    for one in found:
        if not one.stub.scenarioName:
            yield one
        else:
            yield from _walked(scenarios.pop((one.folder, one.stub.scenarioName), []))


def _walked(steps: list[_Found]) -> Iterator[_Found]:
    left = list(steps)
    state: str | None = _STARTED
    while left:
        step = next((one for one in left if (one.stub.requiredScenarioState or _STARTED) == state), left[0])
        left.remove(step)
        state = step.stub.newScenarioState or state
        yield step


def _exchange(found: _Found, files: Mapping[str, bytes], number: str) -> Exchange | str:
    """The exchange, or why there is none."""
    stub, file = found.stub, found.place.partition(" ")[0]
    if stub.response.proxyBaseUrl:
        return "it is a proxy"
    target = target_of(stub.request)
    if target is None:
        return "its URL is a pattern, or missing"
    method = str(stub.request.get("method") or "ANY").upper()
    headers = headers_of(stub.request)
    response = _response(stub.response, files, found, file)
    body, media = body_of_patterns(stub.request, file)
    if media and not first(headers, "content-type"):
        headers = (*headers, ("Content-Type", media))
    delay = stub.response.fixedDelayMilliseconds
    exchange = Exchange(
        id=number,
        started=0.0,
        microseconds=(delay or 0) * 1000,
        caller=_OUTSIDE,
        callee=found.folder.rpartition("/")[2] or _SERVICE,
        request=Request("GET" if method == "ANY" else method, target, headers, whole(body)),
        response=response,
        timing=Timing() if delay is None else Timing(wait=delay * 1000),
        error="" if response else str(stub.response.fault),
    )
    kept = (stub.metadata or {}).get("meshdev")
    return exchange if kept is None else _completed(exchange, as_kind(kept, Kept, file), method)


def _completed(exchange: Exchange, kept: Kept, method: str) -> Exchange:
    data = (bytes_of(kept.base64) or b"") if kept.base64 else kept.text.encode()
    request = Request(method, exchange.request.target, kept.headers, whole(data))
    response = exchange.response
    if response is not None:
        response = Response(response.status, kept.reason, kept.answered, whole(response.body.data))
    changed = Exchange(exchange.id, exchange.started, 0, "", "", request, response)
    return with_aside(changed, kept.exchange)


def _response(answer: Answer, files: Mapping[str, bytes], found: _Found, file: str) -> Response | None:
    if answer.fault:
        return None
    headers: Headers = spread((answer.headers or {}).items())
    if answer.bodyFileName is not None:
        path = "/".join(filter(None, (found.folder, "__files", answer.bodyFileName.lstrip("/"))))
        if path not in files:
            raise refused(file, f"{path} is not there - at `$.response.bodyFileName`")
        data = files[path]
    elif answer.base64Body is not None:
        coded = bytes_of(answer.base64Body)
        if coded is None:
            raise refused(file, "not base64 - at `$.response.base64Body`")
        data = coded
    elif answer.jsonBody is not None:
        data = json.dumps(answer.jsonBody, ensure_ascii=False).encode()
    else:
        data = (answer.body or "").encode("utf-8", "surrogatepass")
    return Response(
        answer.status, answer.statusMessage or "", headers, body_of(data, headers) if data else Body()
    )
