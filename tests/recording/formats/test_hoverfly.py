"""Hoverfly: no binary of it can be had here, so the structure that its documentation gives, and the way back."""

import contextlib
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from meshdev.errors import RecordingError
from meshdev.recording.formats import Options, export, import_, written
from meshdev.recording.formats.content import text_of
from meshdev.recording.formats.heads import grouped, spread
from meshdev.recording.model import Body, Exchange, Timing
from support_exchanges import PNG, call, plain_exchanges, recording

ORDER = "7d8a5f6e-0c1b-4f7e-9a39-1f2e3d4c5b6a"
_MATCHERS = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["matcher", "value"],
        "additionalProperties": False,
        "properties": {
            "matcher": {"enum": ["exact", "json", "jsonPartial", "form", "array", "glob"]},
            "value": {"type": ["string", "array", "object"]},
        },
    },
}
_STATE = {"type": "object", "additionalProperties": {"type": "string"}}
STRUCTURE: dict[str, Any] = {
    "type": "object",
    "required": ["data", "meta"],
    "additionalProperties": False,
    "properties": {
        "meta": {"required": ["schemaVersion"], "properties": {"schemaVersion": {"const": "v5.2"}}},
        "data": {
            "required": ["pairs", "globalActions", "literals", "variables"],
            "properties": {
                "globalActions": {"required": ["delays", "delaysLogNormal"]},
                "literals": {"type": "array"},
                "variables": {"type": "array"},
                "pairs": {
                    "type": "array",
                    "items": {
                        "required": ["request", "response"],
                        "properties": {
                            "request": {
                                "additionalProperties": False,
                                "properties": {
                                    "path": _MATCHERS,
                                    "method": _MATCHERS,
                                    "destination": _MATCHERS,
                                    "scheme": _MATCHERS,
                                    "body": _MATCHERS,
                                    "query": {"type": "object", "additionalProperties": _MATCHERS},
                                    "headers": {"type": "object", "additionalProperties": _MATCHERS},
                                    "requiresState": _STATE,
                                },
                            },
                            "response": {
                                "additionalProperties": False,
                                "required": ["status", "body", "encodedBody", "templated"],
                                "properties": {
                                    "status": {"type": "integer"},
                                    "body": {"type": "string"},
                                    "encodedBody": {"type": "boolean"},
                                    "templated": {"type": "boolean"},
                                    "headers": {
                                        "type": "object",
                                        "additionalProperties": {
                                            "type": "array",
                                            "items": {"type": "string"},
                                        },
                                    },
                                    "transitionsState": _STATE,
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def pairs_of(*exchanges: Exchange, **options: Any) -> list[dict[str, Any]]:
    """The pairs of an export, after its structure was checked."""
    made = json.loads(export(recording(*exchanges), "hoverfly", Options(**options))["checkout.hoverfly.json"])
    jsonschema.validate(made, STRUCTURE)
    pairs: list[dict[str, Any]] = made["data"]["pairs"]
    return pairs


def test_requests_become_matchers_without_their_noise() -> None:
    """JSON less its noise, forms by field, names that come twice as an array."""
    json_call, form, query = pairs_of(
        call("POST", "/orders", {"id": ORDER, "sku": "tea", "seen": [ORDER]}, answer=PNG),
        call("POST", "/login", b"user=ann&nonce=" + ORDER.encode(),
             headers={"content-type": "application/x-www-form-urlencoded"}),
        call("GET", f"/s?q=a+b&t=1&t=2&n={ORDER}"),
        urls={"storefront": "https://shop.example.com:8443"},
    )  # fmt: skip

    assert json_call["request"]["destination"] == [{"matcher": "exact", "value": "shop.example.com"}]
    assert json_call["request"]["scheme"] == [{"matcher": "exact", "value": "https"}]
    assert json_call["request"]["body"] == [{"matcher": "jsonPartial", "value": '{"sku": "tea"}'}]
    assert json_call["response"]["encodedBody"] is True
    assert form["request"]["body"] == [
        {"matcher": "form", "value": {"user": [{"matcher": "exact", "value": "ann"}]}}
    ]
    assert query["request"]["query"] == {
        "q": [{"matcher": "exact", "value": "a b"}],
        "t": [{"matcher": "array", "value": ["1", "2"]}],
    }


def test_changing_answers_are_a_sequence_of_states() -> None:
    """From 1 on, as Hoverfly itself begins; the last one stays; a request that never changes has no state."""
    steps = [call("GET", "/state", answer=state) for state in ("new", "new", "paid")]

    plain, first, last = pairs_of(call("GET", "/"), *steps)

    assert "requiresState" not in plain["request"]
    assert first["request"]["requiresState"] == {"sequence:1": "1"}
    assert first["response"]["transitionsState"] == {"sequence:1": "2"}
    assert last["request"]["requiresState"] == {"sequence:1": "2"}
    assert "transitionsState" not in last["response"]


@settings(deadline=None)
@given(plain_exchanges())
def test_what_a_simulation_can_say_comes_back(exchange: Exchange) -> None:
    """Method, service, path, query and body of the request, the answer, its headers by name."""
    found = import_(
        export(recording(exchange), "hoverfly", Options(volatile=lambda *_: False)), "hoverfly", "checkout"
    )

    (back,) = found.exchanges
    assert exchange.response is not None
    assert back.response == replace(
        exchange.response, reason="", headers=spread(grouped(exchange.response.headers).items())
    )
    assert (back.callee, back.request.method) == (exchange.callee, exchange.request.method)
    assert back.request.target.partition("?")[0] == exchange.request.target.partition("?")[0]
    said = media_free(exchange.request.body)
    assert back.request.body.data == said or json.loads(back.request.body.data) == json.loads(said)


def media_free(body: Body) -> bytes:
    """What Hoverfly has of a request's body: texts only."""
    return b"" if text_of(body.data) is None else body.data


def test_a_binary_request_is_noted() -> None:
    """Hoverfly compares texts only."""
    made = written(recording(call("PUT", "/logo", PNG)), "hoverfly")

    assert made.notes[0].endswith("PUT /logo: the request's body is binary, which Hoverfly does not compare")


def simulation(*pairs: dict[str, Any], version: str = "v5.2") -> bytes:
    """A file around pairs."""
    return json.dumps({"data": {"pairs": pairs}, "meta": {"schemaVersion": version}}).encode()


def test_simulations_of_others() -> None:
    """Exact matchers become a request; delays and body files are read; patterns are left out with a note."""
    exact: dict[str, Any] = {
        "request": {
            "path": [{"matcher": "exact", "value": "/p"}],
            "destination": [{"value": "api.example.com"}],
            "query": {"q": [{"matcher": "exact", "value": "a b"}]},
            "headers": {"Accept": [{"matcher": "exact", "value": "x/y"}]},
            "body": [{"matcher": "form", "value": {"k": [{"matcher": "exact", "value": "v"}]}}],
        },
        "response": {"status": 201, "bodyFile": "a.bin", "fixedDelay": 30, "templated": True},
    }
    pattern = {"request": {"path": [{"matcher": "glob", "value": "/*"}]}, "response": {}}

    found = import_({"s.json": simulation(exact, pattern), "a.bin": b"\x00"}, "hoverfly")

    (exchange,) = found.exchanges
    assert (exchange.callee, exchange.request.target, exchange.request.body.data) == (
        "api.example.com",
        "/p?q=a+b",
        b"k=v",
    )
    assert exchange.response is not None
    assert (exchange.response.status, exchange.response.body.data, exchange.timing) == (
        201,
        b"\x00",
        Timing(wait=30_000),
    )
    assert found.notes == (
        "$.data.pairs[0]: its answer is a template, which is taken as it stands",
        "$.data.pairs[1]: left out, its path is a pattern",
    )


_PATH = {"path": [{"value": "/"}]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{}", "s.json: Object missing required field `data`"),
        (simulation(version="v4"), "s.json: a simulation of version v4"),
        (
            simulation({"request": _PATH, "response": {"body": "!", "encodedBody": True}}),
            "not base64 - at `$.data.pairs[0]",
        ),
        (
            simulation({"request": _PATH, "response": {"bodyFile": "x"}}),
            "x is not there - at `$.data.pairs[0]",
        ),
        (
            simulation({"request": 3, "response": {}}),
            "Expected `object`, got `int` - at `$.data.pairs[0].request`",
        ),
    ],
)
def test_what_is_no_simulation_is_refused_with_its_place(content: bytes, message: str) -> None:
    """The file, and the place in it."""
    with pytest.raises(RecordingError) as raised:
        import_({"s.json": content}, "hoverfly")

    assert message in str(raised.value)


@settings(deadline=None)
@given(st.recursive(st.none() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
    st.sampled_from(["matcher", "value", "path", "query", "body", "a"]), inner, max_size=3)))  # fmt: skip
def test_any_request_is_read_or_refused(request_: object) -> None:
    """Never another error."""
    with contextlib.suppress(RecordingError):
        import_({"s.json": simulation({"request": request_, "response": {}})}, "hoverfly")


def test_bodies_that_are_nothing_but_noise_and_matchers_of_several_values() -> None:
    """No matcher is left of the one; the others are read where they name values."""
    (pair,) = pairs_of(call("POST", "/seen", [ORDER]))
    assert "body" not in pair["request"]
    query = {"a": [{"matcher": "array", "value": ["1", "2"]}], "b": [{"matcher": "regex", "value": ".*"}]}
    body = [{"matcher": "form", "value": "odd"}, {"matcher": "json", "value": "{}"}]

    found = import_(
        {"s.json": simulation({"request": {**_PATH, "query": query, "body": body}, "response": {}})},
        "hoverfly",
    )

    (exchange,) = found.exchanges
    assert exchange.request.target == "/?a=1&a=2"
    assert exchange.request.headers == (("Content-Type", "application/json"),)
    assert exchange.request.body.data == b"{}"
