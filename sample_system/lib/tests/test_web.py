"""Requests are checked, traced, logged, and answered in JSON whatever happens."""

import logging

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shopkit import trace
from shopkit.testing import served
from shopkit.web import application, number, read, reply


class Body(msgspec.Struct):
    """What the test's app reads."""

    quantity: int


async def echo(request: Request) -> Response:
    """Says what was understood, and in which trace."""
    body = await read(request, Body)
    span = trace.current()
    return reply({"quantity": body.quantity, "trace": span.trace_id if span else None}, 201)


async def count(request: Request) -> Response:
    """Says which number was understood."""
    return reply(number(request, "limit", 5, most=10))


@pytest.fixture
def app() -> Starlette:
    """An app with both."""
    routes = [Route("/echo", echo, methods=["POST"]), Route("/count", count)]
    return application(routes, health=lambda: {"broker": "away"})


async def test_a_request_runs_inside_the_callers_trace(app: Starlette) -> None:
    """The handler sees the caller's trace id; the answer names the request."""
    headers = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "x-request-id": "r-1"}
    async with served(app) as client:
        answer = await client.post("/echo", json={"quantity": 2}, headers=headers)
    assert answer.status_code == 201
    assert answer.json() == {"quantity": 2, "trace": "a" * 32}
    assert answer.headers["x-request-id"] == "r-1"


@pytest.mark.parametrize("content", [b"", b"{", b'{"quantity": "2"}', b"{}"])
async def test_a_wrong_body_is_answered_with_what_is_wrong(app: Starlette, content: bytes) -> None:
    """As JSON, with 400."""
    async with served(app) as client:
        answer = await client.post("/echo", content=content)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize(
    ("query", "status"), [("", 200), ("?limit=10", 200), ("?limit=11", 400), ("?limit=-1", 400)]
)
async def test_a_number_stays_within_bounds(app: Starlette, query: str, status: int) -> None:
    """Anything else is refused."""
    async with served(app) as client:
        assert (await client.get(f"/count{query}")).status_code == status


async def test_health_says_more_than_ok(app: Starlette) -> None:
    """A neighbour that is away is told, and doesn't make the service unhealthy."""
    async with served(app) as client:
        answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "broker": "away"})


async def test_every_request_leaves_one_line(app: Starlette, caplog: pytest.LogCaptureFixture) -> None:
    """Probes stay out of the way."""
    caplog.set_level(logging.INFO)
    async with served(app) as client:
        await client.get("/healthz")
        await client.get("/count")
    assert [record.getMessage() for record in caplog.records if record.name == "http"] == ["GET /count 200"]
