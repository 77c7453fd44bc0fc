"""Pact V4: `pact stub` serves our contracts."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from meshdev.recording.formats import Options, export, written
from meshdev.recording.model import Exchange
from support_exchanges import PNG, call, recording
from support_npm import missing
from support_stubs import serving

EDGE = "orders -> payments"
ORDER = "7d8a5f6e-0c1b-4f7e-9a39-1f2e3d4c5b6a"
AT = "2026-01-01T10:00:00Z"
TRACED = {
    "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01",
    "user-agent": "python-httpx/1",
    "X-Shop": "main",
}


def calls() -> tuple[Exchange, ...]:
    """Calls of orders to payments."""
    dated = {"date": "Wed, 21 Oct 2026 07:28:00 GMT", "X-Version": "3"}
    return (
        call("POST", "/charge", {"order": ORDER, "amount": 3, "odd key": {"at": AT}},
             answer={"id": ORDER, "state": "paid"},
             edge=EDGE, headers=TRACED, status=201, answered=dated),
        call("GET", f"/charges?page=2&nonce={ORDER}", answer=[{"at": AT}], edge=EDGE),
        call("GET", "/charges/9", answer={"state": "new"}, edge=EDGE),
        call("GET", "/charges/9", answer={"state": "paid"}, edge=EDGE),
        call("GET", "/charges/9", answer={"error": "gone"}, status=410, edge=EDGE),
        call("GET", "/receipt", answer=PNG, answered={"content-type": "image/png"}, edge=EDGE),
        call("GET", "/", answer="front"),
    )  # fmt: skip


def program() -> str:
    """The pact that pact-python-cli brings."""
    found = shutil.which("pact", path=str(Path(sys.executable).parent)) or shutil.which("pact")
    if found is None:
        missing("no pact here: pip install pact-python-cli")
    return str(found)


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of `pact stub` over the contract of orders with payments."""
    pact, root = program(), tmp_path_factory.mktemp("pact")
    contract = root / "orders-payments.json"
    contract.write_bytes(export(recording(*calls()), "pact")["orders-payments.json"])
    with (
        serving(
            lambda port: [pact, "stub", "--file", str(contract), "--port", str(port)], root / "log"
        ) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=20) as client,
    ):
        yield client


def test_the_stub_answers_what_was_asked(stub: httpx.Client) -> None:
    """Noise in query and body may differ, everything else may not."""
    body = {"order": ORDER.replace("7d8a", "1111"), "amount": 3, "odd key": {"at": "2031-02-03T04:05:06Z"}}

    charged = stub.post("/charge", json=body, headers={"X-Shop": "main"})

    assert (charged.status_code, charged.json()) == (201, {"id": ORDER, "state": "paid"})
    assert charged.headers["x-version"] == "3"
    assert stub.post("/charge", json={**body, "amount": 4}, headers={"X-Shop": "main"}).is_client_error
    listed = stub.get("/charges", params={"page": "2", "nonce": ORDER.replace("7d8a", "2222")})
    assert listed.json() == [{"at": AT}]
    assert stub.get("/charges", params={"page": "3", "nonce": ORDER}).is_client_error
    assert stub.get("/receipt").content == PNG
    assert stub.get("/charges/9").json() == {"state": "new"}


def test_each_edge_has_a_contract() -> None:
    """Named as Pact names them; consumer, provider and version stand in it."""
    files = export(recording(*calls()), "pact")

    assert list(files) == ["orders-payments.json", "outside-storefront.json"]
    contract = json.loads(files["orders-payments.json"])
    assert contract["consumer"] == {"name": "orders"}
    assert contract["metadata"]["pactSpecification"] == {"version": "4.0"}


def test_noise_becomes_rules_and_says_its_shape() -> None:
    """UUIDs and times by their pattern; places with odd names; headers of trace and client are not in the contract."""
    (first, *_) = json.loads(export(recording(*calls()), "pact")["orders-payments.json"])["interactions"]

    request, response = first["request"], first["response"]
    assert request["headers"] == {"content-type": ["application/json"], "X-Shop": ["main"]}
    assert response["headers"] == {"content-type": ["application/json"], "X-Version": ["3"]}
    assert list(request["matchingRules"]["body"]) == ["$.order", "$['odd key'].at"]
    assert request["matchingRules"]["body"]["$.order"]["matchers"][0]["match"] == "regex"
    assert list(response["matchingRules"]["body"]) == ["$.id"]


def test_the_same_request_with_another_status_has_a_state() -> None:
    """A contract has no sequences: an answer of the same status is said once."""
    interactions = json.loads(export(recording(*calls()), "pact")["orders-payments.json"])["interactions"]

    ninth = [one for one in interactions if one["request"]["path"] == "/charges/9"]

    assert [(one["description"], one.get("providerStates")) for one in ninth] == [
        ("GET /charges/9 answers 200", None),
        ("GET /charges/9 answers 410", [{"name": "GET /charges/9 answers 410"}]),
    ]


def test_a_call_without_an_answer_is_noted() -> None:
    """It is no part of a contract."""
    made = written(recording(replace(calls()[0], response=None, error="timeout")), "pact")

    assert dict(made.files) == {}
    assert made.notes[0].endswith("POST /charge: left out, it had no answer (timeout)")


def test_noise_of_other_types_is_compared_by_type() -> None:
    """Numbers whole and broken, words; an id in a list by its index."""
    noisy = call("GET", "/", answer={"n": 1, "x": 1.5, "t": "word", "all": [True], "none": None}, edge=EDGE)
    made = export(
        recording(noisy), "pact", Options(volatile=lambda _, place: place.startswith("response.body/"))
    )
    (interaction,) = json.loads(made["orders-payments.json"])["interactions"]

    rules = interaction["response"]["matchingRules"]["body"]
    assert {place: rule["matchers"][0]["match"] for place, rule in rules.items()} == {
        "$.n": "integer", "$.x": "decimal", "$.t": "type", "$.all[0]": "type",
    }  # fmt: skip
