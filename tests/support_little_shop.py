"""A little shop over real HTTP that makes ids and times, and a client that records what passes."""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs

import httpx

from meshdev.recording.model import Body, Exchange, Request, Response


class LittleShop:
    """Carts by session, orders by id; ``price`` and ``broken`` can be changed while it runs."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.price = 5.5
        self.broken = False
        self.carts: dict[str, list[dict[str, Any]]] = {}
        self.orders: dict[str, dict[str, Any]] = {}


@contextmanager
def little_shop() -> Iterator[LittleShop]:  # noqa: C901 -- the branches of a handler
    """It, serving on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0].split("/")
            if self.path == "/":
                self._page(
                    "<html><head><title>The little shop</title></head><body>" + "tea " * 80 + "</body></html>"
                )
            elif self.path == "/cart":
                form = f'<form><input name="csrf" value="{self._session()[:12]}"></form>'
                self._page(f"<html><h1>Your cart</h1>{form}</html>")
            elif path[1] == "items":
                self._json(200, [{"sku": f"item-{number}", "price": shop.price} for number in range(8)])
            elif path[1] == "orders" and path[2] in shop.orders:
                self._json(200, shop.orders[path[2]])
            else:
                self._json(404, {"error": "no such thing"})

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.path == "/cart":
                form = parse_qs(sent.decode())
                shop.carts.setdefault(self._session(), []).append(
                    {"sku": form["sku"][0], "qty": int(form["qty"][0])}
                )
                self._answer(303, b"", {"location": "/cart"})
            elif self.path == "/orders":
                self._order(json.loads(sent))
            else:
                self._json(404, {"error": "no such thing"})

        def _order(self, wanted: dict[str, Any]) -> None:
            if shop.broken:
                self._json(503, {"error": "payments are down"})
                return
            if wanted["csrf"] != self._session()[:12] or self.headers["authorization"] != "Bearer sesame":
                self._json(403, {"error": "not you"})
                return
            lines = shop.carts.get(self._session(), [])
            order = {
                "id": str(uuid.uuid4()),
                "number": next(numbers),
                "state": "paid",
                "at": datetime.now(UTC).isoformat(),
                "lines": lines,
                "total": shop.price * sum(line["qty"] for line in lines),
            }
            shop.orders[str(order["id"])] = order
            self._json(201, order, {"location": f"/orders/{order['id']}"})

        def _session(self) -> str:
            cookie = self.headers.get("cookie", "")
            return cookie.partition("session=")[2].partition(";")[0] or "nobody"

        def _page(self, text: str) -> None:
            fresh = {} if "session=" in self.headers.get("cookie", "") else {
                "set-cookie": f"session={uuid.uuid4().hex}; Path=/"
            }  # fmt: skip
            self._answer(200, text.encode(), {"content-type": "text/html; charset=utf-8", **fresh})

        def _json(self, status: int, content: object, more: dict[str, str] | None = None) -> None:
            self._answer(
                status, json.dumps(content).encode(), {"content-type": "application/json", **(more or {})}
            )

        def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    numbers = count(1000)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shop = LittleShop(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Recorder(httpx.Client):
    """A client that keeps what passes as exchanges from outside to storefront."""

    def __init__(self, url: str) -> None:
        self.kept: list[Exchange] = []
        self.redacted: tuple[str, ...] = ()
        super().__init__(base_url=url, trust_env=False, event_hooks={"response": [self._keep]})

    def _keep(self, response: httpx.Response) -> None:
        sent, answer = response.request, response.read()
        content = sent.read()
        headers = tuple((name.decode(), value.decode()) for name, value in sent.headers.raw)
        answered = tuple((name.decode(), value.decode()) for name, value in response.headers.raw)
        self.kept.append(
            Exchange(
                id=f"{len(self.kept) + 1:06d}",
                started=1_764_300_000.0 + len(self.kept),
                microseconds=1000,
                caller="outside",
                callee="storefront",
                request=Request(
                    sent.method, sent.url.raw_path.decode(), headers, Body(content, len(content))
                ),
                response=Response(
                    response.status_code, response.reason_phrase, answered, Body(answer, len(answer))
                ),
                redacted=self.redacted if "authorization" in sent.headers else (),
            )
        )
