"""WireMock: its jar serves our mappings, and we read its own."""

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from meshdev.errors import RecordingError
from meshdev.recording.formats import Options, export, import_, written
from meshdev.recording.model import Body, Exchange, Message, MessageKind
from support_exchanges import PNG, call, full_exchanges, recording
from support_npm import missing, npm_package
from support_stubs import serving

ORDER = "7d8a5f6e-0c1b-4f7e-9a39-1f2e3d4c5b6a"
FORM = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "multipart/form-data; boundary=xyz"}
PARTS = (
    b'--xyz\r\nContent-Disposition: form-data; name="title"\r\n\r\ntea\r\n'
    b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    b"\x00\xff\r\n--xyz--\r\n"
)


def shop() -> tuple[Exchange, ...]:
    """Calls of all kinds to one service."""
    return (
        call("GET", "/items", answer=[{"sku": "tea"}]),
        call("GET", "/items?page=2&tag=a&tag=b", answer=[{"sku": "mug"}]),
        call("GET", "/items/a%20b", answer="spaced"),
        call("POST", "/orders", {"id": ORDER, "lines": [{"sku": "tea", "at": "2026-01-01T10:00:00Z"}]}, answer={"n": 1},
             status=201, answered=(("X-A", "1"), ("X-A", "2"))),
        call("POST", "/orders", {"id": ORDER, "lines": [{"sku": "mug", "at": "2026-01-01T10:00:00Z"}]},
             answer={"n": 2}),
        call("POST", "/login", b"user=ann&password=x", answer="in", headers=FORM),
        call("POST", "/login", b"user=bob&password=x", answer="out", status=401, headers=FORM),
        call("POST", "/upload", PARTS, answer="stored", headers=MULTIPART),
        call("PUT", "/logo", PNG, answer=PNG, answered={"content-type": "image/png"}),
        call("GET", "/big", answer="long " * 1000, answered={"content-type": "text/plain", "content-encoding": "gzip"}),
        call("GET", "/state", answer="new"),
        call("GET", "/state", answer="paid"),
        call("GET", "/state", answer="paid"),
        call("GET", "/state", answer="sent"),
        call("GET", f"/search?q=tea&nonce={ORDER}", answer="found"),
        replace(call("GET", "/broken"), response=None, error="callee-reset"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def wiremock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of WireMock over our mappings."""
    java = shutil.which("java")
    if java is None:
        missing("no java here, which runs WireMock")
    (jar,) = (npm_package("wiremock") / "build").glob("*.jar")
    root = tmp_path_factory.mktemp("wiremock")
    for path, content in export(recording(*shop()), "wiremock").items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)

    def command(port: int) -> list[str]:
        jvm = [str(java), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar", str(jar)]
        return [
            *jvm,
            "--port",
            str(port),
            "--root-dir",
            str(root),
            "--disable-banner",
            "--no-request-journal",
        ]

    with (
        serving(command, root / "log", "/__admin/mappings") as url,
        httpx.Client(base_url=url, trust_env=False, timeout=20) as client,
    ):
        yield client


def test_plain_requests_are_answered(wiremock: httpx.Client) -> None:
    """Path, query in any order, and not those without, or with another one."""
    assert wiremock.get("/items").json() == [{"sku": "tea"}]
    assert wiremock.get("/items?tag=b&page=2&tag=a").json() == [{"sku": "mug"}]
    assert wiremock.get("/items?page=3").status_code == 404
    assert wiremock.get("/items/a%20b").text == "spaced"


def test_noise_in_bodies_and_queries_does_not_count(wiremock: httpx.Client) -> None:
    """Another uuid and another time find the same answer; another article does not."""
    body: dict[str, Any] = {
        "lines": [{"at": "2030-12-31T23:59:59Z", "sku": "tea"}],
        "id": ORDER.replace("7", "8"),
    }

    tea = wiremock.post("/orders", json=body)
    body["lines"][0]["sku"] = "mug"
    mug = wiremock.post("/orders", json=body)
    body["lines"][0]["sku"] = "jug"

    assert (tea.status_code, tea.json(), tea.headers.get_list("x-a")) == (201, {"n": 1}, ["1", "2"])
    assert mug.json() == {"n": 2}
    assert wiremock.post("/orders", json=body).status_code == 404
    assert wiremock.get("/search", params={"nonce": ORDER[::-1], "q": "tea"}).text == "found"
    assert wiremock.get("/search", params={"nonce": ORDER, "q": "mug"}).status_code == 404


def test_forms_and_files_are_told_by_what_is_in_them(wiremock: httpx.Client) -> None:
    """Fields in any order, parts with any boundary, bytes as they are."""
    assert wiremock.post("/login", data={"password": "x", "user": "ann"}).text == "in"
    assert wiremock.post("/login", data={"password": "x", "user": "bob"}).status_code == 401
    files = {"file": ("a.png", b"\x00\xff", "image/png")}
    assert wiremock.post("/upload", data={"title": "tea"}, files=files).text == "stored"
    assert wiremock.post("/upload", data={"title": "mug"}, files=files).status_code == 404
    logo = wiremock.put("/logo", content=PNG)
    assert (logo.content, logo.headers["content-type"]) == (PNG, "image/png")
    assert wiremock.put("/logo", content=PNG[:-1]).status_code == 404
    assert wiremock.get("/big").text == "long " * 1000


def test_changing_answers_are_a_scenario(wiremock: httpx.Client) -> None:
    """One after the other, and the last one from then on; no answer is a broken connection."""
    assert [wiremock.get("/state").text for _ in range(4)] == ["new", "paid", "sent", "sent"]
    with pytest.raises(httpx.TransportError):
        wiremock.get("/broken")


def test_a_colleague_finds_their_way_in_the_files() -> None:
    """Numbered in their order, named by what is asked; large and binary bodies in __files."""
    files = export(recording(*shop()), "wiremock")

    assert list(files)[:2] == ["mappings/0001-get-items.json", "mappings/0002-get-items.json"]
    assert [path for path in files if path.startswith("__files")] == [
        "__files/0009-put-logo.png",
        "__files/0010-get-big.txt",
    ]
    states = [json.loads(files[path]) for path in files if "get-state" in path]
    assert [(one["requiredScenarioState"], one.get("newScenarioState")) for one in states] == [
        ("Started", "answer 2"),
        ("answer 2", "answer 3"),
        ("answer 3", None),
    ]


def test_each_service_has_a_folder() -> None:
    """One WireMock stands for one service; WebSockets are left out with a note."""
    frame = Message(1, outgoing=True, kind=MessageKind.TEXT, data=b"")
    live = replace(call("GET", "/live", status=101), messages=(frame,))
    made = written(
        recording(call("GET", "/a"), call("GET", "/b", edge="orders -> payments"), live), "wiremock"
    )

    assert list(made.files) == ["storefront/mappings/0001-get-a.json", "payments/mappings/0001-get-b.json"]
    assert made.notes[0].endswith("GET /live: left out, WireMock has no WebSockets")
    assert [one.callee for one in import_(made.files, "wiremock").exchanges] == ["storefront", "payments"]


@settings(deadline=None, max_examples=60)
@given(full_exchanges())
def test_nothing_is_lost_on_the_way_out_and_back(exchange: Exchange) -> None:
    """All but WebSockets: what WireMock has no word for stands in the metadata."""
    plain = replace(exchange, messages=())
    if plain.response is None:
        plain = replace(plain, error="callee-reset")

    files = export(recording(plain), "wiremock")

    assert import_(files, "wiremock", "checkout").exchanges == (plain,)


def read(*mappings: Mapping[str, Any], **files: bytes) -> tuple[Exchange, ...]:
    """Mappings in one file, as WireMock exports them."""
    content = {"mappings/all.json": json.dumps({"mappings": mappings}).encode()}
    return import_(
        {**content, **{f"__files/{name}": data for name, data in files.items()}}, "wiremock"
    ).exchanges


def test_mappings_of_others() -> None:
    """As people and WireMock's recorder write them: templates, JSON bodies, files, faults, delays, scenario order."""
    second = {"request": {"method": "ANY", "urlPathTemplate": "/o/{id}", "pathParameters": {"id": {"equalTo": "7"}}},
              "response": {"jsonBody": {"a": 1}, "headers": {"X": ["1", "2"]}},
              "scenarioName": "s", "requiredScenarioState": "two"}  # fmt: skip
    first = {"request": {"method": "POST", "urlPath": "/p", "queryParameters": {"q": {"equalTo": "a b"}},
                         "bodyPatterns": [{"equalToJson": '{"x":1}'}], "headers": {"Accept": {"contains": "json"}}},
             "response": {"status": 201, "bodyFileName": "x", "fixedDelayMilliseconds": 20},
             "scenarioName": "s", "requiredScenarioState": "Started", "newScenarioState": "two"}  # fmt: skip
    plain = {
        "request": {"urlPattern": r"/v1\.0/x", "formParameters": {"k": {"equalTo": "v"}}},
        "response": {"fault": "EMPTY"},
    }

    made, later, broken = read(second, first, plain, x=b"content")

    assert (made.request.method, made.request.target, made.request.body.data) == (
        "POST",
        "/p?q=a+b",
        b'{"x":1}',
    )
    assert made.request.headers == (("Accept", "json"), ("Content-Type", "application/json"))
    assert made.response is not None
    assert (made.response.status, made.response.body, made.timing.wait) == (201, Body(b"content", 7), 20_000)
    assert later.response is not None
    assert (later.request.method, later.request.target, later.response.body.data) == (
        "GET",
        "/o/7",
        b'{"a": 1}',
    )
    assert later.response.headers == (("X", "1"), ("X", "2"))
    assert (broken.request.target, broken.request.body.data, broken.error) == ("/v1.0/x", b"k=v", "EMPTY")


def test_what_no_request_can_be_made_of_is_noted() -> None:
    """Patterns and proxies are left out, by their place."""
    pattern = {"request": {"urlPattern": "/a.*"}}
    proxy = {"request": {"url": "/"}, "response": {"proxyBaseUrl": "http://x"}}

    found = import_({"mappings/a.json": json.dumps({"mappings": [pattern, proxy]}).encode()}, "wiremock")

    assert found.notes == (
        "mappings/a.json $.mappings[0]: left out, its URL is a pattern, or missing",
        "mappings/a.json $.mappings[1]: left out, it is a proxy",
    )


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no mappings here"),
        ({"mappings/a.json": b"{"}, "mappings/a.json: not JSON"),
        ({"mappings/a.json": b'{"response": {"status": "x"}}'}, "mappings/a.json: Expected `int`, got `str`"),
        ({"mappings/a.json": b'{"mappings": [1]}'}, "mappings/a.json: Expected `object`, got `int` in `$.mappings[0]`"),
        ({"mappings/a.json": b'{"request": {"url": "/"}, "response": {"bodyFileName": "../../etc/passwd"}}'},
         "__files/../../etc/passwd is not there - at `$.response.bodyFileName`"),
        ({"mappings/a.json": b'{"request": {"url": "/"}, "response": {"base64Body": "!"}}'}, "not base64"),
        ({"mappings/a.json": b'{"request": {"url": "/", "bodyPatterns": [{"binaryEqualTo": "!"}]}}'}, "not base64"),
    ],
)  # fmt: skip
def test_bad_mappings_are_refused_with_their_place(files: dict[str, bytes], message: str) -> None:
    """The file, and the place in it."""
    with pytest.raises(RecordingError) as raised:
        import_(files, "wiremock")

    assert message in str(raised.value)


_words = st.sampled_from(["request", "response", "url", "urlPath", "bodyPatterns", "equalToJson", "queryParameters",
                          "headers", "status", "metadata", "meshdev", "mappings", "scenarioName"])  # fmt: skip
_values = st.recursive(
    st.none() | st.integers() | st.text(max_size=4) | st.just("/x"),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(_words | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(_words, _values, max_size=5))
def test_any_json_is_read_or_refused(mapping: dict[str, Any]) -> None:
    """Never another error."""
    with contextlib.suppress(RecordingError):
        import_({"mappings/a.json": json.dumps(mapping).encode()}, "wiremock")


def test_more_than_one_scenario_of_a_path_and_noise_of_all_types() -> None:
    """Scenarios have names of their own; placeholders by type; several values, and bodies as base64, come back."""
    steps = [
        call("POST", "/s", {"kind": kind, "n": 1, "x": None}, answer=str(step))
        for kind in "ab"
        for step in (1, 2)
    ]

    def volatile(_: Exchange, place: str) -> bool:
        return place in {"request.body/n", "request.body/x"}

    files = export(recording(*steps), "wiremock", Options(volatile=volatile))

    made = [json.loads(content) for content in files.values()]
    assert [one["scenarioName"] for one in made] == ["POST /s", "POST /s", "POST /s (2)", "POST /s (2)"]
    assert made[0]["request"]["bodyPatterns"][0]["equalToJson"] == {
        "kind": "a", "n": "${json-unit.any-number}", "x": "${json-unit.ignore}",
    }  # fmt: skip
    many = {"request": {"url": "/", "queryParameters": {"q": {"hasExactly": [{"equalTo": "1"}, {"equalTo": "2"}]}}},
            "response": {"base64Body": "AP8="}}  # fmt: skip
    (exchange,) = read(many)
    assert exchange.request.target == "/?q=1&q=2"
    assert exchange.response is not None
    assert exchange.response.body.data == b"\x00\xff"
