"""The daemon's side of one worker: it is started when there is an edge, told the policy, and started again.

Rules: what shall be is a whole (`Wanted`), so a worker that was just started and one that missed ten policies are
told the same thing · nothing queues: while the channel is not idle the newest `Wanted` waits · listeners stay open
here, so that connections wait in the kernel while there is no worker · the first restart is immediate, later ones of
a worker that keeps ending wait a little longer each time · one that answers nothing for three seconds is ended.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from meshdev.kernel.backoff import Backoff
from meshdev.mesh.channel import Channel
from meshdev.mesh.offspring import Offspring
from meshdev.mesh.pulse import BEAT_SECONDS, Pulse
from meshdev.mesh.run_queue import RunQueue
from meshdev.wire.mesh import (
    PROTOCOL,
    Ack,
    Dump,
    EdgeEntry,
    Hello,
    Link,
    Listen,
    Nets,
    Ping,
    Policy,
    Pong,
    ToDaemon,
    WireError,
    decode_to_daemon,
    encode,
)

SETTLED_SECONDS: Final = 5.0
CLOSE_SECONDS: Final = 2.0
REAP_SECONDS: Final = 0.01
Attach = Callable[[socket.socket], None]
"""Gets one end of a socket pair, to copy it; it is closed when this returns."""

RESTART: Final = Backoff(first=0.1, most=5.0, jitter=0.0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that a worker shall serve at ``version``: entries, and the listeners of each by edge id."""

    version: int = 0
    entries: tuple[EdgeEntry, ...] = ()
    listeners: Mapping[int, Sequence[socket.socket]] = field(default_factory=dict)


class WorkerProcess:
    """Keeps one worker alive as long as it has edges."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        environment: Mapping[str, str],
        *,
        told: Callable[["WorkerProcess", ToDaemon], None],
        died: Callable[["WorkerProcess"], None],
        report: Callable[[str], None],
    ) -> None:
        self._loop = loop
        self._offspring = Offspring("meshdev.mesh.worker", environment)
        self._told = told
        self._died = died
        self._report = report
        self._wanted = Wanted()
        self._channel: Channel | None = None
        self._restart: asyncio.TimerHandle | None = None
        self._pulse = Pulse()
        self._queue = RunQueue(0)
        self._beating: asyncio.TimerHandle | None = None
        self._sent: set[int] = set()
        self._sent_version = 0
        self._started = 0.0
        self._failures = 0
        self._syncs = 0
        self._syncing: dict[int, asyncio.Future[None]] = {}
        self._closing = False
        self._attach: Attach | None = None
        self._pods: Attach | None = None
        self.acked = 0

    @property
    def pid(self) -> int:
        """The worker's, 0 when there is none."""
        return self._offspring.pid

    @property
    def needed(self) -> bool:
        """Whether there is anything for this worker to do, or to stop doing."""
        return bool(self._wanted.entries) or self._channel is not None

    def want(self, wanted: Wanted) -> None:
        """From now on this is what the worker shall serve."""
        self._wanted = wanted
        if self._channel is not None:
            self._tell()
        elif wanted.entries and self._restart is None and not self._closing:
            self._spawn()

    async def sync(self) -> None:
        """Until everything that has happened in the worker so far has been told; at once when there is no worker."""
        channel = self._channel
        if channel is None:
            return
        self._syncs = number = self._syncs + 1
        waiter = self._syncing[number] = self._loop.create_future()
        try:
            channel.send(encode(Ping(number)))
            await waiter
        finally:
            del self._syncing[number]

    def record_by(self, attach: Attach) -> None:
        """From now on ``attach`` gets one end of what the worker tells the recorder, of each one that is started."""
        self._attach = attach
        self._link()

    def reach_pods_by(self, attach: Attach) -> None:
        """The same for the keeper of networks."""
        self._pods = attach
        self._link_pods()

    def dump(self, dump: Dump) -> None:
        """Ask the worker to tell the recorder what it has kept."""
        if self._channel is not None:
            self._channel.send(encode(dump))

    def _link(self) -> None:
        self._introduce(self._attach, Link())

    def _link_pods(self) -> None:
        self._introduce(self._pods, Nets())

    def _introduce(self, attach: Attach | None, message: Link | Nets) -> None:
        """Give the worker one end of a way, and ``attach`` the other."""
        if self._channel is None or attach is None:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with ours, theirs:
            self._channel.send(encode(message), theirs.fileno())
            attach(ours)

    async def close(self) -> None:
        """End the worker: by breaking the channel, and by force if that is not enough."""
        self._closing = True
        if self._restart is not None:
            self._restart.cancel()
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        self._stop_beating()
        deadline = self._loop.time() + CLOSE_SECONDS
        while not self._offspring.reaped():
            if self._loop.time() > deadline:
                self._offspring.kill()
            await asyncio.sleep(REAP_SECONDS)

    # --- the process ------------------------------------------------------------------------------

    def _spawn(self) -> None:
        self._restart = None
        try:
            ours = self._offspring.start()
        except OSError as error:
            self._failures += 1
            self._report(f"mesh worker cannot be started: {error}")
            self._schedule_restart()
            return
        self._started = self._loop.time()
        self._sent.clear()
        self._sent_version = self.acked = 0
        self._channel = Channel(
            self._loop, ours, received=self._received, closed=self._lost, drained=self._tell
        )
        self._pulse = Pulse()
        self._queue = RunQueue(self.pid)
        self._beating = self._loop.call_later(BEAT_SECONDS, self._beat)
        self._link()
        self._link_pods()
        self._tell()

    def _beat(self) -> None:
        channel = self._channel
        if channel is None:
            return
        if self._pulse.beat(self._queue.look()):
            self._report(f"mesh worker (pid {self.pid}) does not answer; it is ended")
            channel.close()
            self._lost()
            return
        if channel.idle:
            channel.send(encode(Ping()))
        self._beating = self._loop.call_later(BEAT_SECONDS, self._beat)

    def _stop_beating(self) -> None:
        if self._beating is not None:
            self._beating.cancel()

    def _lost(self) -> None:
        """The channel broke: the process is gone, or of no more use."""
        self._channel = None
        self._stop_beating()
        for waiter in self._syncing.values():  # what it did not tell is lost
            if not waiter.done():
                waiter.set_result(None)
        pid = self.pid
        self._offspring.kill()
        if self._loop.time() - self._started > SETTLED_SECONDS:
            self._failures = 0
        self._failures += 1
        self._report(f"mesh worker (pid {pid}) ended; its edges' connections broke, it is started again")
        self._died(self)
        self._schedule_restart()

    def _schedule_restart(self) -> None:
        delay = 0.0 if self._failures <= 1 else RESTART.delay(self._failures - 1, 0.0)
        self._restart = self._loop.call_later(delay, self._start_again)

    def _start_again(self) -> None:
        if not self._offspring.reaped():
            self._offspring.kill()
            self._restart = self._loop.call_later(REAP_SECONDS, self._start_again)
        elif self._wanted.entries and not self._closing:
            self._spawn()
        else:
            self._restart = None

    # --- the channel ------------------------------------------------------------------------------

    def _tell(self) -> None:
        """Tell the newest of what is wanted, as far as it is not told yet."""
        channel, wanted = self._channel, self._wanted
        if channel is None or not channel.idle or self._sent_version == wanted.version:
            return
        for entry in wanted.entries:
            if entry.id not in self._sent and entry.id in wanted.listeners:
                self._sent.add(entry.id)
                for listener in wanted.listeners[entry.id]:
                    channel.send(encode(Listen(entry.id)), listener.fileno())
        self._sent &= wanted.listeners.keys()
        self._sent_version = wanted.version
        channel.send(encode(Policy(wanted.version, wanted.entries)))

    def _received(self, body: bytes) -> None:
        message = decode_to_daemon(body)
        self._pulse.heard()
        if isinstance(message, Pong):
            waiter = self._syncing.get(message.number)
            if waiter is not None and not waiter.done():
                waiter.set_result(None)
            return
        if isinstance(message, Hello) and message.protocol != PROTOCOL:
            msg = f"the worker speaks protocol {message.protocol}, we speak {PROTOCOL}"
            raise WireError(msg)
        if isinstance(message, Ack):
            self.acked = message.version
        self._told(self, message)
