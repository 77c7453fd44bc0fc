"""The channel between daemon and worker: frames, descriptors, and what happens under pressure."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from meshdev.mesh.channel import Channel
from meshdev.wire.frames import FrameError, frame
from support_mesh import until


class End:
    """One end, and what it heard."""

    def __init__(self, sock: socket.socket) -> None:
        self.bodies: list[bytes] = []
        self.closed = 0
        self.drained = 0
        self.channel = Channel(
            asyncio.get_running_loop(),
            sock,
            received=self.bodies.append,
            closed=self._closed,
            drained=self._drained,
        )

    def _closed(self) -> None:
        self.closed += 1

    def _drained(self) -> None:
        self.drained += 1


@contextmanager
def ends() -> Iterator[tuple[End, End]]:
    """Two ends of one channel."""
    ours, theirs = map(End, socket.socketpair())
    try:
        yield ours, theirs
    finally:
        ours.channel.close()
        theirs.channel.close()


async def test_frames_and_descriptors_arrive_in_order() -> None:
    """Each descriptor comes with the message that it was sent with, whatever is sent around it."""
    with ends() as (ours, theirs):
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
        for number, sock in enumerate(sockets):
            ours.channel.send(frame(b"plain"))
            ours.channel.send(frame(str(number).encode()), sock.fileno())
        await until(lambda: len(theirs.bodies) == 6)
        assert theirs.bodies == [b"plain", b"0", b"plain", b"1", b"plain", b"2"]
        for sock in sockets:
            with socket.socket(fileno=theirs.channel.take_descriptor()) as copy, sock:
                assert copy.getsockname() == sock.getsockname()
        with pytest.raises(FrameError, match="without the descriptor"):
            theirs.channel.take_descriptor()


async def test_what_the_kernel_does_not_take_waits_and_is_told() -> None:
    """A peer that does not read makes the channel not idle; when it reads again everything arrives."""
    ours_socket, theirs_socket = socket.socketpair()
    ours = End(ours_socket)
    body = bytes(1 << 20)
    for _ in range(4):
        ours.channel.send(frame(body))
    assert not ours.channel.idle
    theirs = End(theirs_socket)
    await until(lambda: len(theirs.bodies) == 4)
    await until(lambda: ours.channel.idle)
    assert theirs.bodies == [body] * 4
    assert ours.drained == 1
    ours.channel.close()
    theirs.channel.close()


async def test_the_end_of_the_peer_is_told_once() -> None:
    """EOF is told once; what is sent afterwards goes nowhere and harms nobody."""
    with ends() as (ours, theirs):
        theirs.channel.close()
        await until(lambda: ours.closed == 1)
        ours.channel.send(frame(b"to nobody"))
        assert ours.closed == 1


async def test_a_peer_that_talks_nonsense_is_as_good_as_gone() -> None:
    """A frame over the limit closes the channel."""
    ours_socket, theirs = socket.socketpair()
    ours = End(ours_socket)
    theirs.sendall(b"\xff\xff\xff\xff")
    await until(lambda: ours.closed == 1)
    theirs.close()


async def test_closing_leaves_no_descriptor_open() -> None:
    """Descriptors that nobody took, and copies that were not sent, are closed with the channel."""
    ours_socket, theirs_socket = socket.socketpair()
    before = psutil.Process().num_fds()
    ours, theirs = End(ours_socket), End(theirs_socket)
    with socket.create_server(("127.0.0.1", 0)) as sock:
        ours.channel.send(frame(b"with"), sock.fileno())
        await until(lambda: len(theirs.bodies) == 1)
        ours.channel.send(frame(bytes(1 << 20)))
        ours.channel.send(frame(b"never sent"), sock.fileno())
        ours.channel.close()
        theirs.channel.close()
    assert psutil.Process().num_fds() == before - 2
