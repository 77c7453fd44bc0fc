"""The metrics listener on real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from meshdev.daemon import opt_in
from meshdev.daemon.metrics import MetricsListener


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def listener(complain: Callable[[str], None]) -> AsyncIterator[MetricsListener]:
    """A listener that runs and answers what it was asked for."""
    found = MetricsListener(lambda accept: (f"asked {accept}\n".encode(), "text/plain"), complain)
    async with asyncio.TaskGroup() as group:
        group.create_task(found.run())
        yield found
        found.close()


async def answer(port: int, path: str = "/metrics") -> httpx.Response:
    """What is served there, once something is."""
    async with asyncio.timeout(5), httpx.AsyncClient() as client:
        while True:
            try:
                return await client.get(f"http://127.0.0.1:{port}{path}", headers={"accept": "x/y"})
            except httpx.ConnectError:
                await asyncio.sleep(0.01)


async def test_metrics_move_with_the_topology() -> None:
    """Served where the file says, nothing else is; elsewhere after a change, and nowhere after another."""
    first, second = free_port(), free_port()
    async with listener(lambda _: None) as found:
        found.adopt(f"127.0.0.1:{first}")
        assert (await answer(first)).text == "asked x/y\n"
        assert (await answer(first, "/v1/snapshot")).status_code == 404
        found.adopt(f"127.0.0.1:{second}")
        assert (await answer(second)).status_code == 200
        found.adopt("")
        async with asyncio.timeout(5):
            while True:
                try:
                    (await asyncio.open_connection("127.0.0.1", second))[1].close()
                except ConnectionError:
                    break


async def test_a_port_that_somebody_has_is_told_once_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The system runs without metrics until the port is free."""
    monkeypatch.setattr(opt_in, "AGAIN_SECONDS", 0.02)
    complaints: list[str] = []
    told = asyncio.Event()

    def complain(text: str) -> None:
        complaints.append(text)
        told.set()

    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        async with listener(complain) as found:
            found.adopt(f"127.0.0.1:{port}")
            async with asyncio.timeout(5):
                await told.wait()
            holder.close()
            assert (await answer(port)).status_code == 200
    assert complaints == [f"metrics cannot be served at 127.0.0.1:{port}: Address already in use"]
