"""One end of the socket pair between daemon and worker: frames both ways, descriptors riding along.

asyncio's transports cannot carry descriptors, so this watches the socket itself. Frames leave in the order in which
they were sent. Nothing here blocks: what the kernel does not take at once is kept until it does, and `drained` is
called then, so a sender that can say the same thing later (a newer policy, a sum of counters) waits for `idle`
instead of queueing.
"""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable
from typing import Final

from meshdev.wire.frames import FrameError, FrameReader

READ_BYTES: Final = 256 * 1024
MOST_DESCRIPTORS: Final = 64


class Channel:
    """Owns ``sock``; tells ``received(body)`` for each frame and ``closed()`` once, when the peer is gone."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        *,
        received: Callable[[bytes], None],
        closed: Callable[[], None],
        drained: Callable[[], None] | None = None,
    ) -> None:
        sock.setblocking(False)  # noqa: FBT003 - the socket module's own signature
        self._loop = loop
        self._sock = sock
        self._received = received
        self._closed = closed
        self._drained = drained
        self._reader = FrameReader()
        self._outgoing: deque[tuple[memoryview, int | None]] = deque()
        self._descriptors: deque[int] = deque()
        self._open = True
        loop.add_reader(sock.fileno(), self._readable)

    @property
    def idle(self) -> bool:
        """Whether the kernel has taken everything that was sent."""
        return not self._outgoing

    def send(self, data: bytes, descriptor: int | None = None) -> None:
        """Send a frame, and with it a copy of ``descriptor``; the caller's may be closed at once."""
        if not self._open:
            return
        self._outgoing.append((memoryview(data), None if descriptor is None else os.dup(descriptor)))
        if len(self._outgoing) == 1:
            self._flush()

    def take_descriptor(self) -> int:
        """The oldest descriptor that arrived and was not taken. Raises FrameError when there is none."""
        if not self._descriptors:
            msg = "a message came without the descriptor that belongs to it"
            raise FrameError(msg)
        return self._descriptors.popleft()

    def close(self) -> None:
        """Close for good; `closed` is not called any more."""
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._sock.fileno())
        self._loop.remove_writer(self._sock.fileno())
        self._sock.close()
        for _, descriptor in self._outgoing:
            if descriptor is not None:
                os.close(descriptor)
        self._outgoing.clear()
        while self._descriptors:
            os.close(self._descriptors.popleft())

    def _flush(self) -> None:
        try:
            while self._outgoing:
                data, descriptor = self._outgoing[0]
                if descriptor is None:
                    sent = self._sock.send(data)
                else:
                    sent = socket.send_fds(self._sock, [data], [descriptor])
                    os.close(descriptor)
                if sent < len(data):
                    self._outgoing[0] = (data[sent:], None)  # the descriptor left with the first byte
                else:
                    self._outgoing.popleft()
        except (BlockingIOError, InterruptedError):
            self._loop.add_writer(self._sock.fileno(), self._writable)
        except OSError:
            self._lost()

    def _writable(self) -> None:
        self._loop.remove_writer(self._sock.fileno())
        self._flush()
        if self._open and not self._outgoing and self._drained is not None:
            self._drained()

    def _readable(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._sock, READ_BYTES, MOST_DESCRIPTORS)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._lost()
            return
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)  # noqa: FBT003 - the os module's own signature
        self._descriptors.extend(descriptors)
        if not data:
            self._lost()
            return
        try:
            for body in self._reader.feed(data):
                if not self._open:
                    return
                self._received(body)
        except ValueError:  # FrameError, WireError: a peer that has gone wrong is as good as gone
            self._lost()

    def _lost(self) -> None:
        if self._open:
            self.close()
            self._closed()
