"""A worker's way to sockets of other networks: in stock, and said when they cannot be had."""

import asyncio
import os
import socket

import pytest

from meshdev.mesh.pod_sockets import AT_ONCE, NoSocketError, PodSockets
from meshdev.wire.pods import Client, Gate, Pod
from support_pods import GATE, asked, keeper, needs_pods, talk

pytestmark = needs_pods


async def test_they_come_a_few_at_a_time() -> None:
    """All of the network that was asked for, also those after the first few, and by many at once."""
    async with keeper() as ask:
        os.close(await asked(ask.ask(Gate(GATE))[0]))
        os.close(await asked(ask.ask(Pod("a", GATE, "10.198.0.1"))[0]))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ask.tell(Client(), theirs.fileno())
        theirs.close()
        pods = PodSockets(asyncio.get_running_loop())
        pods.connect(ours)
        found = await asyncio.gather(*(pods.take("a") for _ in range(3 * AT_ONCE + 1)))
        for sock in found:
            sock.settimeout(10.0)
        assert talk(found[0], found[-1], ("127.0.0.1", 8080)) == ("there", "127.0.0.1")
        for sock in found[:-1]:
            sock.close()
        with pytest.raises(NoSocketError, match="no network"):
            await pods.take("b")
        pods.keep(())


async def test_without_a_keeper() -> None:
    """Said, not waited for; one that ends takes its promises with it, and another one is asked."""
    pods = PodSockets(asyncio.get_running_loop())
    with pytest.raises(NoSocketError, match="no keeper"):
        await pods.take("a")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    pods.connect(ours)
    asyncio.get_running_loop().call_later(0.05, theirs.close)
    with pytest.raises(NoSocketError, match="ended"):
        await pods.take("a")
    async with keeper() as ask:
        os.close(await asked(ask.ask(Gate("a"))[0]))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ask.tell(Client(), theirs.fileno())
        theirs.close()
        pods.connect(ours)
        (await pods.take("a")).close()
        pods.keep(())
