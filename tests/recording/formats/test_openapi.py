"""OpenAPI 3.1: valid by another's word, and true of every call that it was made of."""

from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from meshdev.recording.formats import Options, export, written
from meshdev.recording.formats.json_tree import Json, parsed
from meshdev.recording.formats.openapi.paths import singular, snake, template_of
from meshdev.recording.formats.openapi.shape import Shape
from meshdev.recording.model import Cut, Exchange
from support_exchanges import PNG, call, plain_exchanges, recording

ORDER = "7d8a5f6e-0c1b-4f7e-9a39-1f2e3d4c5b6a"
AT = "2026-01-01T10:00:00Z"
FORM = {"content-type": "application/x-www-form-urlencoded"}
BEARER = {"authorization": "Bearer x", "X-Tenant": "acme", "user-agent": "me"}
STATES = ("new", "paid", "sent")


def shop() -> tuple[Exchange, ...]:
    """Calls of all kinds to one service."""
    orders = [
        call("GET", f"/orders/{number}?full={full}", headers=BEARER,
             answer={"id": ORDER, "number": number, "state": STATES[number % 3], "note": None if number % 2 else "hi",
                     "at": AT, "total": number if number < 3 else number / 2, "lines": [{"sku": "tea", "qty": 1}]})
        for number, full in enumerate(["true", "false"] * 5, 1)
    ]  # fmt: skip
    return (
        *orders,
        call("GET", "/orders/99", status=404, answer={"error": "no such order"}),
        call(
            "POST",
            "/orders",
            {"sku": "tea"},
            status=201,
            answer={"id": ORDER},
            answered={"Location": f"/orders/{ORDER}"},
        ),
        call("POST", "/orders", {"sku": "tea", "gift": True}, status=201, answer={"id": ORDER}),
        call("GET", f"/orders/7/lines/{ORDER}", answer={"by": {ORDER: 1, ORDER.replace("7", "8"): 2}}),
        call("GET", "/search?q=tea&tag=a&tag=b&page=2", answer=[]),
        call("GET", "/search?q=mug", answer=[{"sku": "mug"}]),
        call("POST", "/login", b"user=ann@example.com&pin=12", headers=FORM, status=204),
        call("GET", "/logo", answer=PNG, answered={"content-type": "image/png"}),
        call("GET", "/log-o"),
        call("GET", "/log_o"),
        call("GET", "/", answer="<h1>", answered={"content-type": "text/html"}),
    )


def document(*exchanges: Exchange) -> dict[str, Any]:
    """The document of the one service."""
    made: dict[str, Any] = yaml.safe_load(export(recording(*exchanges), "openapi")["storefront.openapi.yaml"])
    return made


def test_openapi_spec_validator_finds_nothing_wrong() -> None:
    """The document of a shop with everything in it."""
    validate(document(*shop()), cls=OpenAPIV31SpecValidator)


def test_paths_parameters_and_statuses() -> None:
    """Holes have names, what every call had is required, values have types."""
    made = document(*shop())

    assert list(made["paths"]) == [
        "/", "/log-o", "/log_o", "/login", "/logo", "/orders", "/orders/{order_id}",
        "/orders/{order_id}/lines/{line_id}", "/search",
    ]  # fmt: skip
    order = made["paths"]["/orders/{order_id}"]["get"]
    assert order["operationId"] == "get_orders_order_id"
    assert order["parameters"] == [
        {"name": "order_id", "in": "path", "required": True, "schema": {"type": "integer"}, "example": "1"},
        {"name": "full", "in": "query", "required": False, "schema": {"type": "boolean"}, "example": "true"},
        {
            "name": "X-Tenant",
            "in": "header",
            "required": False,
            "schema": {"type": "string"},
            "example": "acme",
        },
    ]
    assert order["security"] == [{"bearerAuth": []}, {}]
    assert list(order["responses"]) == ["200", "404"]
    assert made["paths"]["/search"]["get"]["parameters"][:2] == [
        {"name": "q", "in": "query", "required": True, "schema": {"type": "string"}, "example": "tea"},
        {"name": "tag", "in": "query", "required": False, "schema": {"type": "array", "items": {"type": "string"}},
         "example": ["a", "b"]},
    ]  # fmt: skip
    created = made["paths"]["/orders"]["post"]["responses"]["201"]
    assert created["headers"] == {"Location": {"schema": {"type": "string"}, "example": f"/orders/{ORDER}"}}


def test_schemas_are_merged_over_the_calls() -> None:
    """Required keys, nulls, numbers, formats, few words as an enum, keys that are values."""
    made = document(*shop())["paths"]

    order = made["/orders/{order_id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert order["properties"] == {
        "id": {"type": "string", "format": "uuid"},
        "number": {"type": "integer"},
        "state": {"type": "string", "enum": ["new", "paid", "sent"]},
        "note": {"type": ["string", "null"]},
        "at": {"type": "string", "format": "date-time"},
        "total": {"type": "number"},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"sku": {"type": "string"}, "qty": {"type": "integer"}},
                "required": ["sku", "qty"],
            },
        },
    }
    sent = made["/orders"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert sent["required"] == ["sku"]
    by = made["/orders/{order_id}/lines/{line_id}"]["get"]["responses"]["200"]["content"]["application/json"]
    assert by["schema"]["properties"]["by"] == {"type": "object", "additionalProperties": {"type": "integer"}}
    form = made["/login"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    assert form["properties"] == {"user": {"type": "string", "format": "email"}, "pin": {"type": "integer"}}
    assert made["/logo"]["get"]["responses"]["200"]["content"] == {"image/png": {}}


@settings(deadline=None, max_examples=40)
@given(st.lists(plain_exchanges(), min_size=1, max_size=4))
def test_it_is_valid_and_true_whatever_was_recorded(exchanges: list[Exchange]) -> None:
    """Another's validator takes it, and every JSON body satisfies the schema of its place."""
    files = export(recording(*exchanges), "openapi")
    documents = {path.removesuffix(".openapi.yaml"): yaml.safe_load(data) for path, data in files.items()}

    for made in documents.values():
        assert [error.message for error in OpenAPIV31SpecValidator(made).iter_errors()] == []
    for exchange in exchanges:
        assert exchange.response is not None
        path, _ = template_of(exchange)
        operation = documents[exchange.callee]["paths"][path][exchange.request.method.lower()]
        answer = operation["responses"][str(exchange.response.status)]
        for content, body in (
            (operation.get("requestBody", {}), exchange.request.body),
            (answer, exchange.response.body),
        ):
            schema = content.get("content", {}).get("application/json", {}).get("schema", {})
            value, there = parsed(body.data)
            if (
                there
                and schema
                and "application/json" in content["content"]
                and json_of(exchange, body is exchange.request.body)
            ):
                jsonschema.validate(value, schema, jsonschema.Draft202012Validator)


def json_of(exchange: Exchange, sent: bool) -> bool:  # noqa: FBT001 -- which side
    """Whether that side's body is declared as JSON."""
    message = exchange.request if sent else exchange.response
    assert message is not None
    return message.headers[0][1] == "application/json"


_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5) | st.sampled_from([ORDER, AT, "2026-01-01", "a@b.de", "new", "paid"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=2) | st.sampled_from(["1", "22", ORDER]), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(_values, min_size=1, max_size=8))
def test_every_value_satisfies_its_own_schema(values: list[Json]) -> None:
    """Also with formats checked."""
    shape = Shape()
    for value in values:
        shape.add(value)

    schema = shape.schema()

    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    for value in values:
        assert [error.message for error in validator.iter_errors(value)] == []


@pytest.mark.parametrize(
    ("word", "one"),
    [
        ("orders", "order"),
        ("categories", "category"),
        ("boxes", "box"),
        ("status", "status"),
        ("gas", "gas"),
        ("addresses", "address"),
    ],
)
def test_one_of_many(word: str, one: str) -> None:
    """Names of holes come from the segment before them."""
    assert singular(word) == one


def test_names_are_snakes() -> None:
    """However they were written."""
    assert [snake(text) for text in ("orderId", "order-id", "Order id", "%20", "v1.2")] == [
        "order_id", "order_id", "order_id", "20", "v1_2",
    ]  # fmt: skip


def test_methods_that_openapi_does_not_know_are_noted() -> None:
    """They are left out."""
    made = written(recording(call("PURGE", "/cache")), "openapi", Options())

    assert dict(made.files) == {}
    assert made.notes[0].endswith("PURGE: left out, OpenAPI has no such method")


def test_forms_with_names_that_come_twice_and_parts() -> None:
    """Lists; files are texts of no content; bodies that are cut teach nothing; routes that do not fit are not used."""
    parts = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n\xff\r\n--x--'
    cut = call("GET", "/cut", answer={"a": 1})
    assert cut.response is not None
    cut = replace(
        cut,
        response=replace(cut.response, body=replace(cut.response.body, cut=Cut.CAP)),
        route="GET /x/{id}/y",
    )
    made = document(
        call("POST", "/f", b"a=1&a=2&a=3", headers=FORM),
        call("POST", "/m", parts, headers={"content-type": "multipart/form-data; boundary=x"}),
        call("GET", "/maps", answer={"1": {"a": [1]}, "2": {"a": ["x"], "b": None}}),
        cut,
    )["paths"]

    assert made["/f"]["post"]["requestBody"]["content"][FORM["content-type"]]["example"] == {"a": [1, 2, 3]}
    assert made["/m"]["post"]["requestBody"]["content"]["multipart/form-data"]["example"] == {"f": ""}
    assert made["/cut"]["get"]["responses"]["200"]["content"] == {"application/json": {}}
    inner = made["/maps"]["get"]["responses"]["200"]["content"]["application/json"]["schema"][
        "additionalProperties"
    ]
    assert inner["properties"]["a"] == {"type": "array", "items": {"type": ["integer", "string"]}}
    assert inner["required"] == ["a"]
