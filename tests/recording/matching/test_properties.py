"""What must hold for any recording: nothing recorded is lost, nothing that differs is answered."""

import json
import random
from typing import Any
from urllib.parse import quote

from hypothesis import assume, given
from hypothesis import strategies as st

from meshdev.recording.matching import Level, Match, Matcher, Miss
from meshdev.recording.model import Request, Response
from meshdev.recording.replay import Answer, Replayer
from support_recording import Chance, recording, request, response

names = st.sampled_from(
    ["amount", "name", "page", "city", "items", "kind", "limit", "note", "status", "sku", "über", "a b"]
)
scalars = st.one_of(
    st.integers(-999, 999),
    st.booleans(),
    st.none(),
    st.text("abcxyz äß&=+%/\"'", max_size=8),
    st.floats(-9, 9, width=16),
)
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=4)),
    max_leaves=8,
)
bodies = st.dictionaries(names, documents, min_size=1, max_size=5)
queries = st.lists(st.tuples(names, st.text("abc019 &%/ü", max_size=5)), max_size=4)
paths = st.sampled_from(["/orders", "/orders/17", "/orders/17/items", "/users/anna", "/a%20b", "/"])
methods = st.sampled_from(["POST", "PUT", "PATCH"])


def target(path: str, query: list[tuple[str, str]]) -> str:
    """Path and query as a client writes them."""
    return path + ("?" + "&".join(f"{quote(name)}={quote(value)}" for name, value in query) if query else "")


calls = st.builds(
    lambda method, path, query, body: request(method, target(path, query), body),
    methods,
    paths,
    queries,
    bodies,
)
gets = st.builds(lambda path, query: request("GET", target(path, query)), paths, queries)


def found(matcher: Matcher, one: Request) -> Match:
    """The match that must be there."""
    match = matcher.find(one)
    assert isinstance(match, Match), str(match)
    return match


@given(st.lists(st.one_of(calls, gets), min_size=1, max_size=12))
def test_what_was_recorded_is_found_exactly(requests: list[Request]) -> None:
    """Asked again in order, each exchange is the answer to its own request."""
    recorded = recording(*((one, response({"n": n})) for n, one in enumerate(requests)))
    matcher = Matcher([recorded])
    for one in recorded.exchanges:
        match = found(matcher, one.request)
        assert (one.id, Level.EXACT) == (match.exchange.id, match.level)


@given(st.lists(st.one_of(calls, gets), min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_order_changes_nothing_for_different_requests(requests: list[Request], chance: random.Random) -> None:
    """Shuffled, each request still gets its own answer, and equal ones theirs in recorded order."""
    recorded = recording(*((one, response({"n": n})) for n, one in enumerate(requests)))
    matcher = Matcher([recorded])
    shuffled = list(requests)
    chance.shuffle(shuffled)
    given_out: dict[Request, list[str]] = {}
    for one in shuffled:
        given_out.setdefault(one, []).append(found(matcher, one).exchange.id)
    for one, ids in given_out.items():
        if one.method != "GET":
            assert ids == [exchange.id for exchange in recorded.exchanges if exchange.request == one]


def reordered(node: Any, chance: random.Random) -> Any:
    """The same JSON with its names in another order."""
    if isinstance(node, dict):
        pairs = [(name, reordered(value, chance)) for name, value in node.items()]
        chance.shuffle(pairs)
        return dict(pairs)
    return [reordered(value, chance) for value in node] if isinstance(node, list) else node


@given(
    methods, paths, st.dictionaries(names, st.text("ab1 &ü", max_size=4), max_size=4), bodies, st.randoms()
)
def test_spelling_changes_nothing(
    method: str, path: str, query: dict[str, str], body: dict[str, Any], chance: random.Random
) -> None:
    """Order of query and names, white space and escapes in JSON, spelling of headers: the same call."""
    pairs = list(query.items())
    one = request(method, target(path, pairs), body)
    matcher = Matcher([recording((one, response({"ok": True})))])
    chance.shuffle(pairs)
    text = json.dumps(
        reordered(body, chance), indent=chance.choice([None, 2]), ensure_ascii=chance.random() < 0.5
    )
    other = request(method, target(path, pairs), text.encode(), media="application/json; charset=utf-8")
    other = Request(
        other.method,
        other.target,
        (*((n.upper(), v) for n, v in other.headers), ("x-request-id", "7")),
        other.body,
    )
    assert found(matcher, other).exchange.request == one


def leaves(node: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Ways to all scalars."""
    if isinstance(node, dict):
        return [way_ for name, value in node.items() for way_ in leaves(value, (*way, name))]
    if isinstance(node, list):
        return [way_ for at, value in enumerate(node) for way_ in leaves(value, (*way, at))]
    return [way]


@given(st.lists(bodies, min_size=1, max_size=4), scalars, st.data())
def test_other_data_is_another_call(
    documents_: list[dict[str, Any]], other: Any, data: st.DataObject
) -> None:
    """One scalar changed in a place of data: no answer, and the miss names the place."""
    matcher = Matcher(
        [recording(*((request("POST", "/orders", body), response({"ok": True})) for body in documents_))]
    )
    changed = json.loads(json.dumps(data.draw(st.sampled_from(documents_))))
    ways = leaves(changed)
    assume(ways)
    way = data.draw(st.sampled_from(ways))
    node = changed
    for step in way[:-1]:
        node = node[step]
    node[way[-1]] = other
    asked = json.dumps(changed, sort_keys=True)
    assume(all(json.dumps(body, sort_keys=True) != asked for body in documents_))
    miss = matcher.find(request("POST", "/orders", changed))
    assert isinstance(miss, Miss)
    assert miss.closest
    assert all(candidate.differences for candidate in miss.closest)


@given(bodies, st.integers(0, 2**32), st.sampled_from(["id", "request_id", "nonce", "correlationId"]))
def test_renewed_noise_is_the_same_call_and_comes_back(body: dict[str, Any], seed: int, name: str) -> None:
    """With another id the answer is the recorded one, with that id in it wherever the recorded one was."""
    first, second = Chance(seed).uuid(), Chance(seed + 1).uuid()

    def answered(value: str) -> Response:
        link = (("Location", f"/orders/{value}/status"),)
        return response(
            {"made": {name: value}, "links": [f"https://x/orders/{value}?a=1"], "n": 5}, 201, link
        )

    replayer = Replayer(
        Matcher([recording((request("POST", "/orders", {**body, name: first}), answered(first)))])
    )
    answer = replayer.answer(request("POST", "/orders", {**body, name: second}))
    assert isinstance(answer, Answer)
    assert answer.response is not None
    expected = answered(second)
    assert json.loads(expected.body.data) == json.loads(answer.response.body.data)
    head = dict(answer.response.headers)
    assert (dict(expected.headers)["Location"], str(len(answer.response.body.data))) == (
        head["Location"],
        head["Content-Length"],
    )


@given(st.binary(max_size=200))
def test_no_body_is_too_strange(data: bytes) -> None:
    """Whatever bytes were sent, under whatever type, they are found again."""
    kinds = [
        "application/json",
        "multipart/form-data; boundary=b",
        "application/x-www-form-urlencoded",
        "text/plain",
        "x",
    ]
    asked = [request("POST", "/odd", data, media=kind) for kind in kinds]
    matcher = Matcher([recording(*((one, response({"n": n})) for n, one in enumerate(asked)))])
    for n, one in enumerate(asked if data else asked[:1]):
        assert f"{n:06}" == found(matcher, one).exchange.id


@given(st.text(max_size=30))
def test_no_target_is_too_strange(text: str) -> None:
    """Whatever stands in a request line is found again."""
    one = Request("GET", "/" + text.encode("utf-8").decode("latin-1"))
    assert Level.EXACT is found(Matcher([recording((one, response({})))]), one).level
