"""The tables about recordings: ``[recording]``, and ``stub`` of a node that is played out of one."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from meshdev.topology.file_parts import Table
from meshdev.topology.paths import absolute
from meshdev.topology.recordings import AfterEnd, OnMiss, RecordingRules, RedactRules, Stub, speed_of
from meshdev.topology.scalars import Duration, Size, Text, Texts, Unknown, one_of, refuse, words
from meshdev.topology.stand_ins import is_http_url

if TYPE_CHECKING:
    from meshdev.topology.scope import Scope

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DEFAULT = RecordingRules()
_TIMINGS = '"fast" | "recorded" | "x2" (twice as fast; any factor)'


def _later(_: Any) -> Any:
    raise refuse("nothing yet: it comes later, with simulation; now: recording")


_Later = Annotated[Any, PlainValidator(_later), WithJsonSchema({"not": {}})]


def _timing(value: Any) -> Any:
    if isinstance(value, Unknown):
        return "fast"
    try:
        speed_of(value if isinstance(value, str) else "")
    except ValueError:
        raise refuse(_TIMINGS) from None
    return value


def _recordings(value: Any) -> Any:
    names = (value,) if isinstance(value, str) else value
    if isinstance(names, list | tuple) and names and all(isinstance(name, str) for name in names):
        if all(isinstance(name, Unknown) or _NAME.fullmatch(name) for name in names):
            return tuple(names)
        raise refuse("names of recordings: up to 100 of a to z, 0 to 9, -, _ and .")
    raise refuse('the name of a recording, or an array such as ["base", "checkout"]')


def _patterns(value: Any) -> Any:
    texts = [value] if isinstance(value, str) else value
    if not (isinstance(texts, list) and all(isinstance(text, str) for text in texts)):
        raise refuse('an array of regular expressions such as ["sk_[a-z0-9]{20}"]')
    for text in texts:
        try:
            re.compile(text)
        except (re.error, OverflowError, RecursionError) as error:
            raise refuse(f"regular expressions; {text!r} is none: {error}") from error
    return tuple(texts)


_NAMES_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}


class StubTable(Table):
    """Played by meshdev out of recordings."""

    recording: Annotated[
        tuple[str, ...] | None, PlainValidator(_recordings), WithJsonSchema(_NAMES_SCHEMA)
    ] = Field(default=None, description="which recordings; a later one lies over those before it")
    on_miss: Annotated[OnMiss, PlainValidator(one_of(OnMiss)), WithJsonSchema(words(OnMiss))] = Field(
        default=OnMiss.FAIL, description="fail (default) | pass: to `url` | record: pass, and keep the answer"
    )
    timing: Annotated[str, PlainValidator(_timing), WithJsonSchema({"type": "string"})] = Field(
        default="fast", description="fast (default) | recorded | x2: twice as fast as recorded"
    )
    url: Text | None = Field(default=None, description="where misses go: the real one")
    after_end: Annotated[AfterEnd, PlainValidator(one_of(AfterEnd)), WithJsonSchema(words(AfterEnd))] = Field(
        default=AfterEnd.LAST, description="of a sequence of answers: last (default) again | cycle | fail"
    )
    max_age: Duration | None = Field(
        default=None, description="`meshdev check` says so when a recording is older"
    )
    latency: _Later | None = Field(default=None, description="comes later")
    errors: _Later | None = Field(default=None, description="comes later")
    calls: _Later | None = Field(default=None, description="comes later")
    openapi: _Later | None = Field(default=None, description="comes later")


class RedactTable(Table):
    """What is secret besides the defaults, which always hold."""

    headers: Texts = Field(default=(), description="names of headers")
    fields: Texts = Field(default=(), description="names of fields: in JSON, forms and queries")
    patterns: Annotated[tuple[str, ...], PlainValidator(_patterns), WithJsonSchema(_NAMES_SCHEMA)] = Field(
        default=(), description="regular expressions for secrets in any text"
    )
    keep: Texts = Field(default=(), description="names of headers and fields that are no secret here")


def _size_of_ring(value: Any) -> Any:
    return 0 if value is False else value


class RecordingTable(Table):
    """How traffic is recorded."""

    dir: Text | None = Field(default=None, description="folder for recordings (.meshdev/recordings)")
    redact: RedactTable = Field(
        default_factory=RedactTable, description="what is secret besides the defaults"
    )
    max_age: Duration | None = Field(
        default=None, description="recordings older than this are told to be stale"
    )
    keep: Annotated[Size, BeforeValidator(_size_of_ring)] = Field(
        default=_DEFAULT.keep,
        description="how much of each edge's last traffic is kept all the time (2MB); 0: nothing",
    )
    body_cap: Size = Field(default=_DEFAULT.body_cap, description="how much is kept of one body (10MB)")


def recording_of(table: RecordingTable, root: Path) -> RecordingRules:
    """``[recording]`` as the model has it; relative to ``root``."""
    redact = table.redact
    return RecordingRules(
        folder=absolute(root, table.dir) if table.dir else root / _DEFAULT.folder,
        redact=RedactRules(redact.headers, redact.fields, redact.patterns, redact.keep),
        max_age=table.max_age,
        keep=table.keep,
        body_cap=table.body_cap,
    )


def stub_of(scope: "Scope", table: StubTable) -> Stub:
    """The node's ``stub``; problems go to the scope."""
    if table.recording is None:
        scope.complain(
            ("stub",), "says nothing to play, accepted: recording", 'stub = { recording = "checkout" }'
        )
    if table.on_miss is not OnMiss.FAIL and not table.url:
        hint = 'url = "https://staging.example/payments"'
        scope.complain(("stub", "on_miss"), f'"{table.on_miss}" needs url: where the real one is', hint)
    if table.url is not None and not isinstance(table.url, Unknown) and not is_http_url(table.url):
        scope.complain(("stub", "url"), f'found "{table.url}" (string), accepted: an http:// or https:// URL')
    return Stub(
        table.recording or (),
        on_miss=table.on_miss,
        timing=table.timing,
        url=table.url or "",
        after_end=table.after_end,
        max_age=table.max_age,
    )
