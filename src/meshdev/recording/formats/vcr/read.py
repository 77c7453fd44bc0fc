"""Cassettes as exchanges: VCR.py's (YAML, JSON), of old versions too, and those of Ruby's VCR and betamax.

| what they write | what comes of it |
|---|---|
| ``!!binary`` and ``!!python/unicode`` | bytes, text; any other Python object is refused with its line |
| bodies in gzip or deflate, by Content-Encoding | undone, kept as the body's coding |
| ``base64_string`` (VCR.py 1.0, betamax), ``encoding: ASCII-8BIT`` | decoded |
| ``status_code`` and ``content`` (VCR.py with httpx before 6) | as any other answer |
| ``http_interactions``, ``recorded_at`` | interactions, with their time |
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import yaml

from meshdev.errors import RecordingError
from meshdev.recording.formats.address import taken_apart
from meshdev.recording.formats.content import body_of, bytes_of
from meshdev.recording.formats.heads import spread
from meshdev.recording.formats.json_tree import parsed
from meshdev.recording.formats.refusal import only, refused
from meshdev.recording.model import Body, Exchange, Headers, Meta, Recording, Request, Response

_OUTSIDE: Final = "outside"


_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):  # type: ignore[misc]
    """The safe loader, and the texts of Python 2."""


def _text(loader: Any, node: Any) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:python/unicode", _text)
_Loader.add_constructor("tag:yaml.org,2002:python/str", _text)


def read(files: Mapping[str, bytes], name: str) -> Recording:
    """Raises RecordingError with the line, or the place, of what is wrong."""
    file, data = only(files, "a cassette")
    cassette = _loaded(data, file)
    found = (
        cassette.get("interactions", cassette.get("http_interactions"))
        if isinstance(cassette, dict)
        else cassette
    )
    if not isinstance(found, list):
        raise refused(file, "no cassette: it has no list of interactions")
    exchanges = tuple(_Interaction(one, file, number).exchange() for number, one in enumerate(found))
    created = exchanges[0].started if exchanges else 0.0
    meta = Meta(name=name, created=created, ended=created, source="vcr", redacted=False)
    return Recording(meta=meta, exchanges=exchanges)


def _loaded(data: bytes, file: str) -> Any:
    if data.lstrip()[:1] in {b"{", b"["}:
        value, there = parsed(data)
        if there:
            return value
    try:
        return yaml.load(data, Loader=_Loader)  # noqa: S506 -- it is the safe loader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise refused(file, f"not a cassette's YAML: {error.problem}", line=line) from error
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        raise refused(file, f"not a cassette's YAML: {' '.join(str(error).split())}") from error


class _Interaction:
    """One of them being read; it knows its place for errors."""

    def __init__(self, said: Any, file: str, number: int) -> None:
        self._said = said
        self._file = file
        self._number = number

    def exchange(self) -> Exchange:
        """The whole of it."""
        request = self._table(self._said, "request")
        response = self._table(self._said, "response")
        uri = str(request.get("uri") or request.get("url") or "")
        address = taken_apart(uri)
        if address is None:
            raise self._wrong(f"no URL of a call over HTTP: {uri[:60]!r}", "request.uri")
        headers = self._headers(request.get("headers"), "request.headers")
        return Exchange(
            id=f"{self._number + 1:06d}",
            started=self._recorded_at(),
            microseconds=0,
            caller=_OUTSIDE,
            callee=address[0],
            request=Request(
                str(request.get("method") or "GET").upper(),
                address[1],
                headers,
                self._body(request.get("body"), headers, "request.body"),
            ),
            response=self._response(response),
        )

    def _response(self, said: dict[str, Any]) -> Response:
        headers = self._headers(said.get("headers"), "response.headers")
        status = said.get("status")
        if isinstance(status, dict):
            code, reason = status.get("code"), status.get("message")
            content = said.get("body")
        else:
            code, reason, content = said.get("status_code", status), "", said.get("content", said.get("body"))
        number = int(code) if isinstance(code, int | str) and str(code).isdecimal() else 0
        if not number:
            raise self._wrong(f"no status code: {code!r}", "response.status.code")
        return Response(number, str(reason or ""), headers, self._body(content, headers, "response.body"))

    def _body(self, said: Any, headers: Headers, place: str) -> Body:
        if isinstance(said, dict):
            coded = said.get("base64_string")
            if coded is not None:
                data = bytes_of(coded if isinstance(coded, str) else bytes(coded).decode("latin-1"))
                if data is None:
                    raise self._wrong("not base64", f"{place}.base64_string")
                return _made(data, headers)
            said = said.get("string")
        if said is None:
            return Body()
        if isinstance(said, list):  # an iterator that VCR.py has recorded
            said = b"".join(piece if isinstance(piece, bytes) else str(piece).encode() for piece in said)
        return _made(said if isinstance(said, bytes) else str(said).encode("utf-8", "surrogatepass"), headers)

    def _headers(self, said: Any, place: str) -> Headers:
        if said is None:
            return ()
        if not isinstance(said, dict):
            raise self._wrong("no table of headers", place)
        return spread(
            (str(name), [_value(value) for value in (values if isinstance(values, list) else [values])])
            for name, values in said.items()
        )

    def _recorded_at(self) -> float:
        said = self._said.get("recorded_at")
        try:
            moment = datetime.fromisoformat(said) if isinstance(said, str) else said
        except ValueError:
            return 0.0
        if not isinstance(moment, datetime):
            return 0.0
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

    def _table(self, said: Any, key: str) -> dict[str, Any]:
        found = said.get(key) if isinstance(said, dict) else None
        if not isinstance(found, dict):
            raise self._wrong("is missing, or no table", key)
        return found

    def _wrong(self, what: str, place: str) -> RecordingError:
        return refused(self._file, f"{what} - at `interactions[{self._number}].{place}`")


def _made(data: bytes, headers: Headers) -> Body:
    made = body_of(data, headers)
    return Body() if made == Body(b"", 0, made.coding) else made


def _value(said: Any) -> str:
    if isinstance(said, bytes):
        return said.decode("latin-1")
    return said.isoformat() if isinstance(said, date) else str(said)
