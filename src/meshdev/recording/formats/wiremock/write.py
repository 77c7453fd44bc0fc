"""Exchanges as WireMock's mappings: a file each, bodies that are large or binary in ``__files``.

The same request with changing answers becomes a scenario that walks through them and stays at the last. Where
calls went to several services, each has a folder of its own: one WireMock stands for one service.
"""

import re
from collections.abc import Iterator
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from meshdev.recording.formats.address import split_target
from meshdev.recording.formats.content import is_json, media_of, text_of
from meshdev.recording.formats.heads import grouped
from meshdev.recording.formats.json_tree import Json, encoded
from meshdev.recording.formats.servable import by_callee, distinct_answers, same_requests, servable, served
from meshdev.recording.formats.wiremock.kept import kept_of
from meshdev.recording.formats.wiremock.matchers import request_pattern
from meshdev.recording.formats.written import Options, Written
from meshdev.recording.model import Exchange, Recording, Response

STARTED: Final = "Started"
_MOST_INLINE: Final = 2000
_SUFFIXES: Final = {
    "application/json": "json", "application/pdf": "pdf", "image/gif": "gif", "image/jpeg": "jpg", "image/png": "png",
    "image/svg+xml": "svg", "text/css": "css", "text/html": "html", "text/javascript": "js", "text/plain": "txt",
}  # fmt: skip


def write(recording: Recording, options: Options) -> Written:
    """``mappings/NUMBER-METHOD-PATH.json``; under the service's name where there are several."""
    kept, notes = servable(recording, "WireMock", broken=True)
    services = by_callee(kept)
    files: dict[str, bytes] = {}
    for service, exchanges in services.items():
        folder = f"{service}/" if len(services) > 1 else ""
        for path, content in _Service(recording.meta.name, exchanges, options).files():
            files[folder + path] = content
    return Written(files, notes)


class _Service:
    """The mappings of one service."""

    def __init__(self, name: str, exchanges: list[Exchange], options: Options) -> None:
        self._name = name
        self._options = options
        self._groups = same_requests(exchanges, options.volatile)
        self._queries: dict[str, set[str]] = {}
        for exchange in exchanges:
            path, query = split_target(exchange.request.target)
            self._queries.setdefault(path, set()).update(key for key, _ in query)
        self._scenarios: set[str] = set()

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Relative path and content."""
        number = 0
        for group in self._groups:
            steps = distinct_answers(group)
            scenario = self._scenario(steps[0]) if len(steps) > 1 else ""
            for position, exchange in enumerate(steps):
                number += 1
                stem = f"{number:04d}-{_slug(exchange)}"
                mapping, extra = self._mapping(exchange, stem)
                if scenario:
                    mapping |= {"scenarioName": scenario, "requiredScenarioState": _state(position)}
                    if position + 1 < len(steps):
                        mapping["newScenarioState"] = _state(position + 1)
                yield from extra
                yield f"mappings/{stem}.json", encoded(mapping)

    def _scenario(self, exchange: Exchange) -> str:
        plain = f"{exchange.request.method} {split_target(exchange.request.target)[0]}"
        name, count = plain, 1
        while name in self._scenarios:
            count += 1
            name = f"{plain} ({count})"
        self._scenarios.add(name)
        return name

    def _mapping(self, exchange: Exchange, stem: str) -> tuple[dict[str, Json], list[tuple[str, bytes]]]:
        path = split_target(exchange.request.target)[0]
        answer, extra = _answer(exchange.response, stem)
        mapping: dict[str, Json] = {
            "id": str(uuid5(NAMESPACE_URL, f"meshdev:{self._name}:{exchange.id}")),
            "name": f"{exchange.request.method} {exchange.request.target}",
            "request": request_pattern(exchange, self._options.volatile, self._queries[path]),
            "response": answer,
            "metadata": {"meshdev": kept_of(exchange)},
        }
        return mapping, extra


def _answer(response: Response | None, stem: str) -> tuple[Json, list[tuple[str, bytes]]]:
    if response is None:
        return {"fault": "CONNECTION_RESET_BY_PEER"}, []
    made: dict[str, Json] = {"status": response.status}
    if response.reason:
        made["statusMessage"] = response.reason
    headers: dict[str, Json] = {
        name: values[0] if len(values) == 1 else list[Json](values)
        for name, values in grouped(served(response)).items()
    }
    if headers:
        made["headers"] = headers
    data = response.body.data
    text = text_of(data)
    if text is not None and (len(data) <= _MOST_INLINE):
        return ({**made, "body": text} if text else made), []
    media = media_of(response.headers)
    suffix = "json" if is_json(media) else _SUFFIXES.get(media, "bin" if text is None else "txt")
    return {**made, "bodyFileName": f"{stem}.{suffix}"}, [(f"__files/{stem}.{suffix}", data)]


def _state(position: int) -> str:
    return STARTED if position == 0 else f"answer {position + 1}"


def _slug(exchange: Exchange) -> str:
    path = split_target(exchange.request.target)[0]
    words = re.sub(r"[^A-Za-z0-9]+", "-", path).strip("-")[:60].rstrip("-")
    return f"{exchange.request.method.lower()}-{words or 'root'}"
