"""A real keeper of networks, and what is in them."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import pytest

from meshdev.mesh.offspring import Offspring
from meshdev.mesh.pod_sockets import Questions
from meshdev.runners.namespaces import pod_offer
from meshdev.wire.pods import Begin, Made
from support_product import eventually

needs_pods = pytest.mark.skipif(not pod_offer().possible, reason="no networks of one's own here")
"""Where users may have namespaces, or to root."""

GATE = "orders (gate)"


@asynccontextmanager
async def keeper() -> AsyncIterator[Questions]:
    """One that has begun; it ends at the end."""
    offspring = Offspring("meshdev.runners.pods.keeper", os.environ)
    questions = Questions(asyncio.get_running_loop(), offspring.start())
    try:
        user = await asked(questions.ask(Begin())[0])
        if user >= 0:
            os.close(user)
        yield questions
    finally:
        questions.close()
        await asyncio.to_thread(eventually, offspring.reaped)


async def asked(answer: "asyncio.Future[tuple[Made, int]]") -> int:
    """The descriptor of an answer (-1: none)."""
    async with asyncio.timeout(10):
        return (await answer)[1]


def taken(descriptor: int) -> socket.socket:
    """A socket that came."""
    sock = socket.socket(fileno=descriptor)
    sock.settimeout(10.0)
    return sock


def talk(listener: socket.socket, caller: socket.socket, place: tuple[str, int]) -> tuple[str, str]:
    """Connect ``caller`` to ``listener`` by ``place``: what was said, and from which address."""
    listener.bind(place)
    listener.listen()
    with closing(caller):
        caller.connect(place)
        accepted, peer = listener.accept()
        with closing(accepted):
            caller.sendall(b"there")
            return accepted.recv(16).decode(), str(peer[0])
