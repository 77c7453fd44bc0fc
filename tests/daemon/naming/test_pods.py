"""The daemon's side of networks for pods, with a real keeper: one is enough, and another one goes on."""

import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from meshdev.daemon.naming.pods import SPARE, Pods
from meshdev.errors import ServiceError
from support_mesh import fleet_of, until
from support_pods import needs_pods, talk

pytestmark = needs_pods


@pytest.fixture
async def pods(tmp_path: Path) -> AsyncIterator[Pods]:
    """Networks of nobody yet; what was reported is in `said`."""
    async with fleet_of(tmp_path) as fleet:
        found = Pods(fleet, os.environ, SAID.append)
        try:
            yield found
        finally:
            await found.close()


SAID: list[str] = []


async def in_pod(pods: Pods, name: str) -> socket.socket:
    """A socket of an instance's network, that waits."""
    sock = await pods.socket_in(name)
    sock.settimeout(10.0)
    return sock


async def test_a_gate_has_sockets_in_stock(pods: Pods) -> None:
    """As many as there may be listeners, and some more; asked again it is filled up."""
    assert pods.pid == 0
    sockets = await pods.gate("orders", 3)
    assert len(sockets) == 3 + SPARE
    for _ in range(5):
        sockets.take().close()
    assert await pods.gate("orders", 100) is sockets
    assert len(sockets) == 100 + SPARE
    assert pods.pid != 0
    sockets.close()
    with pytest.raises(OSError, match="no socket"):
        sockets.take()


async def test_a_keeper_that_is_killed_takes_nothing_with_it(pods: Pods) -> None:
    """Another one is told of the networks; a listener at the gate goes on all the while."""
    SAID.clear()
    gate = await pods.gate("orders", 1)
    os.fstat(await pods.pod("orders", "orders-0@1"))
    listener, caller = gate.take(), await in_pod(pods, "orders-0@1")
    listener.settimeout(10.0)
    first = pods.pid
    os.kill(first, signal.SIGKILL)
    await until(lambda: pods.pid not in (0, first))
    with closing(listener):
        assert talk(listener, caller, ("10.197.0.1", 8080))[0] == "there"
    again = (await pods.gate("orders", 1)).take()
    again.settimeout(10.0)
    with closing(again):
        assert talk(again, await in_pod(pods, "orders-0@1"), ("10.197.0.1", 8081))[0] == "there"
    await pods.pod("orders", "orders-1@2")
    assert len(SAID) == 1


async def test_an_instance_that_is_gone(pods: Pods) -> None:
    """Its network is let go, and nobody gets sockets of it; twice is once."""
    await pods.gate("orders", 0)
    net = await pods.pod("orders", "orders-0@1")
    pods.forget("orders-0@1")
    pods.forget("orders-0@1")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(net)
    with pytest.raises(OSError, match="no network"):
        await pods.socket_in("orders-0@1")


async def test_a_pod_without_a_gate(pods: Pods) -> None:
    """Is refused, and says why."""
    with pytest.raises(ServiceError, match="there is no network"):
        await pods.pod("orders", "orders-0@1")
