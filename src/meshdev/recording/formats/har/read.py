"""HAR as exchanges: our own, browsers', proxies'.

| what they write | what comes of it |
|---|---|
| HTTP/2 pseudo headers (``:authority``) | left out; ``:authority`` becomes Host where there is none |
| a response of status 0 | no response, with the browser's ``_error`` |
| ``content`` with a size and without a text | an empty body that is marked as cut |
| Content-Encoding, though the text is decoded | kept as the body's coding |
| forms as ``params`` only (Firefox) | encoded again |
| ``data:``, ``blob:``, extensions' URLs | left out, with a note |
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from msgspec import UNSET

from meshdev.recording.formats.address import taken_apart
from meshdev.recording.formats.aside import with_aside
from meshdev.recording.formats.content import bytes_of, charset_of
from meshdev.recording.formats.har.words import (
    KINDS,
    Archive,
    Content,
    Entry,
    Frame,
    HarResponse,
    Pair,
    PostData,
)
from meshdev.recording.formats.heads import first
from meshdev.recording.formats.refusal import json_as, only, refused
from meshdev.recording.model import (
    Body,
    Cut,
    Exchange,
    Headers,
    Message,
    MessageKind,
    Meta,
    Recording,
    Request,
    Response,
    Timing,
)

_OUTSIDE: Final = "outside"
_NO_BODY: Final = frozenset({204, 304})
_OLD: Final = "HTTP/1.0"


def read(files: Mapping[str, bytes], name: str) -> Recording:
    """Raises RecordingError with the place of what is wrong."""
    file, data = only(files, "a HAR")
    archive = json_as(data, Archive, file)
    exchanges: list[Exchange] = []
    notes: list[str] = []
    for number, entry in enumerate(archive.log.entries):
        place = f"$.log.entries[{number}]"
        address = taken_apart(entry.request.url)
        if address is None:
            notes.append(f"{place}: left out, not a call over HTTP: {entry.request.url[:60]}")
            continue
        exchange = _exchange(entry, address, f"{number + 1:06d}", file, place)
        if exchange.response is not None and exchange.response.body.cut and entry.aside is UNSET:
            notes.append(f"{place}: the answer's body is not in the file")
        exchanges.append(exchange)
    exchanges.sort(key=lambda exchange: exchange.started)
    created = exchanges[0].started if exchanges else 0.0
    meta = Meta(name=name, created=created, ended=created, source="har", redacted=False)
    return Recording(meta=meta, exchanges=tuple(exchanges), notes=tuple(notes))


def _exchange(entry: Entry, address: tuple[str, str], number: str, file: str, place: str) -> Exchange:
    callee, target = address
    try:
        moment = datetime.fromisoformat(entry.startedDateTime)
    except ValueError as error:
        raise refused(file, f"{error} - at `{place}.startedDateTime`") from error
    started = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    headers = _headers(entry.request.headers)
    exchange = Exchange(
        id=number,
        started=started,
        microseconds=max(0, round((entry.time or 0) * 1000)),
        caller=_OUTSIDE,
        callee=callee,
        request=Request(
            entry.request.method.upper() if entry.aside is UNSET else entry.request.method,
            target,
            headers,
            _posted(entry.request.postData, headers, file, place),
            0 if entry.request.httpVersion == _OLD else 1,
        ),
        response=_response(entry.response, file, place),
        timing=_timing(entry),
        messages=tuple(_messages(entry, started, file, place)),
        error=entry.response.error or ("" if entry.response.status else "no answer in the HAR"),
    )
    return exchange if entry.aside is UNSET else with_aside(exchange, entry.aside)


def _headers(pairs: list[Pair]) -> Headers:
    plain = tuple((pair.name, pair.value or "") for pair in pairs if not pair.name.startswith(":"))
    authority = next((pair.value for pair in pairs if pair.name == ":authority" and pair.value), "")
    return (("host", authority), *plain) if authority and not first(plain, "host") else plain


def _posted(posted: PostData | None, headers: Headers, file: str, place: str) -> Body:
    if posted is None:
        return Body()
    if posted.text is None or (not posted.text and posted.params):
        params = posted.params or []
        data = urlencode([(pair.name, pair.value or "") for pair in params]).encode()
        cut = Cut.CAP if any(pair.fileName for pair in params) else None
        return Body(data, len(data), cut=cut) if params else Body()
    kind = posted.mimeType or first(headers, "content-type")
    data = _bytes(posted.text, posted.own or posted.encoding, kind, file, f"{place}.request.postData")
    return Body(data, len(data))


def _response(response: HarResponse, file: str, place: str) -> Response | None:
    if not response.status:
        return None
    headers = _headers(response.headers)
    status = int(response.status)
    body = _body(response.content, status, headers, file, f"{place}.response.content")
    return Response(
        status, response.statusText or "", headers, body, 0 if response.httpVersion == _OLD else 1
    )


def _body(content: Content, status: int, headers: Headers, file: str, place: str) -> Body:
    coding = first(headers, "content-encoding").strip().lower()
    size = int(content.size or 0)
    if content.text is None:
        missing = size > 0 and status not in _NO_BODY
        return Body(b"", size, coding, Cut.CAP) if missing else Body()
    data = _bytes(content.text, content.encoding, content.mimeType or "", file, place)
    return Body(data, len(data), coding) if data or coding else Body()


def _bytes(text: str, encoding: str | None, kind: str, file: str, place: str) -> bytes:
    if encoding and encoding.lower() == "base64":
        data = bytes_of(text)
        if data is None:
            raise refused(file, f"not base64 - at `{place}.text`")
        return data
    try:
        return text.encode(charset_of(kind))
    except UnicodeError:
        return text.encode("utf-8", "surrogatepass")


def _timing(entry: Entry) -> Timing:
    if entry.timings is None:
        return Timing()
    known = (entry.timings.send, entry.timings.wait, entry.timings.receive)
    return Timing(*(None if value is None or value < 0 else round(value * 1000) for value in known))


def _messages(entry: Entry, started: float, file: str, place: str) -> Iterator[Message]:
    for number, frame in enumerate(entry.frames):
        kind = KINDS.get(int(frame.opcode))
        if kind is None:
            continue  # a browser's mark of an error
        at = frame.aside.at if frame.aside else max(0, round((frame.time - started) * 1e6))
        data = _payload(frame, kind, file, f"{place}._webSocketMessages[{number}]")
        yield Message(at, frame.type == "send", kind, data, frame.aside.cut if frame.aside else None)


def _payload(frame: Frame, kind: MessageKind, file: str, place: str) -> bytes:
    encoding = frame.aside.encoding if frame.aside else ""
    if kind is MessageKind.TEXT:
        return _bytes(frame.data, encoding, "", file, place)
    data = bytes_of(frame.data)
    if data is None and kind is MessageKind.BINARY:
        raise refused(file, f"not base64 - at `{place}.data`")
    return frame.data.encode() if data is None else data
