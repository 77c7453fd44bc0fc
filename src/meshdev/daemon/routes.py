"""Where each edge leads at this moment: the core's `Route` commands made into the mesh's policy.

Beside the topology's edges there may be some that were added at run time (`Routes.add`), to somewhere out of the
system; they stay until they are dropped. Any edge may be shut for a while: nobody gets in, and whoever was
in is put out.
"""

import errno
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from meshdev.daemon.edge_policy import policy_of
from meshdev.daemon.edges import LOOPBACK, Edge, Elsewhere, edges_of
from meshdev.daemon.names import WEB_PORT, WEB_PORT_TLS
from meshdev.daemon.patience import Patience
from meshdev.errors import MeshdevError, ServiceError
from meshdev.lifecycle.model import Incarnation
from meshdev.mesh.fleet import Fleet
from meshdev.mesh.ports import bind, name_holder
from meshdev.topology.model import System, TlsMode
from meshdev.wire.faults import FaultSpec
from meshdev.wire.mesh import EdgeKey, EdgePolicy, EdgeTls, OutsideFaults, Upstream

PortsOf = Callable[[Incarnation], Mapping[str, int]]
Holds = Callable[[str], Patience]

_NO_RULES = EdgePolicy()


_NO_CAPTURE = (0, False, 0)
_WEB = frozenset({"http", "https"})
_CAPTURED = frozenset({"http", "proxy", "grpc", "http2", "tcp"})  # of tcp what turns out to be HTTP/2


def _no_capture(_: EdgeKey) -> tuple[int, bool, int]:
    return _NO_CAPTURE


def _all_here(_: Incarnation) -> Elsewhere | None:
    return None


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a caller with a network of its own finds the others: an address for each, on this interface.

    Without an interface the mesh cannot be on that network: the caller finds it on loopback, by the ports in its
    environment. ``exact`` ones are addresses where nothing but the port that callers know will do: of this machine, or
    of a network of which ``source`` gives sockets.
    """

    addresses: Mapping[str, str]
    device: str
    exact: bool = False
    source: Callable[[], socket.socket] | None = None


def _no_faults(_: EdgeKey) -> tuple[FaultSpec, ...]:
    return ()


def _nothing_outside(_: str) -> tuple[OutsideFaults, ...]:
    return ()


@dataclass(slots=True)
class Routes:
    """The edges' listeners and the incarnations behind them.

    ``ports_of`` gives an incarnation's ports by endpoint, ``elsewhere_of`` the place of one that runs elsewhere;
    ``holds`` says how long calls to a service that has no incarnation wait for one (it is on its way), or that they are
    turned away (it is stopped). ``faults`` tells those that are on, by edge, ``outside`` those for calls out of the
    system, by caller; ``capture`` how many bytes of an edge's traffic are kept, whether it is recorded, and of each
    body how much. ``host_of`` is the address on which one that runs here is, ``net_of`` the network that it has of
    its own. ``tls_of`` is TLS of an edge, ``is_plain`` tells of incarnations that do without, whatever the edge says.
    """

    fleet: Fleet
    ports_of: PortsOf
    holds: Holds
    complain: Callable[[str, str], None]
    faults: Callable[[], Callable[[EdgeKey], tuple[FaultSpec, ...]]] = lambda: _no_faults
    elsewhere_of: Callable[[Incarnation], Elsewhere | None] = _all_here
    capture: Callable[[EdgeKey], tuple[int, bool, int]] = _no_capture
    outside: Callable[[], Callable[[str], tuple[OutsideFaults, ...]]] = lambda: _nothing_outside
    host_of: Callable[[Incarnation], str] = lambda _: LOOPBACK
    tls_of: Callable[[System, Edge], EdgeTls | None] = lambda _, __: None
    is_plain: Callable[[Incarnation], bool] = lambda _: False
    net_of: Callable[[Incarnation], str] = lambda _: ""
    _edges: dict[EdgeKey, Edge] = field(default_factory=dict)
    _ports: dict[EdgeKey, int] = field(default_factory=dict)
    _refused: dict[EdgeKey, str] = field(default_factory=dict)
    _routed: dict[str, tuple[Incarnation, ...]] = field(default_factory=dict)
    _rules: dict[EdgeKey, EdgePolicy] = field(default_factory=dict)
    _policies: dict[EdgeKey, EdgePolicy] = field(default_factory=dict)
    _added: dict[EdgeKey, tuple[Edge, Upstream]] = field(default_factory=dict)
    _shut: set[EdgeKey] = field(default_factory=set)
    _placings: dict[str, Placing] = field(default_factory=dict)
    version: int = 0  # of the policy that says so; see `Fleet.acked`

    def adopt(self, system: System) -> None:
        """Open listeners for the edges of ``system``, close those it no longer has."""
        wanted = {**edges_of(system), **{key: edge for key, (edge, _) in self._added.items()}}
        for key, old in list(self._edges.items()):
            if not _listens_as(old, wanted.get(key)):
                self.fleet.unlisten(key)
                self._ports.pop(key, None)
                self._policies.pop(key, None)
                self._refused.pop(key, None)
        for key, edge in wanted.items():
            if key not in self._ports:
                self._listen(key, edge)
        self._edges = wanted
        self._rules = {
            key: msgspec.structs.replace(policy_of(system, edge), tls=self.tls_of(system, edge))
            for key, edge in wanted.items()
        }
        self._shut &= wanted.keys()
        self.publish()

    def place(self, caller: str, placing: Placing) -> None:
        """The network of ``caller`` is there: have the listeners of its edges on it. Raises ServiceError."""
        if self._placings.get(caller) == placing:
            return
        self._placings[caller] = placing
        try:
            for key, edge in self._edges.items():
                if key.caller == caller and edge.inner and key not in self._shut:
                    self._listen_within(key, edge)
        except ServiceError:
            del self._placings[caller]  # the next one who asks shall be told, too
            raise
        self.publish()

    def placeable(self, caller: str) -> int:
        """How many listeners `place` may have to open."""
        own = [key for key, edge in self._edges.items() if key.caller == caller and edge.inner]
        return sum(2 for key in own if not self.fleet.is_placed(key))

    def displace(self, caller: str) -> None:
        """Its network has gone."""
        self._placings.pop(caller, None)

    # --- at run time ------------------------------------------------------------------------------

    def add(self, edge: Edge, upstream: Upstream) -> int:
        """An edge out of the system, or another place for one that was added; its port. Raises ServiceError."""
        self._added[edge.key] = (edge, upstream)
        self._edges[edge.key] = edge
        self._shut.discard(edge.key)
        try:
            self._ports[edge.key] = self.fleet.listen(edge.key, port=edge.port)
        except MeshdevError:
            self.drop(edge.key)
            raise
        self.publish()
        return self._ports[edge.key]

    def drop(self, key: EdgeKey) -> None:
        """An edge that was added less; `shut` it first, or its connections stay."""
        self._added.pop(key, None)
        self._edges.pop(key, None)
        self._ports.pop(key, None)
        self._shut.discard(key)
        self.fleet.forget(key)
        self.publish()

    def shut(self, key: EdgeKey) -> None:
        """Close the edge's listener, and put out whoever is in. Its port stays its own."""
        if key in self._ports and key not in self._shut:
            self._shut.add(key)
            self.fleet.attach(key)
            self.publish()

    def is_shut(self, key: EdgeKey) -> bool:
        """Whether nobody gets in."""
        return key in self._shut

    def reopen(self, key: EdgeKey) -> None:
        """Let callers in again, on the same port. Raises ServiceError when somebody has it by now."""
        if key in self._shut:
            self._shut.discard(key)
            edge = self._edges[key]
            if edge.inner:
                self._listen_within(key, edge)
            elif not edge.latent:
                self.fleet.listen(key, port=self._ports[key])
            self.publish()

    # --- what there is ----------------------------------------------------------------------------

    def port_of(self, key: EdgeKey) -> int:
        """The port on which the caller of this edge finds it."""
        return self._ports[key]

    def listening(self) -> dict[EdgeKey, tuple[Edge, int]]:
        """Every edge with its port; one that nobody declared only once it was used (its port may be 0)."""
        used = self.fleet.signals()
        return {
            key: (edge, self._ports[key])
            for key, edge in self._edges.items()
            if key in self._ports and not edge.names and (not edge.latent or key in used)
        }

    def rules(self, key: EdgeKey) -> EdgePolicy:
        """What the topology says of an edge; nothing special for one that it does not know."""
        return self._rules.get(key, _NO_RULES)

    def policy(self, key: EdgeKey) -> EdgePolicy | None:
        """What the mesh was told to do on an edge."""
        return self._policies.get(key)

    def afflicting(self, key: EdgeKey) -> list[str]:
        """The faults that are on, on an edge."""
        policy = self._policies.get(key)
        asked = self.rules(key).faults  # by requests, and not on by themselves
        return [spec.key for spec in policy.faults if spec not in asked] if policy is not None else []

    def published(self, key: EdgeKey) -> int | None:
        """The port of a front edge, if it could be had."""
        return self._ports.get(key)

    def trouble(self, service: str) -> str:
        """Why ``service`` is not published everywhere it should be; empty when it is."""
        return "; ".join(text for key, text in self._refused.items() if key.callee == service)

    def publish_again(self) -> frozenset[str]:
        """Take the ports that could not be had and are free now; returns whose they are."""
        free = [key for key in self._refused if key in self._edges and _is_free(self._edges[key].port)]
        for key in free:
            self._listen(key, self._edges[key])
        if free:
            self.publish()
        return frozenset(key.callee for key in free if key in self._ports)

    def route(self, service: str, refs: tuple[Incarnation, ...]) -> None:
        """From now on ``service``'s edges lead to exactly these incarnations."""
        self._routed[service] = refs
        self.publish()

    def publish(self) -> None:
        """Hand the mesh the policy as it should be now."""
        faults = self.faults()
        policies = {
            key: self._with_capture(key, self._policy(edge, faults(key)))
            for key, edge in self._edges.items()
            if key in self._ports
        }
        if policies != self._policies:
            self._policies = policies
            self.version = self.fleet.apply(policies)

    def _with_capture(self, key: EdgeKey, policy: EdgePolicy) -> EdgePolicy:
        keep, recorded, body_cap = self.capture(key) if policy.protocol in _CAPTURED else _NO_CAPTURE
        if not keep and not recorded:
            return policy
        return msgspec.structs.replace(policy, keep=keep, recorded=recorded, body_cap=body_cap)

    def _listen(self, key: EdgeKey, edge: Edge) -> None:
        self._shut.discard(key)
        if edge.inner:
            try:
                self._listen_within(key, edge)
            except ServiceError as error:  # its caller runs, and hears of it when it starts anew
                self._placings.pop(key.caller, None)
                self.fleet.attach(key)
                self.complain(key.caller, str(error))
            return
        if edge.latent:
            self.fleet.attach(key)
            self._ports[key] = 0
            return
        try:
            self._ports[key] = self.fleet.listen(key, port=edge.port)
            self._refused.pop(key, None)
        except MeshdevError as error:
            if edge.port is None:
                raise
            text = f"cannot be reached on its published port: {error.message}"
            if self._refused.get(key) != text:
                self.complain(key.callee, text)
            self._refused[key] = text

    def _listen_within(self, key: EdgeKey, edge: Edge) -> None:
        """On the caller's own network, as soon as that is there."""
        placing = self._placings.get(key.caller)
        self._ports[key] = edge.inner
        address = placing.addresses.get(key.callee) if placing is not None else None
        if placing is None or (address is None and key.callee and (placing.device or placing.exact)):
            self.fleet.attach(key)
        elif address is None:
            self._ports[key] = self.fleet.listen(key)
        else:
            web = WEB_PORT if edge.tls is None else WEB_PORT_TLS
            more = [web] if edge.endpoint.protocol in _WEB and edge.inner != web else []
            try:
                self._ports[key] = self.fleet.listen_at(
                    key,
                    address,
                    [edge.inner, *more],
                    placing.device,
                    exact=placing.exact,
                    source=placing.source,
                )
            except OSError as error:
                if placing.exact and edge.latent:  # nobody said that it would be called
                    self.fleet.attach(key)
                    return
                raise _unserved(key, address, edge.inner, error) from error

    def edges(self) -> list[EdgeKey]:
        """Every edge on which something could pass."""
        return [key for key, edge in self._edges.items() if not edge.names]

    def proxied(self) -> list[str]:
        """The callers that have a name proxy."""
        return [key.caller for key, edge in self._edges.items() if edge.names]

    def upstreams(self, key: EdgeKey) -> tuple[Upstream, ...]:
        """Where an edge leads now."""
        policy = self._policies.get(key)
        return policy.upstreams if policy is not None else ()

    def _policy(self, edge: Edge, faults: tuple[FaultSpec, ...]) -> EdgePolicy:
        if edge.key in self._shut:
            return EdgePolicy(protocol=edge.endpoint.protocol, hold=0.0, shut=True)
        if edge.key in self._added:
            upstream = self._added[edge.key][1]
            return EdgePolicy((upstream,), edge.endpoint.protocol, hold=0.0, faults=faults)
        if edge.names:
            outside = self.outside()(edge.key.caller)
            return EdgePolicy(protocol=edge.endpoint.protocol, names=edge.names, outside=outside)
        routed = self._routed.get(edge.key.callee, ())
        upstreams = tuple(filter(None, (self._upstream(ref, edge) for ref in routed)))
        rules = self._rules[edge.key]
        patience = self.holds(edge.key.callee)
        if upstreams and all(self.elsewhere_of(ref) is not None for ref in routed):
            patience = Patience()  # what runs elsewhere is not started by us: there is nothing to wait for
        hold = rules.hold if patience.seconds is None else patience.seconds
        return msgspec.structs.replace(
            rules, upstreams=upstreams, hold=hold, wake=patience.wake, faults=(*rules.faults, *faults)
        )

    def _upstream(self, ref: Incarnation, edge: Edge) -> Upstream | None:
        """Where an incarnation is reached: elsewhere, or at a port of its own if it listens there."""
        at = self.elsewhere_of(ref)
        if at is not None:
            return Upstream(at.host, at.port, str(ref), at.remote)
        port = self.ports_of(ref).get(edge.endpoint.name)
        if not port:
            return None
        by_tls = _ends_before(edge) and not self.is_plain(ref)
        return Upstream(self.host_of(ref), port, str(ref), net=self.net_of(ref), tls=by_tls)


def _ends_before(edge: Edge) -> bool:
    """Whether the edge itself speaks TLS to its callee."""
    return edge.tls is not None and edge.tls.to_callee and edge.tls.mode is not TlsMode.PASSTHROUGH


def _unserved(key: EdgeKey, address: str, port: int, error: OSError) -> ServiceError:
    """Why an edge cannot be where its caller looks for it, and the way out."""
    message = f"{key} cannot be served on {address}:{port}: {error.strerror}"
    hint = ""
    if error.errno == errno.EADDRINUSE:
        who = name_holder(port, {address, "0.0.0.0", "::"})  # noqa: S104 -- nobody is bound there
        message = (
            f"{key} cannot be served on {address}:{port}: {who or 'another program'} listens on all addresses"
        )
        hint = 'have that one listen on 127.0.0.1 only, or give the two networks of their own: names = "pod"'
    elif error.errno in {errno.EACCES, errno.EPERM}:
        hint = 'ports below 1024 need root; in a network of its own they do not: names = "pod"'
    return ServiceError(message, hint=hint)


def _listens_as(old: Edge, new: Edge | None) -> bool:
    """Whether the edge's listener, and what serves it, can stay: whoever stands behind it now."""
    return new is not None and _listening(old) == _listening(new)


def _listening(edge: Edge) -> tuple[object, ...]:
    ends_here = edge.tls is not None and edge.tls.mode is TlsMode.TERMINATE
    return edge.port, edge.latent, edge.inner, edge.endpoint.protocol, ends_here


def _is_free(port: int | None) -> bool:
    try:
        bind(port or 0).close()
    except OSError:
        return False
    return True
