"""Following the system synchronously: an event stream that is polled, and a read model that survives its loss.

`Follower.poll` waits on one socket for at most the given time, so a command can look after its log files and signals in
the same thread. A lost stream is taken up again where it broke (``?after=SEQ``); if another run answers by then, or
the daemon's memory does not reach back so far, the read model begins anew with a snapshot.
"""

import select
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from meshdev.client import calls
from meshdev.client.control import Control, trouble
from meshdev.client.feed import EventFeed, Feed
from meshdev.client.mirror import Mirror
from meshdev.client.project import Project, knock
from meshdev.errors import DaemonError
from meshdev.wire.control import StreamEvent

PATIENCE = 5.0  # seconds that a lost daemon has to come back
RETRY = 0.1  # seconds between two attempts
_CHUNK = 65536

T = TypeVar("T")


class Stream(Generic[T]):
    """One connection to a stream of the daemon; raises DaemonError when it cannot be had."""

    def __init__(self, project: Project, feed: Feed[T]) -> None:
        self._project = project
        self._feed = feed
        try:
            self._connection = knock(project.socket(), timeout=calls.QUICK)
            self._connection.sendall(self._feed.outgoing)
        except OSError as error:
            raise trouble(project, error, calls.QUICK) from None

    def read(self, timeout: float) -> list[T]:
        """What has happened, waiting at most ``timeout`` seconds for it; raises DaemonError at the stream's end."""
        readable, _, _ = select.select([self._connection], [], [], timeout)
        if not readable:
            return []
        try:
            data = self._connection.recv(_CHUNK)
        except OSError as error:
            raise trouble(self._project, error, timeout) from None
        events = self._feed.receive(data)
        if self._feed.ended and not events:
            raise DaemonError("the daemon has ended the event stream", hint="`meshdev status` looks again")
        return events

    @property
    def ended(self) -> bool:
        """Whether the daemon has ended the stream in order."""
        return self._feed.ended

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class Follower:
    """The read model kept current; ``ended`` once the system has gone down in order."""

    def __init__(
        self, control: Control, *, patience: float = PATIENCE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._control = control
        self._patience = patience
        self._clock = clock
        self._lost_at: float | None = None
        self.ended = False
        self.mirror = Mirror.of(control.send(calls.snapshot()))
        self._stream: Stream[StreamEvent] | None = self._opened(self.mirror.seq)

    def poll(self, timeout: float) -> list[StreamEvent]:
        """What has happened, waiting at most ``timeout`` seconds; ``mirror`` has it already.

        Raises DaemonError when the daemon has been away for longer than the patience.
        """
        if self._stream is None:
            self._take_up(timeout)
            return []
        try:
            events = self._stream.read(timeout)
        except DaemonError:
            self._drop()
            return []
        return self._taken(events)

    def close(self) -> None:
        """Stop following."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _opened(self, after: int) -> Stream[StreamEvent]:
        return Stream(self._control.project, EventFeed(after))

    def _taken(self, events: list[StreamEvent]) -> list[StreamEvent]:
        fresh = [event for event in events if event.seq > self.mirror.seq]
        for event in events:
            if event.kind == "reset":
                self.mirror = self.mirror.renewed(self._control.send(calls.snapshot()))
            else:
                self.mirror = self.mirror.apply(event)
        return fresh

    def _drop(self) -> None:
        self.close()
        if self.mirror.system.shutting_down is not None:
            self.ended = True
        else:
            self._lost_at = self._clock()
        self.mirror = self.mirror.disconnected()

    def _take_up(self, timeout: float) -> None:
        if self.ended:
            return
        try:
            same = self._control.send(calls.version()).run_id == self.mirror.system.run_id
            mirror = self.mirror if same else self.mirror.renewed(self._control.send(calls.snapshot()))
            self._stream = self._opened(mirror.seq)
        except DaemonError as error:
            if self._clock() - (self._lost_at or 0.0) >= self._patience:
                message = f"the daemon of {self._control.project.root} has gone away"
                hint = f"`meshdev up` starts it again; its own log: {self._control.project.daemon_log}"
                raise DaemonError(message, hint=hint) from error
            time.sleep(min(timeout, RETRY))
            return
        self.mirror = mirror.reconnected()
        self._lost_at = None
