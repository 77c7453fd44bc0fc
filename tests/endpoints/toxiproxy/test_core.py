"""Toxiproxy's API call by call: status, body, errors, defaults and quirks, over a ground in memory."""

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from meshdev.endpoints.toxiproxy.core import Toxiproxy
from meshdev.endpoints.toxiproxy.decoding import ApiError
from meshdev.endpoints.toxiproxy.proxies import Place, port_of
from meshdev.endpoints.toxiproxy.web import toxiproxy_app
from meshdev.wire.faults import FaultSpec

EDGE = {
    "name": "orders->payments",
    "listen": "127.0.0.1:17000",
    "upstream": "127.0.0.1:20000",
    "enabled": True,
    "toxics": [],
}
MINE = {"name": "redis", "listen": "127.0.0.1:0", "upstream": "localhost:6379"}
LATENCY = {"type": "latency", "attributes": {"latency": 300}}


@dataclass(slots=True)
class Ground:
    """Edges, listeners and faults as a table; ``did`` is what happened, in order."""

    places: dict[str, Place] = field(default_factory=dict)
    on: dict[str, FaultSpec] = field(default_factory=dict)
    did: list[tuple[str, ...]] = field(default_factory=list)

    def edges(self) -> Mapping[str, Place]:
        """The system's."""
        return self.places

    def faults(self) -> Collection[str]:
        """Those that are on."""
        return self.on

    async def open(self, name: str, listen: str, upstream: str) -> str:
        """A listener; port 1 is taken."""
        if name in self.places:
            place = self.places[name]
            self.places[name] = Place(place.listen, place.upstream)
            self.did.append(("open", name))
            return place.listen
        port = port_of(listen)
        if port == 1:
            raise ApiError(500, "port 1 is taken")
        self.did.append(("open", name, listen, upstream))
        return f"127.0.0.1:{port or 16999}"

    async def shut(self, name: str) -> None:
        """Nobody gets in."""
        self.did.append(("shut", name))
        if name in self.places:
            place = self.places[name]
            self.places[name] = Place(place.listen, place.upstream, enabled=False)

    async def remove(self, name: str) -> None:
        """It is gone."""
        self.did.append(("remove", name))

    async def put(self, name: str, spec: FaultSpec) -> None:
        """A fault acts."""
        self.did.append(("put", name, spec.id))
        self.on[spec.id] = spec

    async def lift(self, faults: Collection[str]) -> None:
        """Faults act no more."""
        for fault in faults:
            del self.on[fault]


class Api:
    """The application, asked without a socket."""

    def __init__(self) -> None:
        self.ground = Ground({"orders->payments": Place("127.0.0.1:17000", "127.0.0.1:20000")})
        self.core = Toxiproxy(self.ground)
        transport = httpx.ASGITransport(toxiproxy_app(self.core, "0.1"))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://api")

    async def __call__(self, method: str, path: str, body: object = None, **more: Any) -> tuple[int, Any]:
        """Status and body; ``body`` is sent as JSON unless it is bytes."""
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        reply = await self.client.request(method, path, content=content, **more)
        return reply.status_code, reply.json() if reply.content else None


@pytest.fixture
def api() -> Api:
    """An API over one edge of the system."""
    return Api()


async def test_version_and_index(api: Api) -> None:
    """The version is one that clients can read; proxies come by name, edges among them."""
    assert await api("GET", "/version") == (200, {"version": "2.12.0+meshdev.0.1"})
    assert await api("GET", "/proxies") == (200, {"orders->payments": EDGE})
    assert await api("GET", "/proxies/orders->payments") == (200, EDGE)


async def test_proxies_come_and_go(api: Api) -> None:
    """201, 409 for the second, 200, 204, 404 for what is gone; port 0 is answered with the real one."""
    made = MINE | {"listen": "127.0.0.1:16999", "enabled": True, "toxics": []}
    assert await api("POST", "/proxies", MINE) == (201, made)
    assert await api("POST", "/proxies", MINE) == (409, {"error": "proxy already exists", "status": 409})
    assert await api("GET", "/proxies/redis") == (200, made)
    assert await api("DELETE", "/proxies/redis") == (204, None)
    for method in ("GET", "DELETE", "POST", "PATCH"):
        assert await api(method, "/proxies/redis", {}) == (404, {"error": "proxy not found", "status": 404})
    assert api.ground.did == [("open", "redis", "127.0.0.1:0", "localhost:6379"), ("remove", "redis")]


@pytest.mark.parametrize("listen", ["0.0.0.0:2000", "[::]:2000", ":2000", "localhost:2000", "127.0.0.1:2000"])
async def test_every_address_is_loopback(api: Api, listen: str) -> None:
    """Whatever host is asked for, the answer names where it is."""
    _, made = await api("POST", "/proxies", MINE | {"listen": listen})
    assert made["listen"] == "127.0.0.1:2000"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"upstream": "a:1"}, "missing required field: name"),
        ({"name": "a"}, "missing required field: upstream"),
        (b"", "bad request body: EOF"),
        (b"[]", "bad request body: json: cannot unmarshal array into an object"),
        (
            {"name": 1},
            "bad request body: json: cannot unmarshal number 1 into Go struct field .name of type string",
        ),
        (
            {"enabled": "yes"},
            "bad request body: json: cannot unmarshal string into Go struct field .enabled of type bool",
        ),
    ],
)
async def test_bodies_that_are_no_proxy(api: Api, body: object, error: str) -> None:
    """400 with the original's words."""
    assert await api("POST", "/proxies", body) == (400, {"error": error, "status": 400})


@pytest.mark.parametrize("body", [b"{", b"nothing", b"[" * 100_000, b'{"a": NaN}', b"\xff"])
async def test_bodies_that_are_no_json(api: Api, body: bytes) -> None:
    """400, whatever is wrong with it."""
    status, told = await api("POST", "/proxies", body)
    assert status == told["status"] == 400
    assert told["error"].startswith("bad request body: ")


async def test_keys_are_read_as_the_original_does(api: Api) -> None:
    """Case makes no difference, unknown keys and what follows are ignored, null is as good as nothing."""
    body = b'{"NAME": "redis", "Upstream": "a:1", "listen": null, "enabled": null, "colour": 1} trailing'
    status, made = await api("POST", "/proxies", body)
    assert (status, made["name"], made["enabled"]) == (201, "redis", True)


async def test_a_port_that_is_taken(api: Api) -> None:
    """500, and the proxy is not there."""
    assert await api("POST", "/proxies", MINE | {"listen": ":1"}) == (
        500,
        {"error": "port 1 is taken", "status": 500},
    )
    assert (await api("GET", "/proxies/redis"))[0] == 404


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_proxy_is_updated(api: Api, method: str) -> None:
    """What is not named stays; another upstream restarts it with its toxics; the name cannot be changed."""
    await api("POST", "/proxies", MINE)
    await api("POST", "/proxies/redis/toxics", LATENCY)
    api.ground.did.clear()
    _, told = await api(method, "/proxies/redis", {"name": "other"})
    assert (told["name"], api.ground.did) == ("redis", [])
    _, told = await api(method, "/proxies/redis", {"upstream": "b:2"})
    assert (told["upstream"], len(told["toxics"])) == ("b:2", 1)
    assert api.ground.did == [("shut", "redis"), ("open", "redis", "127.0.0.1:16999", "b:2")]
    api.ground.did.clear()
    _, told = await api(method, "/proxies/redis", {"enabled": False})
    assert (told["enabled"], api.ground.did) == (False, [("shut", "redis")])
    _, told = await api(method, "/proxies/redis", {"enabled": True})
    assert (told["enabled"], told["listen"]) == (True, "127.0.0.1:16999")


async def test_an_edge_keeps_its_place(api: Api) -> None:
    """Address and upstream of an edge are the topology's; it can be shut and opened, and only hidden."""
    edge = "/proxies/orders->payments"
    assert await api("PATCH", edge, {"upstream": "b:2", "listen": ":9"}) == (200, EDGE)
    assert (await api("PATCH", edge, {"enabled": False}))[1]["enabled"] is False
    assert (await api("POST", "/reset"))[0] == 204
    assert await api("GET", edge) == (200, EDGE)
    await api("POST", f"{edge}/toxics", LATENCY)
    assert await api("DELETE", edge) == (204, None)
    assert await api("GET", "/proxies") == (200, {})
    assert not api.ground.on
    assert await api("POST", "/proxies", {"name": "orders->payments", "upstream": "x:1"}) == (201, EDGE)
    assert (await api("POST", "/proxies", {"name": "orders->payments", "upstream": "x:1"}))[0] == 409


async def test_edges_follow_the_system(api: Api) -> None:
    """An edge that leaves the system takes its toxics with it; what is new is a proxy."""
    await api("POST", "/proxies/orders->payments/toxics", LATENCY)
    api.ground.places = {"orders->carts": Place("127.0.0.1:17001", "127.0.0.1:20001")}
    assert list((await api("GET", "/proxies"))[1]) == ["orders->carts"]
    assert not api.ground.on


async def test_populate(api: Api) -> None:
    """Unchanged proxies are left untouched, others are replaced; all is checked before anything is done."""
    both = [
        MINE | {"listen": ":2000"},
        {"name": "sql", "listen": ":2001", "upstream": "a:1", "enabled": False},
    ]
    status, told = await api("POST", "/populate", both)
    assert status == 201
    assert [(one["name"], one["enabled"]) for one in told["proxies"]] == [("redis", True), ("sql", False)]
    await api("POST", "/proxies/redis/toxics", LATENCY)
    api.ground.did.clear()
    _, told = await api("POST", "/populate", both)
    assert (api.ground.did, len(told["proxies"][0]["toxics"])) == ([], 1)
    _, told = await api("POST", "/populate", [{**MINE, "listen": ":2000", "upstream": "b:2"}])
    assert told["proxies"][0]["toxics"] == []
    assert api.ground.did == [("remove", "redis"), ("open", "redis", ":2000", "b:2")]
    assert await api("POST", "/populate", [{"name": "a", "upstream": "b:1"}, {"name": "c"}]) == (
        400,
        {"error": "missing required field: upstream at proxy 2", "status": 400},
    )
    status, told = await api(
        "POST",
        "/populate",
        [{"name": "a", "upstream": "b:1"}, {"name": "c", "upstream": "d:1", "listen": ":1"}],
    )
    assert (status, told["error"], [one["name"] for one in told["proxies"]]) == (
        500,
        "port 1 is taken",
        ["a"],
    )
    assert await api("POST", "/populate", []) == (201, {"proxies": []})


async def test_toxics_have_defaults(api: Api) -> None:
    """Downstream, all of them, named by type and stream, 0 for what is not given; creating answers 200."""
    path = "/proxies/orders->payments/toxics"
    toxic = {
        "attributes": {"latency": 300, "jitter": 0},
        "name": "latency_downstream",
        "type": "latency",
        "stream": "downstream",
        "toxicity": 1,
    }
    assert await api("POST", path, LATENCY) == (200, toxic)
    assert await api("POST", path, LATENCY) == (409, {"error": "toxic already exists", "status": 409})
    assert await api("GET", path) == (200, [toxic])
    assert await api("GET", f"{path}/latency_downstream") == (200, toxic)
    assert (await api("POST", path, LATENCY | {"stream": "UPSTREAM"}))[1]["name"] == "latency_UPSTREAM"
    assert [one["stream"] for one in (await api("GET", path))[1]] == ["upstream", "downstream"]
    assert await api("DELETE", f"{path}/latency_downstream") == (204, None)
    for method in ("GET", "DELETE", "POST", "PATCH"):
        assert await api(method, f"{path}/latency_downstream", {}) == (
            404,
            {"error": "toxic not found", "status": 404},
        )
    assert (await api("POST", "/proxies/nothing/toxics", LATENCY))[0] == 404


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (LATENCY | {"stream": "sideways"}, "stream was invalid, can be either upstream or downstream"),
        ({"type": "nonsense"}, "invalid toxic type"),
        ({}, "invalid toxic type"),
        (b"", "bad request body: EOF"),
        (
            {"type": "latency", "attributes": {"latency": 1.5}},
            "bad request body: json: cannot unmarshal number 1.5 into Go struct field .latency of type int64",
        ),
    ],
)
async def test_toxics_that_cannot_be(api: Api, body: object, error: str) -> None:
    """400 with the original's words, and nothing acts."""
    assert await api("POST", "/proxies/orders->payments/toxics", body) == (
        400,
        {"error": error, "status": 400},
    )
    assert not api.ground.on


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_toxic_is_updated(api: Api, method: str) -> None:
    """Attributes and toxicity are merged into what was, under the same fault; type and stream stay."""
    path = "/proxies/orders->payments/toxics"
    await api(
        "POST", path, {"type": "latency", "attributes": {"latency": 300, "jitter": 50}, "toxicity": 0.5}
    )
    status, told = await api(
        method, f"{path}/latency_downstream", {"attributes": {"Jitter": 10}, "type": "x"}
    )
    assert (status, told["attributes"], told["toxicity"]) == (200, {"latency": 300, "jitter": 10}, 0.5)
    _, told = await api(method, f"{path}/latency_downstream", {"toxicity": 0})
    assert (told["type"], told["toxicity"]) == ("latency", 0)
    (spec,) = api.ground.on.values()
    assert (dict(spec.values), spec.percentage) == ({"latency": 0.3, "jitter": 0.01}, 0)


@pytest.mark.parametrize(
    ("type_", "attributes", "kind", "values"),
    [
        ("latency", {"latency": 1500, "jitter": 100}, "latency", {"latency": 1.5, "jitter": 0.1}),
        ("latency", {"latency": -5}, "latency", {"latency": 0, "jitter": 0}),
        ("bandwidth", {"rate": 64}, "bandwidth", {"rate": 64_000}),
        ("bandwidth", {}, "bandwidth", {"rate": 1e15}),
        ("slow_close", {"delay": 200}, "slow-close", {"delay": 0.2}),
        ("timeout", {"timeout": 0}, "timeout", {"timeout": 0}),
        ("reset_peer", {"timeout": 20}, "reset", {"after": 0.02}),
        (
            "slicer",
            {"average_size": 64, "size_variation": 8, "delay": 10},
            "slicer",
            {"average_size": 64, "size_variation": 8, "delay": 1e-05},
        ),
        ("limit_data", {"bytes": 1000}, "limit-data", {"bytes": 1000}),
        ("noop", {}, "latency", {"latency": 0}),
    ],
)
async def test_each_type_is_a_fault(
    api: Api, type_: str, attributes: dict[str, int], kind: str, values: dict[str, float]
) -> None:
    """Units are those of the original: milliseconds, microseconds for slices, kilobytes of 1000."""
    await api("POST", "/proxies/orders->payments/toxics", {"type": type_, "attributes": attributes})
    (spec,) = api.ground.on.values()
    assert (spec.kind, dict(spec.values), spec.direction, spec.percentage) == (
        kind,
        values,
        "downstream",
        100,
    )


async def test_a_fault_that_was_ended_elsewhere_is_no_toxic(api: Api) -> None:
    """What the command line takes away is gone here, too."""
    path = "/proxies/orders->payments/toxics"
    await api("POST", path, LATENCY)
    api.ground.on.clear()
    assert await api("GET", path) == (200, [])
    assert (await api("POST", path, LATENCY))[0] == 200


async def test_names_that_would_be_one_fault(api: Api) -> None:
    """Names that differ only in what an id cannot hold are two faults."""
    path = "/proxies/orders->payments/toxics"
    for name in ("a/b", "a_b", "a b"):
        assert (await api("POST", path, LATENCY | {"name": name}))[0] == 200
    assert list(api.ground.on) == [f"orders->payments.a_b{end}" for end in ("", "~2", "~3")]


async def test_browsers_are_turned_away(api: Api) -> None:
    """403 for whatever calls itself Mozilla, on any path."""
    for path in ("/proxies", "/version", "/nothing"):
        reply = await api.client.get(path, headers={"user-agent": "Mozilla/5.0 (X11)"})
        assert (reply.status_code, reply.text) == (403, "User agent not allowed\n")


async def test_calls_take_turns(api: Api) -> None:
    """Of two that want the same name one is first, and the other hears of it."""
    replies = await asyncio.gather(*(api("POST", "/proxies", MINE) for _ in range(5)))
    assert sorted(status for status, _ in replies) == [201, 409, 409, 409, 409]
