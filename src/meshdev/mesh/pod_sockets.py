"""Sockets of other networks, asked of their keeper (`wire.pods`): for those who connect into pods, or listen at gates.

A socket belongs to the network in which it was made, whoever binds or connects it. They are asked for a few at a time,
so not every connection waits for an answer.
"""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable, Collection
from typing import Final

from meshdev.mesh.channel import Channel
from meshdev.wire.pods import Made, Question, Refused, Sockets, decode_answer, encode

AT_ONCE: Final = 8


class NoSocketError(OSError):
    """The keeper is gone, or refused; the text says why."""


class Questions:
    """One end of the way to the keeper; ``lost`` hears that it broke."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, lost: Callable[[], None] = lambda: None
    ) -> None:
        self._loop = loop
        self._lost = lost
        self._waiting: deque[asyncio.Future[tuple[Made, int]]] = deque()
        self._open = True
        self._channel = Channel(loop, sock, received=self._received, closed=self._broken)

    def tell(self, question: Question, descriptor: int | None = None) -> None:
        """Say what needs no answer."""
        self._channel.send(encode(question), descriptor)

    def ask(
        self, question: Question, descriptor: int | None = None, *, answers: int = 1
    ) -> "list[asyncio.Future[tuple[Made, int]]]":
        """The answers to come, each with a descriptor (-1: none); they raise NoSocketError."""
        found = [self._loop.create_future() for _ in range(answers)]
        if self._open:
            self._waiting.extend(found)
            self.tell(question, descriptor)
        else:
            _fail(found, "there is nobody to ask")
        return found

    def close(self) -> None:
        """Nothing more is asked."""
        if self._open:
            self._open = False
            self._channel.close()
            _fail(self._waiting, "nobody asks any more")

    def _received(self, body: bytes) -> None:
        answer = decode_answer(body)
        waiter = self._waiting.popleft()
        if isinstance(answer, Refused):
            _fail([waiter], answer.reason)
            return
        descriptor = -1 if answer.bare else self._channel.take_descriptor()
        if not waiter.done():
            waiter.set_result((answer, descriptor))
        elif descriptor >= 0:
            os.close(descriptor)

    def _broken(self) -> None:
        self._open = False
        _fail(self._waiting, "the keeper of networks ended")
        self._lost()


def _fail(waiters: "Collection[asyncio.Future[tuple[Made, int]]]", reason: str) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_exception(NoSocketError(reason))
            waiter.exception()  # somebody may have given up waiting


class PodSockets:
    """Sockets by network, as a worker needs them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._questions: Questions | None = None
        self._stock: dict[str, deque[asyncio.Future[tuple[Made, int]]]] = {}

    def connect(self, sock: socket.socket) -> None:
        """From now on ``sock`` is the way."""
        if self._questions is not None:
            self._questions.close()
        self._questions = Questions(self._loop, sock)
        for net, stock in self._stock.items():  # what the one before has not answered it never will
            self._stock[net] = deque(one for one in stock if one.done() and one.exception() is None)

    def keep(self, nets: Collection[str]) -> None:
        """Sockets of other networks are of no more use."""
        for net in self._stock.keys() - set(nets):
            for waiter in self._stock.pop(net):
                waiter.add_done_callback(_drop)

    async def take(self, net: str) -> socket.socket:
        """One socket of ``net``, not connected. Raises OSError."""
        if self._questions is None:
            raise NoSocketError("there is no keeper of networks")
        stock = self._stock.setdefault(net, deque())
        if not stock:
            stock.extend(self._questions.ask(Sockets(net, AT_ONCE), answers=AT_ONCE))
        _, descriptor = await stock.popleft()
        sock = socket.socket(fileno=descriptor)
        sock.setblocking(False)  # noqa: FBT003 - the socket module's own signature
        return sock

    async def dialled(
        self, loop: asyncio.AbstractEventLoop, net: str, address: tuple[str, int]
    ) -> socket.socket:
        """One socket of ``net``, connected to ``address`` there. Raises OSError."""
        sock = await self.take(net)
        try:
            await loop.sock_connect(sock, address)
        except BaseException:
            sock.close()
            raise
        return sock


def _drop(waiter: "asyncio.Future[tuple[Made, int]]") -> None:
    if not waiter.cancelled() and waiter.exception() is None and waiter.result()[1] >= 0:
        os.close(waiter.result()[1])
