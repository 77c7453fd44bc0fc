"""The daemon's side of the mesh: listeners, policy, workers, and what they tell.

`listen` binds at once and needs no worker: connections wait in the kernel until one serves them. `apply` says what
every edge does from now on; calls within one turn of the loop become one policy. Workers start with the first edge
that is in a policy, each edge belongs to one of them, and a worker that ends is replaced without closing a listener.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from meshdev.mesh.listening import Listeners, Listening
from meshdev.mesh.ports import ANY_LOOPBACK_6, PortBook, bind, bind_beside, bind_fixed, name_holder
from meshdev.mesh.process import Attach, Wanted, WorkerProcess
from meshdev.mesh.signals import EdgeSignals
from meshdev.wire.mesh import (
    FIRST_MET,
    Dump,
    EdgeEntry,
    EdgeKey,
    EdgePolicy,
    Exchange,
    Met,
    Telemetry,
    ToDaemon,
    Trouble,
    Upstream,
    Waiting,
)

Routes = Mapping[EdgeKey, Sequence[Upstream] | EdgePolicy]
ROLE: Final = "worker"
PROXY: Final = "proxy"  # the protocol of name proxies
MOST_MET: Final = 500
OTHERS: Final = "(other hosts)"


class Fleet:
    """All mesh workers of one daemon. Used from the loop's thread only."""

    def __init__(
        self,
        *,
        ports_file: Path,
        environment: Mapping[str, str] | None = None,
        workers: int = 1,
        reserved: Collection[int] = (),
        report: Callable[[str], None] = lambda _: None,
        exchanged: Callable[[EdgeKey, Exchange, float], None] | None = None,
        wanted: Callable[[EdgeKey], None] = lambda _: None,
    ) -> None:
        """``reserved`` are ports that belong to others (what the topology names); ``report`` gets sentences.

        ``exchanged`` hears of single HTTP exchanges, as many as are told, with the time (seconds since the epoch)
        at which each began. ``wanted`` hears of edges on which somebody waits for a service to start.
        """
        self._environment = os.environ if environment is None else environment
        self._file = ports_file
        self._ports = PortBook(str(ports_file), reserved)
        self._report = report
        self._exchanged = exchanged
        self._wanted = wanted
        self.dropped = 0
        self._size = workers
        self._workers: list[WorkerProcess] = []
        self._edges: dict[EdgeKey, Listening] = {}
        self._keys: dict[int, EdgeKey] = {}
        self._homes: dict[str, int] = {}
        self._met: dict[WorkerProcess, dict[int, EdgeKey]] = {}
        self._signals: dict[EdgeKey, EdgeSignals] = {}
        self._version = 0
        self._flushed = 0
        self._given_up: dict[int, Listeners] = {}
        self._left: dict[EdgeKey, Listeners] = {}
        self._flushing: asyncio.Handle | None = None
        self._saving: asyncio.Future[None] | None = None
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    async def start(self) -> None:
        """Read the remembered ports; workers start later, with the first edge in a policy."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._ports.load, self._file)
        self._workers = [
            WorkerProcess(loop, self._environment, told=self._told, died=self._died, report=self._report)
            for _ in range(self._size)
        ]

    async def close(self) -> None:
        """End the workers, close the listeners, keep the ports for the next time."""
        if self._flushing is not None:
            self._flushing.cancel()
        for worker in self._workers:
            await worker.close()
        for listening in self._edges.values():
            for sock in listening.socks:
                sock.close()
        self._edges.clear()
        self._close_given_up()
        for _, waiter in self._waiting:
            waiter.cancel()
        while self._ports.dirty or (self._saving is not None and not self._saving.done()):
            self._save()
            await asyncio.sleep(0)
            if self._saving is not None:
                await asyncio.wait([self._saving])

    # --- ports ------------------------------------------------------------------------------------

    def reserve(self, ports: Collection[int]) -> None:
        """Ports that belong to others from now on; edges that have one already keep it."""
        self._ports.reserved = ports

    def listen(self, edge: EdgeKey, *, port: int | None = None) -> int:
        """Bind the edge's listener at once, on ``port`` if given, and return its port; asking again changes nothing.

        Raises ServiceError when a fixed port is taken; it names the holder if it can.
        """
        known = self._edges.get(edge)
        if known is not None:
            same = port in (known.fixed, known.port) or (port is None and known.fixed is None)
            if known.socks and same and not known.placed:
                return known.port
            self.unlisten(edge)
        wish = self._ports.known(edge) if port is None else port
        if wish is not None and (given_up := self._given_up.pop(wish, None)) is not None:
            beside = self._beside(edge, wish) if port is not None and len(given_up) == 1 else ()
            socks = (*given_up, *beside)
        elif port is None:
            socks = (self._ports.bind(edge),)
        else:
            socks = (bind_fixed(edge, port), *self._beside(edge, port))
        number = len(self._keys) + 1
        self._keys[number] = edge
        self._edges[edge] = listening = Listening(number, edge, socks, port)
        if known is not None and known.policy is not None:
            listening.policy = known.policy
            self._change()
        elif self._ports.dirty:
            self._flush_soon()
        return listening.port

    def _beside(self, edge: EdgeKey, port: int) -> Listeners:
        try:
            sock = bind_beside(port)
        except OSError:
            holder = name_holder(port, ANY_LOOPBACK_6)
            who = f"by {holder}" if holder else "by another program"
            meant = "programs for which that is localhost reach it instead"
            self._report(f"port {port} for {edge} is taken on [::1] {who}: {meant}")
            return ()
        return () if sock is None else (sock,)

    def listen_at(
        self,
        edge: EdgeKey,
        host: str,
        ports: Sequence[int],
        device: str,
        *,
        exact: bool = False,
        source: Callable[[], socket.socket] | None = None,
    ) -> int:
        """Bind the edge's listener on ``ports`` of an address of the interface ``device``; returns the first port.

        Where the first one is taken, any free one is, unless it must be ``exact``. Whoever had a listener elsewhere has
        it no more. ``source`` gives the sockets where they belong to another network. Raises OSError.
        """
        known = self._edges.get(edge)
        if exact and known is not None and known.placed and known.at == (host, ports[0]):
            return known.port
        policy = known.policy if known is not None else None
        kept = self._reclaim(edge, host, ports) if exact else {}
        try:
            first = kept.get(ports[0]) or bind(ports[0], host, device, source)
        except OSError as error:
            if exact or error.errno != errno.EADDRINUSE:
                self._left[edge] = (*self._left.get(edge, ()), *kept.values())
                raise
            first = bind(0, host, device, source)
        socks = [first]
        for port in ports[1:]:
            with suppress(OSError):  # one more is a courtesy
                socks.append(kept.get(port) or bind(port, host, device, source))
        self.unlisten(edge)
        number = len(self._keys) + 1
        self._keys[number] = edge
        self._edges[edge] = listening = Listening(number, edge, tuple(socks), None, placed=True)
        listening.policy = policy
        self._change()
        return listening.port

    def _reclaim(self, edge: EdgeKey, host: str, ports: Sequence[int]) -> dict[int, socket.socket]:
        """Listeners that the edge has just left, where it shall be again: nobody is refused meanwhile."""
        left = {sock.getsockname()[:2]: sock for sock in self._left.pop(edge, ())}
        kept = {port: left.pop((host, port)) for port in ports if (host, port) in left}
        self._left[edge] = tuple(left.values())
        return kept

    def is_placed(self, edge: EdgeKey) -> bool:
        """Whether it has a listener by `listen_at`."""
        return edge in self._edges and self._edges[edge].placed

    def attach(self, edge: EdgeKey) -> None:
        """Have the edge without a listener: the name proxy of its caller leads to it."""
        known = self._edges.get(edge)
        if known is not None and not known.socks:
            return
        self.unlisten(edge)
        number = len(self._keys) + 1
        self._keys[number] = edge
        self._edges[edge] = Listening(number, edge, (), None)

    def unlisten(self, edge: EdgeKey) -> None:
        """Close the edge's listener; connections that are open end by themselves. Its port stays remembered."""
        listening = self._edges.pop(edge, None)
        if listening is not None:
            if listening.placed:
                self._left[edge] = (*self._left.get(edge, ()), *listening.socks)
            elif listening.socks:  # another edge may take them over within this turn
                self._given_up[listening.port] = listening.socks
            self._change()

    def forget(self, edge: EdgeKey) -> None:
        """The same, and its port is remembered no more: an edge of that name will not come again."""
        self.unlisten(edge)
        self._ports.forget(edge)

    def _close_given_up(self) -> None:
        for socks in self._left.values():
            for sock in socks:
                sock.close()
        self._left.clear()
        for socks in self._given_up.values():
            for sock in socks:
                sock.close()
        self._given_up.clear()

    # --- policy -----------------------------------------------------------------------------------

    def apply(self, edges: Routes) -> int:
        """What every edge does from now on; an edge left out turns new connections away. Returns the version.

        A bare sequence of upstreams means `EdgePolicy`'s defaults: plain TCP, holding while the sequence is empty.
        """
        for key, listening in self._edges.items():
            route = edges.get(key, EdgePolicy(hold=0.0))
            listening.policy = route if isinstance(route, EdgePolicy) else EdgePolicy(tuple(route))
        return self._change()

    @property
    def version(self) -> int:
        """The newest policy's version."""
        return self._version

    @property
    def acked(self) -> int:
        """The version that acts in every worker that has edges."""
        return min((worker.acked for worker in self._workers if worker.needed), default=self._flushed)

    async def wait_acked(self, version: int) -> None:
        """Wait until the policy of ``version``, or a newer one, acts everywhere."""
        if self.acked < version or self._flushed < version:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((version, waiter))
            await waiter

    async def sync(self) -> None:
        """Until everything that has happened on the edges so far is in `signals`, and was told one by one."""
        await asyncio.gather(*(worker.sync() for worker in self._workers))

    def _change(self) -> int:
        if self._flushed == self._version:
            self._version += 1
        self._flush_soon()
        return self._version

    def _flush_soon(self) -> None:
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = None
        self._save()
        if self._flushed == self._version:
            return
        self._flushed = self._version
        self._close_given_up()
        shares: list[list[Listening]] = [[] for _ in self._workers]
        self._homes = {
            one.key.caller: one.id
            for one in self._edges.values()
            if one.policy is not None and one.policy.protocol == PROXY
        }
        for listening in self._edges.values():
            if listening.policy is not None:
                shares[self._share(listening.id)].append(listening)
        for worker, share in zip(self._workers, shares, strict=True):
            entries = tuple(
                EdgeEntry(edge.id, edge.key, edge.policy) for edge in share if edge.policy is not None
            )
            sockets = {edge.id: edge.socks for edge in share if edge.socks}
            worker.want(Wanted(self._version, entries, sockets))
        self._wake()

    def _share(self, number: int) -> int:
        """Which worker serves an edge: the one that has its caller's name proxy, else any, always the same."""
        return self._homes.get(self._keys[number].caller, number) % len(self._workers)

    def _save(self) -> None:
        if self._ports.dirty and (self._saving is None or self._saving.done()):
            loop = asyncio.get_running_loop()
            content = self._ports.encode()
            self._saving = loop.run_in_executor(None, self._ports.save, self._file, content)
            self._saving.add_done_callback(self._saved)

    def _saved(self, saving: asyncio.Future[None]) -> None:
        if not saving.cancelled() and (error := saving.exception()) is not None:
            self._report(f"ports cannot be remembered in {self._file}: {error}")
        if self._ports.dirty:
            self._flush_soon()

    def _wake(self) -> None:
        acked = min(self.acked, self._flushed)
        for version, waiter in self._waiting:
            if version <= acked and not waiter.done():
                waiter.set_result(None)
        self._waiting = [(version, waiter) for version, waiter in self._waiting if not waiter.done()]

    # --- recording --------------------------------------------------------------------------------

    def record_by(self, attach: Attach) -> None:
        """Have every worker, also those that are started later, tell a recorder, which gets its ends by ``attach``."""
        for worker in self._workers:
            worker.record_by(attach)

    def reach_pods_by(self, attach: Attach) -> None:
        """Have every worker, also those that are started later, ask the keeper of networks for sockets."""
        for worker in self._workers:
            worker.reach_pods_by(attach)

    def dump(self, dump: Dump) -> None:
        """Ask every worker to tell the recorder what it has kept, then a mark."""
        for worker in self._workers:
            worker.dump(dump)

    # --- what workers tell ------------------------------------------------------------------------

    def processes(self) -> list[tuple[str, int]]:
        """The workers that run, as (role, pid)."""
        return [(ROLE, worker.pid) for worker in self._workers if worker.pid]

    def signals(self) -> Mapping[EdgeKey, EdgeSignals]:
        """What every edge has carried so far; live objects, to be read only."""
        return self._signals

    def _key(self, worker: WorkerProcess, number: int) -> EdgeKey:
        return self._keys[number] if number < FIRST_MET else self._met[worker][number]

    def _remember(self, worker: WorkerProcess, number: int, key: EdgeKey) -> None:
        """An edge out of the system; hosts beyond `MOST_MET` a caller are told as one."""
        hosts = {known.callee for known in self._signals if known.caller == key.caller}
        many = key.callee not in hosts and len(hosts) >= MOST_MET
        known = EdgeKey(key.caller, OTHERS, key.endpoint) if many else key
        self._met.setdefault(worker, {})[number] = known

    def _told(self, worker: WorkerProcess, message: ToDaemon) -> None:
        match message:
            case Telemetry():
                for counters in message.edges:
                    key = self._key(worker, counters.edge)
                    self._signals.setdefault(key, EdgeSignals()).add(counters)
                self.dropped += message.dropped
                if self._exchanged is not None:
                    for exchange in message.exchanges:
                        key = self._key(worker, exchange.edge)
                        self._exchanged(key, exchange, message.clock + exchange.started)
            case Met():
                self._remember(worker, message.edge, message.key)
            case Waiting():
                self._wanted(self._keys[message.edge])
            case Trouble():
                self._report(message.text)
            case _:
                self._wake()

    def _died(self, worker: WorkerProcess) -> None:
        """Connections died with the worker, and so did the news of their end."""
        index = self._workers.index(worker)
        for number, key in self._keys.items():
            signals = self._signals.get(key)
            if signals is not None and self._share(number) == index:
                signals.worker_died()
        for key in self._met.pop(worker, {}).values():
            if key in self._signals:
                self._signals[key].worker_died()
