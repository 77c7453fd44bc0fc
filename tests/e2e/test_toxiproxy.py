"""Toxiproxy's API of a real daemon, driven by `toxiproxy-python` from PyPI as it is, and by plain requests."""

import json
import selectors
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from toxiproxy import Toxiproxy  # type: ignore[import-untyped]
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists  # type: ignore[import-untyped]

from support_mesh import free_port
from support_product import Product, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

SYSTEM = """
[compat.toxiproxy]
listen = "127.0.0.1:@api@"

[services.front]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"
calls = ["back"]
ports = ["@port@:http"]

[services.back]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"
"""
LATE = 0.6


class Echo(socketserver.BaseRequestHandler):
    """Says what it hears."""

    def handle(self) -> None:
        """Until nothing more comes."""
        sock: socket.socket = self.request
        try:
            while data := sock.recv(65536):
                sock.sendall(data)
        except ConnectionError:
            return


class Server(socketserver.ThreadingTCPServer):
    """Takes many connections at once: one that does not fit is only tried again after a second."""

    daemon_threads = True
    request_queue_size = 128


@pytest.fixture
def echo() -> Iterator[str]:
    """``HOST:PORT`` of a server that echoes."""
    with Server(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class Api:
    """The running API: the client from PyPI, and plain requests."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.port, self.published = free_port(), free_port()
        product.write(SYSTEM.replace("@api@", str(self.port)).replace("@port@", str(self.published)))
        product.run("up", "-d", "--wait")
        self.client = Toxiproxy()
        self.client.update_api_consumer("127.0.0.1", self.port)
        eventually(self.client.running)

    def call(self, method: str, path: str, body: object = None, **more: Any) -> httpx.Response:
        """A plain request."""
        content = None if body is None else json.dumps(body)
        return httpx.request(method, f"http://127.0.0.1:{self.port}{path}", content=content, **more)

    def signals(self, caller: str, callee: str) -> dict[str, Any]:
        """An edge as ``edges --json`` tells it."""
        found: list[dict[str, Any]] = json.loads(self.product.run("edges", "--json").stdout)
        return next(one for one in found if (one["caller"], one["callee"]) == (caller, callee))


@pytest.fixture
def api(product: Product) -> Api:
    """A system that runs, and its API."""
    return Api(product)


def address(listen: str) -> tuple[str, int]:
    """``HOST:PORT`` as sockets have it."""
    host, _, port = listen.rpartition(":")
    return host, int(port)


@contextmanager
def connected(listen: str) -> Iterator[socket.socket]:
    """A connection to a proxy."""
    with socket.create_connection(address(listen), timeout=10) as sock:
        yield sock


def echoed(sock: socket.socket, data: bytes) -> float:
    """Seconds until ``data`` is back, whole."""
    began = time.monotonic()
    sock.sendall(data)
    back = b""
    while len(back) < len(data):
        piece = sock.recv(65536)
        assert piece, f"it closed after {len(back)} bytes"
        back += piece
    assert back == data
    return time.monotonic() - began


def ends(sock: socket.socket) -> str:
    """How a connection ends: ``closed``, or ``reset``; whatever comes before is skipped."""
    try:
        while sock.recv(65536):
            pass
    except ConnectionResetError:
        return "reset"
    return "closed"


def refuses(listen: str) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as sock:
        return sock.connect_ex(address(listen)) != 0


def test_the_client_from_pypi_makes_and_unmakes_proxies(api: Api, echo: str) -> None:
    """Create, find, populate, take down, toxics and reset, with the client's own methods."""
    client = api.client
    assert b"version" in client.version()
    assert {"front->back", "outside->front"} == set(client.proxies())
    proxy = client.create(upstream=echo, name="echo")
    assert refuses(proxy.listen) is False
    with pytest.raises(ProxyExists):
        client.create(upstream=echo, name="echo")
    with connected(proxy.listen) as sock:
        assert echoed(sock, b"hello") < LATE
        proxy.add_toxic(type="latency", attributes={"latency": 600})
        assert echoed(sock, b"hello") >= LATE
        assert {"latency_downstream"} == set(proxy.toxics())
        assert proxy.get_toxic("latency_downstream").attributes == {"latency": 600, "jitter": 0}
        proxy.destroy_toxic("latency_downstream")
        assert echoed(sock, b"hello") < LATE
        with proxy.down():
            assert ends(sock) in ("closed", "reset")
            assert refuses(proxy.listen)
        assert not refuses(proxy.listen)
    with pytest.raises(InvalidToxic):
        proxy.add_toxic(type="nonsense")
    with pytest.raises(NotFound):
        proxy.destroy_toxic("nothing")
    made = client.populate([{"name": "more", "upstream": echo, "listen": "0.0.0.0:0"}])
    assert [one.name for one in made] == ["more"]
    assert made[0].listen.startswith("127.0.0.1:")
    client.destroy_all()
    assert client.proxies() == {}
    assert refuses(made[0].listen)
    client.reset()
    assert {"front->back", "outside->front"} == set(client.proxies())


def test_an_edge_of_the_system_is_a_proxy(api: Api) -> None:
    """Toxics are faults as all others: told, counted, ended by either side; disabled is refused, on the same port."""
    client, product = api.client, api.product
    front = client.get_proxy("outside->front")
    url = f"http://{front.listen}/healthz"
    assert front.listen == f"127.0.0.1:{api.published}"
    front.add_toxic(name="slow", type="latency", attributes={"latency": 600})
    began = time.monotonic()
    assert httpx.get(url).status_code == 200
    assert time.monotonic() - began >= LATE
    (fault,) = json.loads(product.run("fault", "list", "--json").stdout)
    assert (fault["name"], fault["origin"], fault["edges"]) == (
        "outside->front.slow",
        "ad hoc",
        ["outside -> front:http"],
    )
    eventually(lambda: api.signals("outside", "front")["fault_hits"].get("outside->front.slow/latency"))
    product.run("fault", "rm", "outside->front.slow")
    assert front.toxics() == {}
    with httpx.Client() as kept:
        assert kept.get(url).status_code == 200
        front.disable()
        with pytest.raises(httpx.TransportError):
            kept.get(url)
    assert refuses(front.listen)
    assert client.get_proxy("outside->front").enabled is False
    front.enable()
    assert httpx.get(url).status_code == 200


def test_toxics_in_real_time(api: Api, echo: str) -> None:
    """The family, loosely: nothing is lost, limits hold, ends are what they should be."""
    proxy = api.client.create(upstream=echo, name="echo")
    with connected(proxy.listen) as sock:
        proxy.add_toxic(name="one", type="latency", attributes={"latency": 300})
        proxy.add_toxic(name="two", type="latency", stream="upstream", attributes={"latency": 300})
        assert echoed(sock, b"x" * 100_000) >= LATE
        api.client.reset()
        proxy.add_toxic(type="bandwidth", attributes={"rate": 200})
        assert 0.4 <= echoed(sock, b"y" * 100_000) < 5
        api.client.reset()
        proxy.add_toxic(type="slicer", attributes={"average_size": 1000, "size_variation": 500, "delay": 10})
        echoed(sock, b"z" * 100_000)
        api.client.reset()
        proxy.add_toxic(type="limit_data", attributes={"bytes": 10})
        sock.sendall(b"0123456789abc")
        assert sock.recv(100, socket.MSG_WAITALL) == b"0123456789"
        api.client.reset()
    with connected(proxy.listen) as sock:
        proxy.add_toxic(type="timeout", attributes={"timeout": 0})
        sock.sendall(b"into nothing")
        proxy.destroy_toxic("timeout_downstream")
        assert ends(sock) == "closed"
    with connected(proxy.listen) as sock:
        proxy.add_toxic(type="reset_peer", attributes={"timeout": 0})
        sock.sendall(b"!")
        assert ends(sock) == "reset"


def test_defects_of_the_original(api: Api, echo: str) -> None:
    """Toxicity is drawn once, 0 hits nobody, bytes are counted as they pass, and removal does not wait for readers."""
    proxy = api.client.create(upstream=echo, name="echo")
    proxy.add_toxic(type="reset_peer", toxicity=0.0, attributes={"timeout": 0})
    with connected(proxy.listen) as sock:
        echoed(sock, b"hello")
        eventually(lambda: api.signals("outside", "echo")["bytes_out"] == 5)
    api.client.reset()
    proxy.add_toxic(type="latency", toxicity=0.5, attributes={"latency": 600})
    socks = [socket.create_connection(address(proxy.listen), timeout=10) for _ in range(12)]

    def late() -> list[bool]:
        """Which of the connections are hit; all are asked at once."""
        began, waiting, hit = time.monotonic(), selectors.DefaultSelector(), [False] * len(socks)
        for number, sock in enumerate(socks):
            sock.sendall(b"?")
            waiting.register(sock, selectors.EVENT_READ, number)
        while waiting.get_map():
            for key, _ in waiting.select(10):
                assert socks[key.data].recv(10) == b"?"
                hit[key.data] = time.monotonic() - began >= LATE
                waiting.unregister(socks[key.data])
        waiting.close()
        return hit

    first = late()
    assert len({*first}) == 2  # the draws have a seed: it is always so
    proxy.add_toxic(name="other", type="latency", attributes={"latency": 1})
    assert first == late()
    assert api.call("PATCH", "/proxies/echo/toxics/other", {"attributes": {"latency": 2}}).status_code == 200
    assert first == late()
    proxy.destroy_toxic("other")
    assert first == late()
    for sock in socks:
        sock.close()
    api.client.reset()
    with connected(proxy.listen) as sock:  # nobody reads what comes back
        proxy.add_toxic(type="bandwidth", attributes={"rate": 1})
        sock.settimeout(1)
        with pytest.raises(TimeoutError):
            sock.sendall(b"x" * 32_000_000)
        began = time.monotonic()
        proxy.destroy_toxic("bandwidth_downstream")
        assert time.monotonic() - began < 2


def test_toxics_end_with_the_daemon(api: Api, echo: str) -> None:
    """After a restart nothing is left of what was made over the API."""
    proxy = api.client.create(upstream=echo, name="echo")
    proxy.add_toxic(type="latency", attributes={"latency": 600})
    api.product.run("down")
    assert refuses(proxy.listen)
    api.product.run("up", "-d", "--wait")
    eventually(api.client.running)
    assert {"front->back", "outside->front"} == set(api.client.proxies())
    assert json.loads(api.product.run("fault", "list", "--json").stdout) == []
