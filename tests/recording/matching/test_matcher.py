"""Matching as a whole: turns, bindings, layers, misses."""

import pytest
from msgspec.structs import replace

from meshdev.recording.matching import Level, Match, Matcher, MatchOptions, Miss, OnEnd, Reads
from meshdev.recording.model import Body, Cut, Exchange, Meta, Recording, Request, Response
from support_recording import JSON, Chance, exchange, recording, request, response

CHANCE = Chance(3)
UUIDS = [CHANCE.uuid() for _ in range(12)]


def get(target: str) -> Request:
    """A read."""
    return request("GET", target)


def ids(matcher: Matcher, *requests: Request) -> list[int | None]:
    """Numbers of what answered, None for misses."""
    found = [matcher.find(one) for one in requests]
    return [int(one.exchange.id) if isinstance(one, Match) else None for one in found]


def polled() -> Recording:
    """A job that is done at the third look."""
    return recording(
        *((get("/jobs/1"), response({"state": state})) for state in ("queued", "running", "done"))
    )


@pytest.mark.parametrize(
    ("on_end", "numbers"),
    [
        (OnEnd.LAST, [0, 1, 2, 2, 2, 2, 2]),
        (OnEnd.CYCLE, [0, 1, 2, 0, 1, 2, 0]),
        (OnEnd.FAIL, [0, 1, 2, None, None, None, None]),
    ],
)
def test_sequences(on_end: OnEnd, numbers: list[int | None]) -> None:
    """In recorded order, then as is wanted; from the beginning after a reset."""
    matcher = Matcher([polled()], options=MatchOptions(on_end=on_end))
    assert numbers == ids(matcher, *[get("/jobs/1")] * 7)
    matcher.reset()
    assert numbers == ids(matcher, *[get("/jobs/1")] * 7)


@pytest.mark.parametrize(("on_end", "last"), [(OnEnd.LAST, 2), (OnEnd.CYCLE, 0), (OnEnd.FAIL, None)])
def test_sequences_with_noise(on_end: OnEnd, last: int | None) -> None:
    """A cache buster in each look changes nothing."""
    recorded = recording(
        *((get(f"/jobs/1?_={CHANCE.number()}"), response({"state": n})) for n in ("a", "b", "c"))
    )
    matcher = Matcher([recorded], options=MatchOptions(on_end=on_end))
    assert [0, 1, 2, last] == ids(matcher, *[get(f"/jobs/1?_={CHANCE.number()}") for _ in range(4)])


def test_one_answer_with_an_end() -> None:
    """A single call that may be made once only."""
    matcher = Matcher([recording((get("/a"), response({})))], options=MatchOptions(on_end=OnEnd.FAIL))
    assert ids(matcher, get("/a"), get("/a")) == [0, None]


def test_a_retry_gets_the_same_answer() -> None:
    """A key that was seen before is the call that it was bound to, not the next one."""
    pairs = [
        (request("POST", "/pay", {"idempotency_key": one, "sum": 3}), response({"n": one}))
        for one in UUIDS[:2]
    ]
    matcher = Matcher([recording(*pairs)])
    asked = [request("POST", "/pay", {"idempotency_key": UUIDS[at], "sum": 3}) for at in (5, 5, 6, 5)]
    assert ids(matcher, *asked) == [0, 0, 1, 0]


def test_levels() -> None:
    """To the byte, by meaning, but for noise."""
    matcher = Matcher([recording((request("POST", "/a?x=1&y=2", {"id": UUIDS[0], "n": 1}), response({})))])
    for level, target, identity in (
        (Level.EXACT, "/a?x=1&y=2", UUIDS[0]),
        (Level.NORMALISED, "/a?y=2&x=1", UUIDS[0]),
        (Level.NOISE, "/a?y=2&x=1", UUIDS[1]),
    ):
        match = matcher.find(request("POST", target, {"id": identity, "n": 1}))
        assert isinstance(match, Match)
        assert (level, {} if level is not Level.NOISE else {UUIDS[0]: UUIDS[1]}) == (
            match.level,
            match.bindings,
        )


def test_bound_names_are_read_as_recorded() -> None:
    """In path, query, JSON and text; each actual name has its own place in sequences."""
    name = UUIDS[0]
    pairs: list[tuple[Request, Response]] = [
        (request("POST", "/jobs", {"id": name}), response({}, 201)),
        (get(f"/jobs/{name}"), response({"state": "a"})),
        (get(f"/jobs/{name}"), response({"state": "b"})),
        (get(f"/log?job={name}&n=1"), response({})),
        (request("POST", "/mail", {"text": f"see /jobs/{name}."}), response({})),
    ]
    matcher = Matcher([recording(*pairs)])
    for one in UUIDS[1:3]:
        assert ids(matcher, request("POST", "/jobs", {"id": one})) == [0]
    for one in UUIDS[1:3]:
        asked = [get(f"/jobs/{one}"), get(f"/jobs/{one}"), get(f"/log?n=1&job={one}")]
        assert ids(matcher, *asked) == [1, 2, 3]
        assert ids(matcher, request("POST", "/mail", {"text": f"see /jobs/{one}."})) == [4]
    assert ids(matcher, get(f"/jobs/{UUIDS[3]}"), get(f"/log?n=1&job={UUIDS[3]}")) == [None, None]


def test_names_made_in_a_path() -> None:
    """PUT under a new name that was answered with 201 may be made under another one; nothing else may."""
    pairs = [
        (request("PUT", f"/jobs/{UUIDS[0]}", {"n": 1}), response({"at": f"/jobs/{UUIDS[0]}"}, 201)),
        (get(f"/jobs/{UUIDS[0]}"), response({"n": 1})),
        (request("PUT", f"/users/{UUIDS[1]}", {"n": 1}), response({}, 200)),
    ]
    matcher = Matcher([recording(*pairs)])
    other = UUIDS[5]
    assert ids(matcher, get(f"/jobs/{other}")) == [None]
    assert ids(matcher, request("PUT", f"/jobs/{other}", {"n": 1}), get(f"/jobs/{other}")) == [0, 1]
    assert ids(matcher, request("PUT", f"/jobs/{UUIDS[6]}", {"n": 2})) == [None]
    assert ids(matcher, request("PUT", f"/users/{other}", {"n": 1})) == [None]


def test_a_name_that_is_known_is_no_noise() -> None:
    """A bound name in the place of another call's fresh one is a reference that was not recorded."""
    pairs = [
        (request("POST", "/jobs", {"id": UUIDS[0]}), response({}, 201)),
        (request("POST", "/mails", {"id": UUIDS[1], "n": 1}), response({}, 201)),
    ]
    matcher = Matcher([recording(*pairs)])
    assert ids(
        matcher,
        request("POST", "/jobs", {"id": UUIDS[2]}),
        request("POST", "/mails", {"id": UUIDS[0], "n": 1}),
    ) == [0, None]


def cart() -> Recording:
    """A cart looked into before, between and after."""
    put = [request("POST", "/cart/items", {"sku": n}) for n in range(2)]
    looks = [response({"items": list(range(n))}) for n in range(3)]
    return recording(
        (get("/cart"), looks[0]),
        (put[0], response({})),
        (get("/cart"), looks[1]),
        (put[1], response({})),
        (get("/cart"), looks[2]),
    )


@pytest.mark.parametrize(
    ("steps", "numbers"),
    [
        ("g0g1g", [0, 1, 2, 3, 4]),
        ("gg0gg1gg", [0, 0, 1, 2, 2, 3, 4, 4]),
        ("0g1g", [1, 2, 3, 4]),
        ("01g", [1, 3, 4]),
        ("10ggg", [3, 1, 0, 2, 4]),  # in no order: the order of the reads
    ],
)
def test_reads_wait_for_writes(steps: str, numbers: list[int]) -> None:
    """While calls come about as recorded, what was written shows, and nothing sooner."""
    asked = [
        get("/cart") if step == "g" else request("POST", "/cart/items", {"sku": int(step)}) for step in steps
    ]
    assert numbers == ids(Matcher([cart()]), *asked)


def test_reads_in_order_when_that_is_wanted() -> None:
    """Whatever was written."""
    assert ids(Matcher([cart()], options=MatchOptions(reads=Reads.ORDER)), *[get("/cart")] * 4) == [
        0,
        2,
        4,
        4,
    ]


def test_names_change_places() -> None:
    """Two equal carts are told apart by what is put into them."""
    pairs: list[tuple[Request, Response]] = []
    for name, sku in zip(UUIDS[:2], ("tea", "pot"), strict=True):
        pairs += [
            (request("POST", "/carts", {"id": name}), response({"id": name}, 201)),
            (get(f"/carts/{name}"), response({"id": name, "items": []})),
            (request("POST", f"/carts/{name}/items", {"sku": sku}), response({"id": name})),
            (get(f"/carts/{name}"), response({"id": name, "items": [sku]})),
        ]
    matcher = Matcher([recording(*pairs)])
    one, other = UUIDS[5:7]
    assert ids(matcher, *(request("POST", "/carts", {"id": name}) for name in (one, other))) == [0, 4]
    assert ids(matcher, get(f"/carts/{one}"), get(f"/carts/{other}")) == [1, 5]
    assert ids(
        matcher,
        request("POST", f"/carts/{one}/items", {"sku": "pot"}),
        request("POST", f"/carts/{other}/items", {"sku": "tea"}),
    ) == [6, 2]
    assert ids(matcher, get(f"/carts/{one}"), get(f"/carts/{other}")) == [7, 3]
    assert ids(matcher, request("POST", f"/carts/{one}/items", {"sku": "tea"})) == [None]


def test_names_that_the_callee_gave_out_change_places() -> None:
    """Equal calls, answered alike, whose names lead to different stories."""
    names = ["sess-8f3a9c71e2b04d55", "sess-11aa22bb33cc44dd"]
    pairs: list[tuple[Request, Response]] = []
    for name, sku in zip(names, ("tea", "pot"), strict=True):
        pairs += [
            (request("POST", "/sessions", {}), response({"id": name}, 201)),
            (request("POST", f"/sessions/{name}", {"sku": sku}), response({"id": name})),
        ]
    pairs.append((get(f"/sessions/{names[1]}"), response({"id": names[1], "n": 1})))
    matcher = Matcher([recording(*pairs)])
    assert ids(matcher, request("POST", "/sessions", {}), request("POST", "/sessions", {})) == [0, 2]
    assert ids(
        matcher,
        *(
            request("POST", f"/sessions/{name}", {"sku": sku})
            for name, sku in zip(names, ("pot", "tea"), strict=True)
        ),
    ) == [3, 1]
    assert ids(matcher, get(f"/sessions/{names[0]}"), get(f"/sessions/{names[1]}")) == [4, None]


def test_layers() -> None:
    """A later recording wins, an earlier one answers the rest."""
    first = recording((get("/a"), response({"v": 1})), (get("/b"), response({"v": 1})))
    second = recording((get("/a"), response({"v": 2})))
    matcher = Matcher([first, second])
    found = [matcher.find(get(target)) for target in ("/a", "/b")]
    assert [one.layer for one in found if isinstance(one, Match)] == [1, 0]


def test_only_the_callee_counts() -> None:
    """Other services have the same paths."""
    pair = recording((get("/a"), response({})), (get("/a"), response({"n": 1}))).exchanges
    both = (replace(pair[0], callee="mail"), replace(pair[1], endpoint="admin"))
    recorded = Recording(meta=Meta(name="x"), exchanges=both)
    assert ids(Matcher([recorded], options=MatchOptions(callee="mail")), get("/a")) == [0]
    assert ids(Matcher([recorded], options=MatchOptions(endpoint="admin")), get("/a")) == [1]
    assert ids(Matcher([recorded], options=MatchOptions(callee="x")), get("/a")) == [None]


def test_what_meshdev_answered_is_the_last_resort() -> None:
    """As is what ended in an error; calls that were still on their way are none."""
    asked = request("GET", "/a")
    rows: list[Exchange] = [
        replace(exchange(0, asked, response({}, 503)), by="meshdev"),
        replace(exchange(1, get("/b"), None), error="reset"),
        exchange(2, get("/c"), None),
        exchange(3, asked, response({})),
    ]
    matcher = Matcher([Recording(meta=Meta(name="x"), exchanges=tuple(rows))])
    assert ids(matcher, asked, asked, get("/b"), get("/c")) == [3, 3, 1, None]


def test_bodies_that_were_not_kept_whole() -> None:
    """Beginning and size must fit; of an opaque one nothing is known, so nothing fits."""
    whole = request("POST", "/a", b"x" * 100, media="text/plain")
    cut = replace(whole, body=Body(b"x" * 10, 100, cut=Cut.CAP))
    opaque = replace(whole, target="/b", body=Body(b"", 0, cut=Cut.OPAQUE))
    matcher = Matcher([recording((cut, response({})), (opaque, response({})))])
    other = [replace(whole, body=Body(data, len(data))) for data in (b"x" * 99, b"y" * 100)]
    assert ids(matcher, whole, *other, replace(whole, target="/b")) == [0, None, None, None]


def test_reasons() -> None:
    """A miss says what was recorded instead."""
    matcher = Matcher([recording((request("POST", "/orders/17", {"n": 1, "s": "a\0"}), response({})))])
    reasons = [
        (request("POST", "/x", {}), "no recorded call has the path of POST /x"),
        (
            request("POST", "/orders/18", {}),
            "no recorded call has the path of POST /orders/18, though /orders/{id} was",
        ),
        (request("DELETE", "/orders/17"), "/orders/17 was recorded with POST, not with DELETE"),
        (request("POST", "/orders/17", {"n": 2}), "no recorded call of POST /orders/17 equals this one"),
    ]
    for asked, reason in reasons:
        miss = matcher.find(asked)
        assert isinstance(miss, Miss)
        assert miss.reason.startswith(reason)
    differences = [str(one) for one in miss.closest[0].differences]  # type: ignore[possibly-undefined, union-attr]
    assert differences == ["body/n: recorded 1, asked 2", 'body/s: recorded "a…", asked nothing']


def test_the_closest_come_first() -> None:
    """At most three, also out of very many."""
    pairs = [(request("POST", "/orders", {"n": n, "m": n % 7, "k": 5}), response({})) for n in range(3000)]
    miss = Matcher([recording(*pairs)]).find(request("POST", "/orders", {"n": 5, "m": 5, "k": 6}))
    assert isinstance(miss, Miss)
    assert len(miss.closest) == 3
    sizes = [len(candidate.differences) for candidate in miss.closest]
    assert sizes == sorted(sizes)


def test_nothing_recorded() -> None:
    """An empty recording answers nothing and says so."""
    miss = Matcher([]).find(get("/a"))
    assert isinstance(miss, Miss)
    assert miss.closest == ()
    assert JSON == "application/json"


def test_refusals_say_why() -> None:
    """What stands between a request and the answer that it nearly has."""
    name = UUIDS[0]
    recorded = recording(
        (request("GET", "/me", headers={"Authorization": "Bearer a"}), response({})),
        (request("GET", "/goods", headers={"X-Tenant": "a"}), response({"n": "a"})),
        (request("GET", "/goods", headers={"X-Tenant": "b"}), response({"n": "b"})),
        (request("POST", "/jobs", {"id": name}), response({}, 201)),
        (request("POST", "/mails", {"id": UUIDS[1]}), response({}, 201)),
    )
    matcher = Matcher([recorded], options=MatchOptions(on_end=OnEnd.FAIL))
    reasons = {
        "every recorded call of it had authorization, this one has not": get("/me"),
        "the answer depends on x-tenant, and this value was not recorded": get("/goods"),
        "a name in it is known from elsewhere": request("POST", "/mails", {"id": name}),
    }
    for reason, asked in reasons.items():
        miss = Matcher([recorded]).find(asked)
        assert isinstance(miss, Miss)
        assert miss.reason == f"{asked.method} {asked.target} was recorded, but {reason}"
    asked = request("GET", "/me", headers={"Authorization": "Bearer a"})
    assert ids(matcher, asked) == [0]
    miss = matcher.find(asked)
    assert isinstance(miss, Miss)
    assert miss.reason.endswith("all its answers were given")
