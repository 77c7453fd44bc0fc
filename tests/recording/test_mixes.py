"""Whole mixes: recorded once, played again in order, shuffled and by eight clients at a time, with all noise renewed.

Each world has its traps: requests that differ in what matters and must not be answered.
"""

import json
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest

from meshdev.recording.matching import Matcher, Miss
from meshdev.recording.model import Request, Response
from support_recording import Chance, Flow, World, record, replay, request, response

Steps = Generator[Request, Response, None]


def iso(chance: Chance) -> str:
    """Now, as most programs write it."""
    return datetime.fromtimestamp(chance.now + 0.123456, UTC).isoformat()


def asked_for(one: Request) -> tuple[str, dict[str, str], dict[str, str]]:
    """Path, query and headers by small names."""
    parts = urlsplit(one.target)
    return (
        parts.path,
        {name: values[0] for name, values in parse_qs(parts.query).items()},
        {name.lower(): value for name, value in one.headers},
    )


def content(one: Request | Response) -> dict[str, object]:
    """A body of JSON."""
    found: dict[str, object] = json.loads(one.body.data)
    return found


# -- the mix of sixty-four --------------------------------------------------------------------------------------------


def everyday() -> World:
    """Static answers, echoes of nonces and ids, uploads, jobs that are polled, streams."""
    polls: Counter[str] = Counter()

    def world(one: Request) -> Response:
        path, query, _ = asked_for(one)
        if path == "/search":
            return response({"found": [query["q"]], "nonce": query["nonce"]})
        if path == "/orders":
            order = content(one)
            place = (("Location", f"/orders/{order['id']}"),)
            return response({"id": order["id"], "item": order["item"], "total": 3}, 201, place)
        if path == "/upload":
            return response({"size": one.body.data.count(b"x")}, 201)
        if path.startswith("/jobs/"):
            polls[path] += 1
            return response(
                {"job": path[6:], "state": ["queued", "running", "done"][min(polls[path], 3) - 1]}
            )
        if path.startswith("/stream/"):
            return response(
                b"".join(b"data: %d\n\n" % n for n in range(int(path[8:]) + 3)), media="text/event-stream"
            )
        return response({"path": path})

    return world


def one_call(make: Callable[[Chance], Request]) -> Flow:
    """A client that asks once."""

    def flow(chance: Chance) -> Steps:
        yield make(chance)

    return flow


def upload(chance: Chance, number: int) -> Request:
    """A multipart body with a boundary of its own."""
    boundary = f"----WebKitFormBoundary{chance.hex(16)}"
    title = 'Content-Disposition: form-data; name="title"'
    file = 'Content-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain'
    lines = [
        f"--{boundary}",
        title,
        "",
        f"file {number}",
        f"--{boundary}",
        file,
        "",
        "x" * number,
        f"--{boundary}--",
        "",
    ]
    return request(
        "POST", "/upload", "\r\n".join(lines).encode(), media=f"multipart/form-data; boundary={boundary}"
    )


def polling(job: int) -> Flow:
    """A client that asks until it is done."""

    def flow(chance: Chance) -> Steps:
        for _ in range(4):
            yield request("GET", f"/jobs/{job}", headers={"X-Request-Id": chance.uuid()})

    return flow


def everyday_flows() -> list[Flow]:
    """Sixty-four requests."""
    flows: list[Flow] = []
    for number in range(8):
        flows += [
            one_call(lambda _, n=number: request("GET", f"/static/{n}")),  # type: ignore[misc]
            one_call(lambda c, n=number: request("GET", f"/search?q=item{n}&nonce={c.number()}")),  # type: ignore[misc]
            one_call(
                lambda c, n=number: request("POST", "/orders", {"id": c.uuid(), "at": iso(c), "item": n})  # type: ignore[misc]
            ),
            one_call(
                lambda c, n=number: request(  # type: ignore[misc]
                    "GET",
                    f"/plain/{n}",
                    headers={"X-Trace": c.hex(), "X-Rnd": str(c.number()), "Date": iso(c)},
                )
            ),
            one_call(lambda c, n=number: upload(c, n + 1)),  # type: ignore[misc]
            one_call(lambda _, n=number: request("GET", f"/stream/{n}")),  # type: ignore[misc]
        ]
    return [*flows, *(polling(job) for job in range(4))]


# -- a shop: tenants, pages, carts -----------------------------------------------------------------------------------


def shop() -> World:
    """Two tenants with other goods, cursors that only the shop makes, carts that change by being written to."""
    carts: dict[str, list[object]] = {}
    cursors = {
        f"{tenant}{page}": f"{tenant}Zk3Q9x{page}Lw81mVb{tenant}R" for tenant in "ab" for page in range(3)
    }

    def world(one: Request) -> Response:
        path, query, headers = asked_for(one)
        tenant = {"acme": "a", "globex": "b"}[headers["x-tenant"]]
        if path == "/products":
            page = next((n for n in range(3) if query.get("cursor") == cursors[f"{tenant}{n}"]), 0)
            goods = [f"{tenant}-{page}-{n}" for n in range(2)]
            following = cursors.get(f"{tenant}{page + 1}")
            return response({"goods": goods, "next": following})
        if path == "/carts":
            cart = content(one)
            carts[str(cart["id"])] = []
            return response(
                {"cart": {"id": cart["id"], "items": []}}, 201, (("Location", f"/carts/{cart['id']}"),)
            )
        name = path.split("/")[2]
        if one.method == "POST":
            carts[name].append(content(one)["sku"])
            return response({"cart": name, "count": len(carts[name])})
        return response({"id": name, "items": carts[name], "self": f"https://shop/carts/{name}?full=1"})

    return world


def browsing(tenant: str) -> Flow:
    """Reads all pages."""

    def flow(chance: Chance) -> Steps:
        cursor = ""
        while True:
            target = f"/products?limit=2&_={chance.number()}" + (f"&cursor={cursor}" if cursor else "")
            page = yield request("GET", target, headers={"X-Tenant": tenant, "X-Request-ID": chance.uuid()})
            following = content(page)["next"]
            if not following:
                return
            cursor = str(following)

    return flow


def buying(tenant: str, *skus: str) -> Flow:
    """Makes a cart under a name of its own, fills it and looks into it before, between and after."""

    def flow(chance: Chance) -> Steps:
        cart = chance.uuid()
        headers = {"X-Tenant": tenant}
        yield request("POST", "/carts", {"id": cart, "created_at": iso(chance)}, headers)
        yield request("GET", f"/carts/{cart}", headers=headers)
        for sku in skus:
            item = {"sku": sku, "qty": 1, "request_id": chance.uuid()}
            yield request("POST", f"/carts/{cart}/items", item, headers)
            yield request("GET", f"/carts/{cart}", headers=headers)

    return flow


def shop_flows() -> list[Flow]:
    """Both tenants."""
    return [
        browsing("acme"),
        browsing("globex"),
        buying("acme", "tea", "mug"),
        buying("globex", "rope"),
        buying("acme", "pot"),
    ]


# -- jobs: names that callers choose, polling, idempotency -------------------------------------------------------------


def jobs() -> World:
    """Jobs made by PUT under a name of the caller's, or by POST under one of the callee's."""
    kinds: dict[str, str] = {}
    polls: Counter[str] = Counter()
    numbers = count(501)

    def world(one: Request) -> Response:
        path, _, _ = asked_for(one)
        if one.method == "PUT":
            job = content(one)
            kinds[path] = str(job["kind"])
            return response({"href": path, "kind": job["kind"], "submitted": job["submitted_ms"]}, 201)
        if one.method == "POST":
            number = next(numbers)
            kinds[f"/jobs/{number}"] = str(content(one)["kind"])
            return response({"id": number}, 202, (("Location", f"/jobs/{number}"),))
        polls[path] += 1
        last = "failed" if kinds[path] == "bad" else "done"
        return response(
            {"job": path.split("/")[2], "state": ["queued", "running", last][min(polls[path], 3) - 1]}
        )

    return world


def named_job(kind: str) -> Flow:
    """PUT under a UUID, polled with a cache buster."""

    def flow(chance: Chance) -> Steps:
        name = chance.uuid()
        yield request("PUT", f"/jobs/{name}", {"kind": kind, "submitted_ms": int(chance.now * 1000)})
        for _ in range(4):
            yield request("GET", f"/jobs/{name}?_={int(chance.now * 1000) + chance.number() % 1000}")

    return flow


def numbered_job(kind: str) -> Flow:
    """POST with an idempotency key, sent twice by a nervous client."""

    def flow(chance: Chance) -> Steps:
        headers = {"Idempotency-Key": chance.uuid()}
        made = yield request("POST", "/jobs", {"kind": kind, "priority": 3}, headers)
        for _ in range(3):
            yield request(
                "GET",
                f"/jobs/{content(made)['id']}",
                headers={"traceparent": f"00-{chance.hex()}-{chance.hex(16)}-01"},
            )

    return flow


def job_flows() -> list[Flow]:
    """Good and bad ones of both."""
    return [named_job("good"), named_job("bad"), numbered_job("good"), numbered_job("bad"), named_job("slow")]


# -- sessions: log in, entity tags, languages ----------------------------------------------------------------------


def sessions() -> World:
    """Tokens by user, answers by token, entity tags, languages."""
    notes: dict[str, list[object]] = {"anna": [], "bob": []}

    def world(one: Request) -> Response:  # noqa: PLR0911 - a world of many cases
        path, query, headers = asked_for(one)
        if path == "/login":
            who = str(content(one)["user"])
            if content(one)["password"] != f"pw-{who}":
                return response({"error": "no"}, 401)
            return response(
                {"token": f"tok-{who}-5f3a9c71e2"}, 200, (("Set-Cookie", f"sid={who}-91b2; HttpOnly"),)
            )
        who = headers.get("authorization", "").removeprefix("Bearer tok-").partition("-")[0]
        if not who:
            return response({"error": "who are you"}, 401)
        if path == "/doc":
            if headers.get("if-none-match") == '"v7"':
                return Response(304, "Not Modified", (("ETag", '"v7"'),))
            text = {"de": "Hallo", "en": "Hello"}[headers.get("accept-language", "en")]
            return response({"text": text}, 200, (("ETag", '"v7"'), ("Vary", "Accept-Language")))
        if one.method == "POST":
            notes[who].append(content(one)["text"])
            return response({"count": len(notes[who])}, 201)
        return response({"user": who, "notes": notes[who], "page": query.get("page", "1")})

    return world


def writing(who: str) -> Flow:
    """Logs in wrongly, then rightly; reads, writes, reads."""

    def flow(chance: Chance) -> Steps:
        yield request("POST", "/login", {"user": who, "password": "wrong", "nonce": chance.hex(12)})
        answer = yield request(
            "POST", "/login", {"user": who, "password": f"pw-{who}", "nonce": chance.hex(12)}
        )
        headers = {"Authorization": f"Bearer {content(answer)['token']}", "X-Correlation-Id": chance.uuid()}
        yield request("GET", "/notes", headers=headers)
        yield request("POST", "/notes", {"text": f"{who} was here", "at": int(chance.now)}, headers)
        yield request("GET", "/notes", headers=headers)
        yield request("GET", "/notes?page=2", headers=headers)
        for language in ("en", "de"):
            yield request("GET", "/doc", headers=headers | {"Accept-Language": language})
            yield request(
                "GET", "/doc", headers=headers | {"Accept-Language": language, "If-None-Match": '"v7"'}
            )
        yield request("GET", "/notes")

    return flow


def session_flows() -> list[Flow]:
    """Two people."""
    return [writing("anna"), writing("bob")]


MIXES: dict[str, tuple[Callable[[], World], Callable[[], list[Flow]]]] = {
    "everyday": (everyday, everyday_flows),
    "shop": (shop, shop_flows),
    "jobs": (jobs, job_flows),
    "sessions": (sessions, session_flows),
}


@pytest.mark.parametrize("name", MIXES)
@pytest.mark.parametrize("clients", [1, 2, 8])
@pytest.mark.parametrize("seed", range(2, 7))
def test_a_mix_is_played_again(name: str, clients: int, seed: int) -> None:
    """Every request is answered rightly, none wrongly, in order and by several clients at a time."""
    make_world, make_flows = MIXES[name]
    flows = make_flows()
    recorded = record(make_world(), flows)
    tally = replay(Matcher([recorded]), make_world, flows, seed, clients)
    assert (len(recorded.exchanges), 0, 0) == (tally.right, tally.wrong, tally.missed), "\n".join(
        tally.faults[:4]
    )


@pytest.mark.parametrize("name", MIXES)
def test_a_recording_answers_itself(name: str) -> None:
    """Whatever was recorded, asked again to the byte and in order, gives that very exchange."""
    make_world, make_flows = MIXES[name]
    recorded = record(make_world(), make_flows())
    matcher = Matcher([recorded])
    for one in recorded.exchanges:
        found = matcher.find(one.request)
        assert not isinstance(found, Miss), str(found)
        assert one.id == found.exchange.id


ACME = {"X-Tenant": "acme"}
ANNA = {"Authorization": "Bearer tok-anna-5f3a9c71e2"}
TRAPS: Sequence[tuple[str, Request]] = [
    ("everyday", request("GET", "/search?q=item99&nonce=123456")),
    ("everyday", request("GET", "/search?q=item1&nonce=123456&page=2")),
    ("everyday", request("GET", "/search?q=item1")),
    ("everyday", request("GET", "/jobs/17")),
    (
        "everyday",
        request(
            "POST",
            "/orders",
            {"id": "7d44d04b-1a3a-4e5c-9bc8-57a1f6c4a4f1", "at": "2026-09-21T00:00:01Z", "item": 9},
        ),
    ),
    ("everyday", request("POST", "/orders", {"id": "7", "at": "2026-09-21T00:00:01Z", "item": 1})),
    (
        "everyday",
        request(
            "POST", "/orders", {"id": "7d44d04b-1a3a-4e5c-9bc8-57a1f6c4a4f1", "at": "yesterday", "item": 1}
        ),
    ),
    ("everyday", request("PUT", "/static/1")),
    ("shop", request("GET", "/products?limit=2&_=123456", headers={"X-Tenant": "initech"})),
    ("shop", request("GET", "/products?limit=2&_=123456")),
    ("shop", request("GET", "/products?limit=3&_=123456", headers=ACME)),
    ("shop", request("GET", "/products?limit=2&_=123456&cursor=aZk3Q9x9Lw81mVbaR", headers=ACME)),
    ("shop", request("GET", "/products?limit=2&_=123456&cursor=bZk3Q9x1Lw81mVbbR", headers=ACME)),
    ("shop", request("GET", "/carts/7d44d04b-1a3a-4e5c-9bc8-57a1f6c4a4f1", headers=ACME)),
    ("jobs", request("GET", "/jobs/7d44d04b-1a3a-4e5c-9bc8-57a1f6c4a4f1?_=1790000000123")),
    (
        "jobs",
        request(
            "PUT",
            "/jobs/7d44d04b-1a3a-4e5c-9bc8-57a1f6c4a4f1",
            {"kind": "huge", "submitted_ms": 1790000000123},
        ),
    ),
    ("jobs", request("POST", "/jobs", {"kind": "good", "priority": 4})),
    ("jobs", request("GET", "/jobs/777")),
    ("sessions", request("POST", "/login", {"user": "anna", "password": "pw-bob", "nonce": "0123456789ab"})),
    ("sessions", request("POST", "/login", {"user": "carl", "password": "pw-carl", "nonce": "0123456789ab"})),
    ("sessions", request("GET", "/notes", headers={"Authorization": "Bearer tok-carl-5f3a9c71e2"})),
    ("sessions", request("GET", "/notes?page=3", headers=ANNA)),
    ("sessions", request("GET", "/doc", headers=ANNA | {"Accept-Language": "fr"})),
    ("sessions", request("GET", "/doc", headers=ANNA | {"Accept-Language": "en", "If-None-Match": '"v8"'})),
]


@pytest.mark.parametrize(
    ("name", "trap"), TRAPS, ids=[f"{name} {one.method} {one.target}" for name, one in TRAPS]
)
def test_what_was_not_recorded_is_not_answered(name: str, trap: Request) -> None:
    """A request that differs in what matters is a miss, with the closest calls and a reason."""
    make_world, make_flows = MIXES[name]
    found = Matcher([record(make_world(), make_flows())]).find(trap)
    assert isinstance(found, Miss), found
    assert found.reason
    assert found.closest
