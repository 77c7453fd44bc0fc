"""The data-plane process: ``python -m meshdev.mesh.worker --fd N``, started by the daemon's `Fleet`.

It owns no truth: listeners and policy come over the socket pair at descriptor N, telemetry goes back. When that
channel breaks the daemon is gone and the worker ends at once; where the system can, it is also killed with its
parent. It imports little (an interpreter, uvloop, msgspec), because there may be one per core.
"""

import asyncio
import gc
import os
import socket
import sys
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final, assert_never

from meshdev.mesh.channel import Channel
from meshdev.mesh.complaints import Complaints
from meshdev.mesh.edge import Edge
from meshdev.mesh.http_relay import HttpRelay
from meshdev.mesh.name_proxy import NameProxy
from meshdev.mesh.pod_sockets import PodSockets
from meshdev.mesh.recorder_link import RecorderLink
from meshdev.mesh.relay import Relay
from meshdev.mesh.scanned_link import ScannedRelay, is_scanned, scanned_relay
from meshdev.mesh.settling import loop_factory, settle_in
from meshdev.mesh.waiting import WaitingRoom
from meshdev.wire.mesh import (
    FIRST_MET,
    Ack,
    Dump,
    EdgeEntry,
    EdgeKey,
    EdgePolicy,
    Exchange,
    Hello,
    Link,
    Listen,
    Met,
    Nets,
    Ping,
    Policy,
    Pong,
    Telemetry,
    ToDaemon,
    Trouble,
    decode_to_worker,
    encode,
)

if TYPE_CHECKING:
    from meshdev.mesh.tls_door import DoorListener

TELEMETRY_SECONDS: Final = 0.25
ACCEPT_BACKLOG: Final = 4096
COLLECT_AFTER: Final = (20_000, 20, 20)  # objects; most of ours go without a collection
SPOKEN_AS_HTTP: Final = frozenset({"http"})


class Served:
    """An edge that this worker serves: its listening servers and its links."""

    __slots__ = ("edge", "relay", "servers")

    def __init__(self, edge: Edge, relay: Relay | HttpRelay | NameProxy) -> None:
        self.edge = edge
        self.relay = relay
        self.servers: list[
            asyncio.Server | DoorListener
        ] = []  # none: it is reached through a name proxy only


class Worker:
    """Serves the edges of the newest policy until the daemon is gone (`finished`)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
        self._loop = loop
        self.finished = asyncio.Event()
        self._served: dict[int, Served] = {}
        self._by_key: dict[EdgeKey, Served] = {}
        self._next_met = FIRST_MET
        self._recorder = RecorderLink(loop)
        self._pods = PodSockets(loop)
        self._sockets: dict[int, list[socket.socket]] = {}
        self._wanted: Policy | None = None
        self._applying: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._dirty: dict[int, Edge] = {}
        self._telling: asyncio.TimerHandle | None = None
        self._waiting = WaitingRoom(loop, self._say)
        self._channel = Channel(loop, sock, received=self._received, closed=self.finished.set)
        self._say(Hello(pid=os.getpid(), loop=type(loop).__module__.partition(".")[0]))

    def _say(self, message: ToDaemon) -> None:
        self._channel.send(encode(message))

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run ``work`` in a task that this worker keeps; its failure is told to the daemon, never lost."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._say(Trouble(f"mesh worker: {type(error).__name__}: {error}"))

    def _received(self, body: bytes) -> None:
        message = decode_to_worker(body)
        match message:
            case Listen():
                sock = socket.socket(fileno=self._channel.take_descriptor())
                sock.setblocking(False)  # noqa: FBT003 - the socket module's own signature
                self._sockets.setdefault(message.edge, []).append(sock)
            case Policy():
                self._wanted = message
                if self._applying is None:
                    self._applying = self.start(self._apply_newest())
            case Ping():
                if message.number and self._telling is not None:
                    self._telling.cancel()
                    self._tell_now()
                self._say(Pong(message.number))
            case Link():
                self._recorder.connect(socket.socket(fileno=self._channel.take_descriptor()))
            case Nets():
                self._pods.connect(socket.socket(fileno=self._channel.take_descriptor()))
            case Dump():
                self._dump(message)
            case _:
                assert_never(message)

    async def _apply_newest(self) -> None:
        try:
            while (policy := self._wanted) is not None:
                self._wanted = None
                await self._apply(policy)
                self._say(Ack(policy.version))
        finally:
            self._applying = None

    async def _apply(self, policy: Policy) -> None:
        self._pods.keep({one.net for entry in policy.edges for one in entry.policy.upstreams if one.net})
        shut = {entry.key for entry in policy.edges if entry.policy.shut}
        for gone in self._served.keys() - {entry.id for entry in policy.edges}:
            ended = self._served.pop(gone)
            self._by_key.pop(ended.edge.key, None)
            for server in ended.servers:
                server.close()  # open connections live on until they end by themselves
            ended.relay.close()
            if ended.edge.key in shut:
                ended.relay.put_out()
                if ended.edge.door is not None:
                    ended.edge.door.put_out()
        for entry in policy.edges:
            served = self._served.get(entry.id)
            if served is not None:
                served.relay.adopt(entry.policy)
                self._capture(served, entry.policy)
                continue
            edge, relay = self._made(entry)
            self._served[entry.id] = self._by_key[entry.key] = made = Served(edge, relay)
            self._capture(made, entry.policy)
            for sock in self._sockets.pop(entry.id, ()):
                made.servers.append(
                    await self._loop.create_server(relay.accept, sock=sock, backlog=ACCEPT_BACKLOG)
                    if edge.door is None
                    else edge.door.listen(sock)
                )

    def _made(self, entry: EdgeEntry) -> tuple[Edge, Relay | HttpRelay | NameProxy]:
        if entry.policy.protocol == "proxy":
            proxy = NameProxy(
                self._loop, entry, self.start, self._trouble, find=self._relay_of, meet=self._meet
            )
            return proxy.edge, proxy
        edge = Edge(self._loop, entry, self._changed)
        edge.waits = self._waiting.enter
        edge.pods = self._pods
        if entry.policy.protocol in SPOKEN_AS_HTTP:
            relay: Relay | HttpRelay = HttpRelay(self._loop, edge, self.start, self._trouble)
        elif is_scanned(entry.policy.protocol):
            relay = scanned_relay(self._loop, edge, self.start, self._trouble)
        else:
            relay = Relay(self._loop, edge, self.start)
        tell = Complaints(edge, self._trouble).once
        edge.explain = tell
        if entry.policy.tls is not None and entry.policy.tls.certificate:
            from meshdev.mesh.tls_door import TlsDoor  # noqa: PLC0415 - most workers never need it

            edge.door = TlsDoor(self._loop, relay, self.start, tell)
        return edge, relay

    def _capture(self, served: Served, policy: EdgePolicy) -> None:
        """Keep what passes as ``policy`` says; a name proxy's counts for whom its caller meets."""
        if isinstance(served.relay, NameProxy):
            for met in served.relay.met():
                met.adopt_capture(policy, self._recorder)
            return
        edge, relay = served.edge, served.relay
        began = edge.capture is None
        edge.adopt_capture(policy, self._recorder)
        if began and edge.capture is not None:
            scanned = relay.tunnels if isinstance(relay, HttpRelay) else relay
            if isinstance(scanned, ScannedRelay):
                scanned.keep_streams()

    def _dump(self, dump: Dump) -> None:
        """Tell the recorder what it asks for, then that this was all."""
        since = time.perf_counter() - dump.seconds
        try:
            for served in self._served.values():
                met = served.relay.met() if isinstance(served.relay, NameProxy) else []
                for edge in (served.edge, *met):
                    edge.catch_up()
                    wanted = dump.seconds and (not dump.edges or served.edge.id in dump.edges)
                    if edge.capture is not None and wanted:
                        edge.capture.dump(dump.token, since, dump.span.encode())
        finally:
            self._recorder.mark(dump.token)  # somebody waits for it, whatever became of one edge

    def _trouble(self, text: str, number: int) -> None:
        self._say(Trouble(text, number))

    def _relay_of(self, key: EdgeKey) -> Relay | HttpRelay | None:
        served = self._by_key.get(key)
        return None if served is None or isinstance(served.relay, NameProxy) else served.relay

    def _meet(self, key: EdgeKey, policy: EdgePolicy) -> HttpRelay:
        """A relay to somebody who is no edge of the policy; the daemon hears of it before its first signals."""
        entry = EdgeEntry(self._next_met, key, policy)
        self._next_met += 1
        self._say(Met(entry.id, key))
        edge = Edge(self._loop, entry, self._changed)
        for served in self._served.values():
            if isinstance(served.relay, NameProxy) and served.edge.key.caller == key.caller:
                edge.adopt_capture(served.edge.policy, self._recorder)
        return HttpRelay(self._loop, edge, self.start, self._trouble)

    def _changed(self, edge: Edge) -> None:
        self._dirty[edge.id] = edge
        if self._telling is None:
            self._telling = self._loop.call_later(TELEMETRY_SECONDS, self._tell)

    def _tell(self) -> None:
        if not self._channel.idle:  # the daemon is busy: sums wait, and nothing queues
            self._telling = self._loop.call_later(TELEMETRY_SECONDS, self._tell)
        else:
            self._tell_now()

    def _tell_now(self) -> None:
        self._telling = None
        exchanges: list[Exchange] = []
        edges = tuple(edge.take_counters(exchanges) for edge in self._dirty.values())
        dropped = sum(edge.dropped for edge in self._dirty.values())
        self._dirty.clear()
        clock = time.time() - time.perf_counter()
        self._say(Telemetry(edges, dropped, tuple(exchanges), clock))


async def _serve(sock: socket.socket) -> None:
    worker = Worker(asyncio.get_running_loop(), sock)
    gc.collect()
    gc.freeze()  # what is loaded now stays: no collection needs to look at it again
    gc.set_threshold(*COLLECT_AFTER)
    await worker.finished.wait()


def main() -> None:
    """Serve until the channel breaks; then end without ceremony, sockets and all."""
    match sys.argv[1:]:
        case ["--fd", number] if number.isdecimal():
            channel = socket.socket(fileno=int(number))
        case _:
            sys.exit("usage: python -m meshdev.mesh.worker --fd N (started by the daemon, not by hand)")
    channel.set_inheritable(False)
    settle_in()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(channel))
        os._exit(0)


if __name__ == "__main__":
    main()
