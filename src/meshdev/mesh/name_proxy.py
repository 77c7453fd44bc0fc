"""One caller's own forward proxy: whom it calls is told by the name in each request, not by a listener.

Rules: a name that the policy knows (``payments``, ``payments.local``, whatever the port) is that caller's edge, be it
declared or not, with all that the edge does · any other host is dialled as it is, over an edge that is made here and
told to the daemon (`Met`): calls out of the system are seen, too · requests go on in origin form, as an origin expects
them, with the fields for the proxy taken out, otherwise unchanged (RFC 9112 §3.2) · CONNECT becomes a tunnel, over TCP.

Requests on one connection may be for different hosts, so an exchange begins by finding its relay; the rest is that of
any HTTP edge (`http_caller`). Edges out of the system are kept while they are used, `MOST_MET` at most.
"""

import asyncio
from collections.abc import Callable
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from meshdev.mesh.edge import Edge, UnconnectedError
from meshdev.mesh.exchanges import Marks
from meshdev.mesh.http_answer import BY_US, problem
from meshdev.mesh.http_caller import HttpCaller
from meshdev.mesh.http_relay import HttpRelay
from meshdev.mesh.lasting import LastingCall
from meshdev.mesh.relay import CalleeSide, Relay, Start, close
from meshdev.mesh.tunnel import TunnelLink
from meshdev.traffic.faults.target import reaches
from meshdev.traffic.http1_head import RequestHead
from meshdev.traffic.http1_memory import request_head
from meshdev.traffic.readdress import absolute, host_and_port, readdressed, without
from meshdev.wire.faults import FaultSpec
from meshdev.wire.mesh import EdgeEntry, EdgeError, EdgeKey, EdgePolicy, Upstream

if TYPE_CHECKING:
    from meshdev.mesh.tls_door import TlsDoor

MOST_MET: Final = 256
ESTABLISHED: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"
ESTABLISHED_STATUS: Final = 200
FOR_THE_PROXY: Final = (b"proxy-connection", b"proxy-authorization")
_HTTP_PORT: Final = 80
_HTTPS_PORT: Final = 443

Find = Callable[[EdgeKey], Relay | HttpRelay | None]
Meet = Callable[[EdgeKey, EdgePolicy], HttpRelay]


class Asked(NamedTuple):
    """Whom a request is for, and the head as that one shall get it."""

    relay: Relay | HttpRelay
    head: RequestHead


class NameProxy:
    """All connections to one caller's proxy.

    ``find`` gives the relay of an edge of the policy, ``meet`` makes one for a host that is none.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        entry: EdgeEntry,
        start: Start,
        trouble: Callable[[str, int], None],
        find: Find,
        meet: Meet,
    ) -> None:
        self.edge = Edge(loop, entry, lambda _: None)  # counts what nobody asks for: the proxy is no edge
        self.unasked = HttpRelay(loop, self.edge, start, trouble)
        self._find = find
        self._meet = meet
        self._met: dict[EdgeKey, HttpRelay] = {}

    def accept(self) -> "ProxyCaller":
        """The protocol for one accepted connection."""
        return ProxyCaller(self)

    def adopt(self, policy: EdgePolicy) -> None:
        """Know these names from now on."""
        self.edge.adopt(policy)
        for relay in self._met.values():
            before = relay.edge.policy
            faults = self._faults(before.upstreams[0], relay.edge.key.endpoint)
            if faults != before.faults:
                relay.adopt(msgspec.structs.replace(before, faults=faults))

    def _faults(self, to: Upstream, endpoint: str) -> tuple[FaultSpec, ...]:
        return tuple(
            spec
            for some in self.edge.policy.outside
            if reaches(some.host, some.endpoint, to.host, to.port, endpoint)
            for spec in some.faults
        )

    def met(self) -> list[Edge]:
        """The edges to hosts that are none of the system."""
        return [relay.edge for relay in self._met.values()]

    def close(self) -> None:
        """Let go of what was met; what is under way ends by itself."""
        for relay in self._met.values():
            relay.close()
        self._met.clear()

    def put_out(self) -> None:
        """Close every connection of a caller at once."""
        self.unasked.put_out()

    def asked(self, head: RequestHead) -> Asked | str:
        """Who is asked, or why nobody can be."""
        if head.method == "CONNECT":
            place = host_and_port(head.target, _HTTPS_PORT)
            if place is None:
                return "CONNECT without a host and a port"
            return Asked(self._relay(*place, "connect"), head)
        parts = absolute(head.target)
        if parts is None:
            return "this is a proxy: it needs to be asked for http://NAME/…"
        place = host_and_port(parts.authority, _HTTP_PORT)
        if parts.scheme != "http" or place is None:
            return f"a proxy cannot be asked for {parts.scheme}://{parts.authority.decode('latin-1')}"
        host = parts.authority.rpartition(b"@")[2]
        raw = without(readdressed(head.raw, parts.path, host), FOR_THE_PROXY)
        return Asked(self._relay(*place, "http"), request_head(raw))

    def _relay(self, host: str, port: int, endpoint: str) -> Relay | HttpRelay:
        name = host.rstrip(".").removesuffix(".local")
        names = self.edge.policy.names
        key = names.get(f"{name}:{port}") or names.get(name)
        known = self._find(key) if key is not None else None
        return known or self._outside(host, port, endpoint)

    def _outside(self, host: str, port: int, endpoint: str) -> HttpRelay:
        name = host if port in {_HTTP_PORT, _HTTPS_PORT} else f"{host}:{port}"
        key = EdgeKey(self.edge.key.caller, name, endpoint)
        upstream = Upstream(host, port, name)
        relay = self._met.pop(key, None)
        if relay is None or relay.edge.policy.upstreams != (upstream,):
            self._forget_some()
            faults = self._faults(upstream, endpoint)
            relay = self._meet(key, EdgePolicy((upstream,), "http", hold=0.0, faults=faults))
        self._met[key] = relay  # as the one used last
        return relay

    def _forget_some(self) -> None:
        idle = [key for key, relay in self._met.items() if not relay.edge.active]
        for key in idle[: max(0, len(self._met) - MOST_MET + 1)]:
            self._met.pop(key).close()


class ProxyCaller(HttpCaller):
    """One connection to a name proxy; a connection counts on every edge that its requests use."""

    __slots__ = ("_proxy", "_used")

    def __init__(self, proxy: NameProxy) -> None:
        super().__init__(proxy.unasked)
        self._proxy = proxy
        self._used: set[Edge] = {self.edge}

    def data_received(self, data: bytes) -> None:
        """What came belongs to the edge that it was for."""
        before = self.edge
        super().data_received(data)
        after = self.edge
        if after is not before:
            before.bytes_in -= len(data)
            after.bytes_in += len(data)

    def _begin(self, head: RequestHead) -> None:
        asked = self._proxy.asked(head)
        if isinstance(asked, str):
            self._decline(head, asked)
        elif (faults := asked.relay.edge.faults) is not None and (by := faults.hides_name(head, monotonic())):
            self._turn_to(asked.relay.edge)
            self._know_nobody(head, by)
        elif head.method == "CONNECT":
            self._connect(asked.relay, head)
        elif isinstance(asked.relay, HttpRelay):
            self._turn_to(asked.relay.edge)
            self.relay = asked.relay
            super()._begin(asked.head)
        else:
            self._decline(head, f"{asked.relay.edge.key.callee} does not speak HTTP; CONNECT gets there")

    def _decline(self, head: RequestHead, reason: str) -> None:
        self._turn_to(self._proxy.edge)
        self.request = head
        self.edge.in_flight += 1
        self.fail(400, reason, EdgeError.REFUSED_MESSAGE)

    def _know_nobody(self, head: RequestHead, fault: str) -> None:
        self.request, self._started, self._ids = head, perf_counter(), b""
        self.bytes_in, self.bytes_out = len(head.raw), 0
        self.edge.in_flight += 1
        name = self.edge.key.callee
        self.fail(503, f"no such host: {name} (the fault {fault} hides it)", EdgeError.FAULT, fault=fault)

    def _turn_to(self, edge: Edge) -> None:
        self.edge = edge
        if edge not in self._used:
            self._used.add(edge)
            edge.opened += 1
        edge.touch()

    def _connect(self, relay: Relay | HttpRelay, head: RequestHead) -> None:
        self._turn_to(relay.edge)
        self._leave_others()
        if self.transport is not None:
            if relay.edge.door is not None:
                self._enter(relay.edge.door, self.transport)
                return
            counted = isinstance(relay, HttpRelay)
            tunnels = relay.tunnels if isinstance(relay, HttpRelay) else relay
            self._home.discard(self)
            Tunnel(tunnels, head, counted=counted).adopt(self.transport, self.scanner.rest)

    def _enter(self, door: "TlsDoor", transport: asyncio.Transport) -> None:
        """What the caller says by TLS in its tunnel ends at the edge: each request is a call there, not the tunnel."""
        self.edge.opened -= 1  # as it comes through the door it is counted
        self._home.discard(self)
        if self.scanner.rest:  # it was not asked yet: whose handshake is this?
            close(transport)
            return
        transport.write(ESTABLISHED)
        door.enter(transport)

    def tunnel(self) -> None:
        """An upgrade: from here on the connection is this edge's alone."""
        self._leave_others()
        super().tunnel()

    def _become_plain(self, early: object) -> None:  # noqa: ARG002 - of the base class
        """Nobody can know whom this is for."""
        close(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over on all edges that it used."""
        self._leave_others()
        super().connection_lost(exc)

    def _leave_others(self) -> None:
        for edge in self._used - {self.edge}:
            edge.closed += 1
            edge.touch()
        self._used = {self.edge}


class Tunnel(TunnelLink):
    """A link that was asked for by CONNECT: the caller waits to hear whether it is there.

    ``counted`` where the edge counts calls; on one of plain TCP it is a connection like others, and told all the same.
    """

    __slots__ = ("_stands",)

    def __init__(self, relay: Relay, head: RequestHead, *, counted: bool) -> None:
        super().__init__(relay)
        self._call = LastingCall(self.edge, head, 0, perf_counter(), len(head.raw), counted=counted)
        self._stands = False
        self.edge.in_flight += counted

    def adopt(self, transport: asyncio.Transport, early: bytes) -> None:
        """Take over the caller; ``early`` is what it has said behind its request."""
        self.said_in(early)
        super().adopt(transport, early)

    def _find_upstream(self) -> None:
        key, rule = self.edge.key, self.edge.policy.denied
        if rule:
            self._decline(403, f"{key.caller} may not call {key.callee}: {rule}", EdgeError.DENIED)
        else:
            super()._find_upstream()

    async def _connect(self) -> None:
        try:
            await self.edge.connect(self._callee_side)
        except UnconnectedError as error:
            self._decline(503, f"no connection to {self.edge.key.callee}: {error.kind}", error.kind)
        finally:
            self._connecting = None

    def _decline(self, status: int, reason: str, error: EdgeError) -> None:
        self.edge.count_error(error)
        if self.caller.transport is not None:
            self.caller.transport.write(problem(status, reason, error, self.edge.key))
        close(self.caller.transport)
        call, self._call = self._call, None
        if call is not None:
            call.status, call.error, call.marks = status, error, Marks(BY_US)
            call.answered()
            call.over()

    def join(self, callee: CalleeSide) -> None:
        """It is there."""
        if self.caller.transport is not None and self.callee is None:
            self.caller.transport.write(ESTABLISHED)
            if self._call is not None and self.upstream is not None:
                self._stands = True
                self._call.status, self._call.instance = ESTABLISHED_STATUS, self.upstream.instance
                self._call.answered()
        super().join(callee)

    def ended(self, call: LastingCall) -> None:
        """Nothing more passes, or the caller did not wait."""
        if not self._stands:
            if not call.error:
                self.edge.count_error(EdgeError.CALLER_RESET)
            call.error = EdgeError.CALLER_RESET
            call.answered()
        super().ended(call)
