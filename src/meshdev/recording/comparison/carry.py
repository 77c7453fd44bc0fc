"""A recorded story told again to a live callee: names that it gives out now go into the requests that follow.

Recorded answers and live ones are held side by side; where the recorded one has a name (an id, a token, a cursor, a
cookie) that differs, later requests carry the live one: in path, query, headers and body. Short names (``17``) are
known again only where they must be meant: in the path behind their collection, in a query field called after it.
"""

import contextlib
import re
from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from meshdev.recording.comparison.fields import fields_of
from meshdev.recording.matching.names import Hint, hint, is_own
from meshdev.recording.matching.shape import STRONG, TIMES, Shape, shape_of
from meshdev.recording.model import Exchange, Request, Response

_WORD: Final = re.compile(r"[A-Za-z0-9_.~+-]+")
_NAMES: Final = frozenset({Hint.OWN, Hint.REFERENCE, Hint.CALL, Hint.NOISE})
_LEAST: Final = 6  # characters of a name that is known again anywhere


class Carry:
    """Names of one story, recorded → live."""

    def __init__(self) -> None:
        self._live: dict[str, str] = {}
        self._short: dict[tuple[str, str], str] = {}  # (collection, recorded) → live
        self._cookies: dict[tuple[str, str], str] = {}  # (name, recorded) → live

    @property
    def bindings(self) -> Mapping[str, str]:
        """For `compare`."""
        return self._live

    def rename(self, before: str, after: str) -> None:
        """A name that the caller chooses: it is another one this time."""
        self._live[before] = after

    def answered(self, recorded: Exchange, actual: Response) -> None:
        """Learns from an answer of the live callee."""
        if recorded.response is None:
            return
        given = _cookies_of(actual)
        for cookie, was in _cookies_of(recorded.response).items():
            if given.get(cookie) and given[cookie] != was:
                self._cookies[cookie, was] = given[cookie]
                self._learn("", was, given[cookie])
        collection = recorded.request.target.partition("?")[0].rstrip("/").rpartition("/")[2]
        theirs, ours = fields_of(recorded.response).values, fields_of(actual).values
        for place, before in theirs.items():
            after = ours.get(place)
            if (
                after is None
                or before == after
                or isinstance(before, bool)
                or type(before) is not type(after)
            ):
                continue
            if place == "header.location":
                old, new = _WORD.findall(str(before)), _WORD.findall(str(after))
                for one, other in zip(old, new, strict=False) if len(old) == len(new) else ():
                    self._learn(collection, one, other)
            elif place.startswith("body/") and _is_name(place, before):
                self._learn(collection, str(before), str(after))

    def _learn(self, collection: str, before: str, after: str) -> None:
        if before == after:
            return
        if len(before) >= _LEAST:
            self._live[before] = after
        else:
            self._short[collection, before] = after

    def request(self, recorded: Exchange) -> Request:
        """The recorded request with live names in it."""
        request = recorded.request
        if not self._live and not self._short and not self._cookies:
            return request
        path, mark, query = request.target.partition("?")
        target = self._path(path) + mark + "&".join(map(self._field, query.split("&")))
        headers = tuple((name, self._header(name, value)) for name, value in request.headers)
        data = request.body.data
        with contextlib.suppress(UnicodeDecodeError):
            data = self._put(data.decode()).encode()
        return replace(
            request, target=target, headers=headers, body=replace(request.body, data=data, size=len(data))
        )

    def _path(self, path: str) -> str:
        before = ""
        segments = []
        for segment in path.split("/"):
            segments.append(self._short.get((before, segment)) or self._put(segment))
            before = segment
        return "/".join(segments)

    def _field(self, pair: str) -> str:
        name, mark, value = pair.partition("=")
        for (collection, before), after in self._short.items():
            if value == before and is_own(name, collection):
                return name + mark + after
        return name + mark + self._put(value)

    def _header(self, name: str, value: str) -> str:
        if name.lower() == "cookie":
            return ";".join(map(self._cookie, value.split(";")))
        return self._live.get(value) or self._put(value)

    def _cookie(self, pair: str) -> str:
        name, mark, value = pair.partition("=")
        return name + mark + (self._cookies.get((name.strip(), value)) or self._put(value))

    def _put(self, text: str) -> str:
        return _WORD.sub(lambda match: self._live.get(match[0], match[0]), text)


def _cookies_of(response: Response) -> dict[str, str]:
    pairs = (
        value.partition(";")[0].partition("=")
        for name, value in response.headers
        if name.lower() == "set-cookie"
    )
    return {name.strip(): value.strip() for name, _, value in pairs}


def _is_name(place: str, value: object) -> bool:
    if not isinstance(value, str | int):
        return False
    shape = shape_of(value)
    if shape in TIMES:
        return False
    return shape in STRONG | {Shape.SHORT} or hint(place.rpartition("/")[2]) in _NAMES
