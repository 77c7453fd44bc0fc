"""Where an answer gives back what its caller chose, found once an exchange, so that an answer is only put together.

Distinct values are echoes wherever they stand between other characters, also within URLs, in capitals, or without the
dashes of a UUID. Short ones only as a whole scalar of JSON, and very short ones only under the same name. Headers of
the request are looked for in the same way; `Host` is, so that links lead to whoever answers now.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from meshdev.recording.matching.bindings import bindable
from meshdev.recording.matching.entry import Entry
from meshdev.recording.matching.shape import TIMES, shape_of
from meshdev.recording.matching.verdict import named
from meshdev.recording.model import Response

MOST_SEARCHED: Final = 4 << 20
_LEAST_WITHIN: Final = 8  # characters of a value within a text
_LEAST_ALONE: Final = 4  # of a scalar of JSON under another name
_LEAST_HEADER: Final = 6
_LEAST_SENT: Final = 16  # of a header's value that is no coincidence under another name
_WORD: Final = re.compile(rb"[A-Za-z0-9_-]{6,96}")
_JSON: Final = re.compile(rb'"((?:[^"\\]|\\.)*)"(\s*:)?|(-?[0-9][0-9.eE+-]*)|[{}\[\]]|true|false|null')
_VERSION: Final = 2  # characters of the version and the flags of a traceparent
_INNER: Final = re.compile(rb"[A-Za-z0-9]")
_DIGIT: Final = re.compile(rb"[A-Za-z0-9.]")
_SKIPPED: Final = frozenset(
    "content-length content-type transfer-encoding connection date server vary cache-control etag last-modified".split()  # noqa: SIM905
)
_SILENT: Final = frozenset(
    "accept accept-encoding content-length content-type connection transfer-encoding te expect if-none-match".split()  # noqa: SIM905
)


def _plain(text: str) -> str:
    return text


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _ascii(text: str) -> str:
    return json.dumps(text)[1:-1]


def _url(text: str) -> str:
    return quote(text, safe="")


def _small(text: str) -> str:
    return text.lower()


def _large(text: str) -> str:
    return text.upper()


def _bare(text: str) -> str:
    return text.replace("-", "")


Form = Callable[[str], str]

_WRITTEN: Final[tuple[Form, ...]] = (_plain, _json, _ascii, _url)
_SPELT: Final[tuple[Form, ...]] = (_plain, _small, _large, _bare)
_SAME: Final = re.compile(r"[A-Za-z0-9_.-]*")  # is written in the same way everywhere
_BEGINNING: Final = re.compile(r"[A-Za-z0-9_.]{1,8}")
_LEAST_SPELT: Final = 32  # characters of what is the same in capitals: a UUID


@dataclass(frozen=True, slots=True)
class Source:
    """A value of the recorded request: ``header`` when it stood in one (``part`` of it, counted between dashes)."""

    recorded: str
    name: str = ""
    header: str = ""
    part: int = -1

    def actual(
        self, bindings: Mapping[str, str], headers: Mapping[str, str], latest: Callable[[str], str | None]
    ) -> str | None:
        """What stands for it now, None when nothing does."""
        if not self.header:
            own = bindings.get(self.recorded)
            return own if own is not None else latest(self.recorded)
        value = headers.get(self.header)
        if value is None or self.part < 0:
            return value
        parts = value.split("-")
        return parts[self.part] if len(parts) > self.part else None


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes (or characters) of an answer that are an echo."""

    start: int
    end: int
    source: Source
    form: Callable[[str], str]
    number: bool = False  # a number of JSON: what is none must be quoted


@dataclass(frozen=True, slots=True)
class Echoes:
    """All of one exchange: in the body, and by the position of a header."""

    body: tuple[Span, ...] = ()
    headers: tuple[tuple[int, tuple[Span, ...]], ...] = ()


def echoes_of(entry: Entry, introduced: Mapping[str, object]) -> Echoes:
    """The echoes in an entry's answer; ``introduced`` are all values that callers chose anywhere in the recording."""
    response = entry.exchange.response
    if response is None:
        return Echoes()
    own = [
        Source(value, named(leaf.place))
        for (leaf, _), value in zip(entry.found, entry.values, strict=True)
        if value
    ]
    if entry.made:
        own.append(Source(entry.made))
    sources = [*own, *_carried(entry)]
    body: tuple[Span, ...] = ()
    if response.body.data and len(response.body.data) <= MOST_SEARCHED:
        body = _in_body(response, sources, introduced)
    heads = []
    for at, (name, value) in enumerate(response.headers):
        if name.lower() in _SKIPPED:
            continue
        spans = _in_header(name.lower(), value, sources, introduced)
        if spans:
            heads.append((at, spans))
    return Echoes(body, tuple(heads))


def _carried(entry: Entry) -> list[Source]:
    found: list[Source] = []
    for name, value in entry.headers.items():
        if name not in _SILENT and len(value) >= _LEAST_HEADER:
            found += _sent(name, value)
    return found


@lru_cache(4096)
def _sent(name: str, value: str) -> tuple[Source, ...]:
    found = [Source(value, name, header=name)]
    if name == "traceparent":
        parts = value.split("-")
        found += [
            Source(part, name, header=name, part=at) for at, part in enumerate(parts) if len(part) > _VERSION
        ]
    return tuple(found)


def _is_distinct(source: Source) -> bool:
    """Whether its value is an echo wherever it stands."""
    text = source.recorded
    if source.header == "host":
        return ":" in text or "." in text
    if source.header and source.part < 0:
        return bindable(text)
    return (
        bindable(text)
        or shape_of(text) in TIMES
        or (len(text) >= _LEAST_WITHIN and any(map(str.isdigit, text)))
    )


def _in_body(
    response: Response, sources: Sequence[Source], introduced: Mapping[str, object]
) -> tuple[Span, ...]:
    data = response.body.data
    media = next((value for name, value in response.headers if name.lower() == "content-type"), "").partition(
        ";"
    )[0]
    is_json = media.strip().lower().endswith("json") or (not media and data[:1] in b"{[")
    low = data.lower()
    distinct: list[Source] = []
    short: list[Source] = []
    for source in sources:
        if _may_stand(source, low):
            (distinct if _is_distinct(source) else short).append(source)
    distinct += _known(data, introduced, distinct)
    spans = [span for source in distinct for span in _within(data, source, escaped=is_json)]
    if short:
        spans += [span for source in short if source.name for span in _named(data, source)]
        if is_json:
            spans = [*_alone(data, short), *spans]
    return _apart(spans)


def _known(data: bytes, introduced: Mapping[str, object], own: Sequence[Source]) -> list[Source]:
    """Values that callers chose elsewhere."""
    if not introduced:
        return []
    words = {word for found in _WORD.findall(data) if (word := found.decode()) in introduced}
    words.difference_update([source.recorded for source in own])
    return [Source(word) for word in words]


def _may_stand(source: Source, low: bytes) -> bool:
    """A cheap no for most values: their first characters are written in the same way in all spellings."""
    return _beginning(source.recorded) in low


@lru_cache(4096)
def _beginning(text: str) -> bytes:
    match = _BEGINNING.match(text)
    return b"" if match is None else match[0].lower().encode()


def _within(data: bytes, source: Source, *, escaped: bool) -> Iterator[Span]:
    """Wherever a distinct value stands, between characters that do not belong to it."""
    inner = _DIGIT if source.recorded.isdigit() else _INNER
    for wanted, form in _spellings(source.recorded):
        at = data.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            if not inner.match(data[at - 1 : at]) and not inner.match(data[end : end + 1]):
                number = escaped and inner is _DIGIT and data[at - 1 : at] != b'"'
                yield Span(at, end, source, _json if form is _plain and escaped else form, number)
            at = data.find(wanted, end)


@lru_cache(4096)
def _spellings(text: str) -> tuple[tuple[bytes, Form], ...]:
    """How a value may be written, and the form that writes another one so."""
    same = _SAME.fullmatch(text) is not None
    forms = _WRITTEN if not same else _SPELT if len(text) >= _LEAST_SPELT else (_plain,)
    found: dict[bytes, Form] = {}
    for form in forms:
        found.setdefault(form(text).encode(), form)
    return tuple(found.items())


@lru_cache(4096)
def _scalar(text: str) -> tuple[bytes, ...]:
    """How it may be written within quotes."""
    return _json(text).encode(), _ascii(text).encode()


def _named(data: bytes, source: Source) -> Iterator[Span]:
    """Directly behind its own name: ``nonce=17`` in a link, ``nonce: 17`` in a text."""
    for text, form in _spellings(source.recorded):
        if text and text in data:
            before = rb"(?<![A-Za-z0-9])" + re.escape(source.name.encode()) + rb"\s?[=:]\s?"
            for match in re.finditer(before + rb"(" + re.escape(text) + rb")(?![A-Za-z0-9])", data):
                yield Span(match.start(1), match.end(1), source, _url if form is _plain else form)


def _alone(data: bytes, sources: Sequence[Source]) -> Iterator[Span]:
    """Scalars of JSON that are such a value as a whole."""
    wanted: dict[bytes, Source] = {}
    for source in sources:
        for text in _scalar(source.recorded):
            if text in data:
                wanted.setdefault(text, source)
    if not wanted:
        return
    name = ""
    for match in _JSON.finditer(data):
        inner = match[1]
        if inner is not None and match[2] is not None:
            name = inner.decode("utf-8", "replace")
            continue
        number = match[3] is not None
        found = match[3] if number else inner
        if found is None or found not in wanted:
            continue
        source = wanted[found]
        same = _folded(name) == _folded(source.name)
        if same or len(source.recorded) >= (_LEAST_SENT if source.header else _LEAST_ALONE):
            start = match.start(3 if number else 1)
            yield Span(start, start + len(found), source, _json, number)


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower()).removeprefix("x")


def _in_header(
    name: str, value: str, sources: Sequence[Source], introduced: Mapping[str, object]
) -> tuple[Span, ...]:
    for source in sources:
        if source.header == name and source.recorded == value and source.part < 0:
            return (Span(0, len(value), source, _plain),)
    data = value.encode("latin-1", "replace")
    low = data.lower()
    distinct: list[Source] = []
    short: list[Source] = []
    for source in sources:
        if _may_stand(source, low):
            (distinct if _is_distinct(source) else short).append(source)
    distinct += filter(_is_distinct, _known(data, introduced, sources))
    spans = [span for source in short if source.name for span in _named(data, source)]
    spans += [span for source in distinct for span in _within(data, source, escaped=False)]
    return _apart(spans)


def _apart(spans: list[Span]) -> tuple[Span, ...]:
    """In order, without overlaps; the longer one wins, then the one that was found first."""
    if len(spans) < 2:  # noqa: PLR2004 - one cannot overlap
        return tuple(spans)
    found: list[Span] = []
    end = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.start >= end:
            found.append(span)
            end = span.end
    return tuple(found)


def put_in(
    data: bytes, spans: Sequence[Span], actual: Callable[[Source], str | None]
) -> tuple[bytes, list[tuple[int, int]]]:
    """The data with its echoes renewed; also (offset before, how much it grew from there on)."""
    out: list[bytes] = []
    moved: list[tuple[int, int]] = []
    end = grown = 0
    for span in spans:
        text = actual(span.source)
        if text is None or text == span.source.recorded:
            continue
        new = span.form(text)
        if span.number and not _is_number(text):
            new = f'"{new}"'
        out += (data[end : span.start], new.encode("utf-8", "replace"))
        end = span.end
        grown += len(out[-1]) - (span.end - span.start)
        moved.append((span.end, grown))
    if not out:
        return data, moved
    out.append(data[end:])
    return b"".join(out), moved


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", text) is not None
