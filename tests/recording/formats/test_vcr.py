"""Cassettes: VCR.py replays ours, and we read theirs."""

import contextlib
import json
import zlib
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import vcr
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from vcr.errors import CannotOverwriteExistingCassetteException

from meshdev.errors import RecordingError
from meshdev.recording.formats import export, import_, written
from meshdev.recording.formats.heads import grouped, spread
from meshdev.recording.model import Body, Exchange, Message, MessageKind, Timing
from support_exchanges import PNG, call, plain_exchanges, recording

GZIP = zlib.compressobj(wbits=31)
GZIPPED = GZIP.compress(b'{"tea": 1}') + GZIP.flush()


@pytest.mark.parametrize("client", [httpx.request, requests.request], ids=["httpx", "requests"])
def test_vcrpy_replays_ours(tmp_path: Path, client: Callable[..., Any]) -> None:
    """With record_mode=none: right answers, a sequence in its order, binary, headers that come twice; nothing else."""
    cookies = (("Set-Cookie", "a=1"), ("set-cookie", "b=2"))
    gzipped = call(
        "GET", "/gzip", answer={"tea": 1}, answered={"content-encoding": "gzip", "content-length": "5"}
    )
    assert gzipped.response is not None
    gzipped = replace(gzipped, response=replace(gzipped.response, body=Body(b'{"tea": 1}', 10, "gzip")))
    made = recording(
        call("GET", "/state", answer={"state": "new"}),
        call("GET", "/state", answer={"state": "paid"}),
        call("POST", "/charge?retry=1", {"amount": 3}, answer="caf\xe9\r\n", status=201, answered=cookies),
        call("GET", "/logo", answer=PNG, answered={"content-type": "image/png"}),
        gzipped,
    )
    cassette = tmp_path / "cassette.yaml"
    cassette.write_bytes(export(made, "vcr")["checkout.yaml"])
    strict = (
        ["body"] if client is requests.request else []
    )  # where there is none, httpx says b"" and requests None
    player = vcr.VCR(
        record_mode="none", match_on=["method", "scheme", "host", "port", "path", "query", *strict]
    )

    with player.use_cassette(str(cassette)):
        states = [client("GET", "http://storefront/state").json() for _ in range(2)]
        charged = client("POST", "http://storefront/charge?retry=1", json={"amount": 3})
        logo = client("GET", "http://storefront/logo")
        inflated = client("GET", "http://storefront/gzip")
        with pytest.raises((CannotOverwriteExistingCassetteException, requests.RequestException)):
            client("GET", "http://storefront/unknown")

    assert states == [{"state": "new"}, {"state": "paid"}]
    assert (charged.status_code, charged.content) == (201, "caf\xe9\r\n".encode())
    assert charged.headers["set-cookie"] == "a=1, b=2"
    assert logo.content == PNG
    assert inflated.json() == {"tea": 1}


def test_only_plain_tags_are_written() -> None:
    """Anybody's safe loader reads it; bytes are !!binary, texts stand as texts."""
    text = export(recording(call("POST", "/a", PNG, answer="plain")), "vcr")["checkout.yaml"].decode()

    assert yaml.safe_load(text)["version"] == 1
    assert [word for word in text.split() if word.startswith("!")] == ["!!binary"]
    assert "string: plain" in text


def sayable(exchange: Exchange) -> Exchange:
    """What a cassette has words for."""
    assert exchange.response is not None
    return replace(
        exchange,
        id="000001",
        started=0.0,
        microseconds=0,
        caller="outside",
        timing=Timing(),
        request=replace(exchange.request, headers=spread(grouped(exchange.request.headers).items())),
        response=replace(exchange.response, headers=spread(grouped(exchange.response.headers).items())),
    )


@settings(deadline=None)
@given(plain_exchanges())
def test_what_a_cassette_can_say_comes_back(exchange: Exchange) -> None:
    """Request and answer, byte by byte; headers of one name together."""
    found = import_(export(recording(exchange), "vcr"), "vcr", "checkout")

    assert found.exchanges == (sayable(exchange),)


def test_what_cannot_be_said_is_noted() -> None:
    """Calls without an answer and WebSockets are left out, and not in silence."""
    broken = replace(call("GET", "/broken"), response=None, error="callee-reset")
    live = replace(
        call("GET", "/live", status=101),
        messages=(Message(1, outgoing=True, kind=MessageKind.TEXT, data=b""),),
    )

    made = written(recording(broken, live), "vcr")

    assert yaml.safe_load(made.files["checkout.yaml"]) == {"interactions": [], "version": 1}
    assert [note.split(" ", 1)[1] for note in made.notes] == [
        "GET /broken: left out, it had no answer (callee-reset)",
        "GET /live: left out, VCR.py has no WebSockets",
    ]


OLD = """
version: 1
interactions:
- request:
    body: !!python/unicode 'a=1'
    headers:
      Accept: ['*/*', text/plain]
      When: 2020-01-02
    method: post
    uri: https://api.example.com/v1/charge?x=1
  response:
    body: {string: !!binary %s}
    headers:
      content-encoding: [gzip]
    status: {code: 200, message: OK}
"""


def test_a_cassette_of_python_2_with_a_gzipped_body() -> None:
    """Old tags are texts, codings are undone, single values of headers count as one."""
    found = import_({"a.yaml": (OLD % b64encode(GZIPPED).decode()).encode()}, "vcr")

    (exchange,) = found.exchanges
    assert exchange.callee == "api.example.com"
    assert (exchange.request.method, exchange.request.target, exchange.request.body.data) == (
        "POST", "/v1/charge?x=1", b"a=1",
    )  # fmt: skip
    assert exchange.request.headers == (("Accept", "*/*"), ("Accept", "text/plain"), ("When", "2020-01-02"))
    assert exchange.response is not None
    assert exchange.response.body == Body(b'{"tea": 1}', 10, "gzip")


def test_json_cassettes_and_those_of_relatives() -> None:
    """JSON; base64_string; betamax's http_interactions with its time; httpx as VCR.py wrote it before version 6."""
    request = {"method": "GET", "uri": "http://payments/x", "body": None, "headers": {"a": "b"}}
    answer = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"base64_string": "AP8=\n"}}
    old = {"status_code": 404, "http_version": "HTTP/1.1", "headers": {}, "content": "gone"}
    interactions = [{"request": request, "response": answer, "recorded_at": "2020-01-01T00:00:10"},
                    {"request": request, "response": old}]  # fmt: skip

    found = import_({"a.json": json.dumps({"http_interactions": interactions}).encode()}, "vcr")

    first, second = found.exchanges
    assert first.response is not None
    assert second.response is not None
    assert (first.started, first.response.body.data) == (1_577_836_810.0, b"\x00\xff")
    assert (second.response.status, second.response.body.data) == (404, b"gone")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: [}", "a.yaml:1: not a cassette's YAML"),
        (
            "\n- !!python/object:os.system x",
            "a.yaml:2: not a cassette's YAML: could not determine a constructor",
        ),
        ("version: 1", "a.yaml: no cassette: it has no list of interactions"),
        ("interactions: [1]", "is missing, or no table - at `interactions[0].request`"),
        ("interactions: [{request: {uri: x}, response: {}}]", "'x' - at `interactions[0].request.uri`"),
        (
            "interactions: [{request: {uri: 'http://a/'}, response: {}}]",
            "at `interactions[0].response.status.code`",
        ),
        (
            "interactions: [{request: {uri: 'http://a/', headers: 3}, response: {}}]",
            "interactions[0].request.headers`",
        ),
        (
            "interactions: [{request: {uri: 'http://a/', body: {base64_string: '!'}}, response: {}}]",
            "not base64",
        ),
    ],
)
def test_what_is_no_cassette_is_refused_with_its_place(content: str, message: str) -> None:
    """The line where it is no YAML, the place where it is no cassette."""
    with pytest.raises(RecordingError) as raised:
        import_({"a.yaml": content.encode()}, "vcr")

    assert message in str(raised.value)


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_anything_is_read_or_refused(content: bytes) -> None:
    """Never another error."""
    with contextlib.suppress(RecordingError):
        import_({"a.yaml": content}, "vcr")


def test_odd_values_of_old_cassettes() -> None:
    """A body that was an iterator, a header of bytes, a time that is none."""
    text = """
interactions:
- recorded_at: noon
  request: {uri: 'http://a/', method: POST, body: [!!binary YQ==, b], headers: {X: !!binary YQ==}}
  response: {status: {code: '200', message: null}, body: null}
"""

    (exchange,) = import_({"a.yaml": text.encode()}, "vcr").exchanges

    assert (exchange.started, exchange.request.body.data) == (0.0, b"ab")
    assert exchange.request.headers == (("X", "a"),)
    assert exchange.response is not None
    assert (exchange.response.status, exchange.response.reason, exchange.response.body) == (200, "", Body())
