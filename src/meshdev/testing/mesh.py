"""`Mesh`: the running system in a test's hand."""

import secrets
import ssl
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.errors import ServiceError, UsageError
from meshdev.testing.edge import Counts, EdgeSince, counts_of
from meshdev.testing.fault import Fault
from meshdev.testing.keeper import LeaseKeeper
from meshdev.testing.recorded import Recorded
from meshdev.traffic.faults.target import means, parse_edge
from meshdev.wire.control import EdgeSignalsView, ExchangeView, ServiceView
from meshdev.wire.recording_views import RecordRequest

READY = 60.0
_LOOK = 0.02
_TRACE_BYTES = 16
_SPAN_BYTES = 8
_OWN = 4  # bytes of a trace id by which a test process knows its own
MOST_CALLS = 2000


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where everything stood when a test began."""

    counts: dict[str, Counts]
    seq: int


class Mesh:
    """See the module. ``scoped``: faults hit only what this process's own calls cause (see `fault`)."""

    def __init__(self, control: Control, *, holder: str = "a test", scoped: bool = False) -> None:
        self._control = control
        self._lease = LeaseKeeper(control, holder)
        self._own = secrets.token_hex(_OWN)
        self._scoped = scoped
        self._mark = _Mark({}, 0)
        self.begin()

    def __repr__(self) -> str:
        return f"Mesh({str(self._control.project.root)!r})"

    def begin(self) -> None:
        """Count from now on; the fixture does it for every test."""
        views = self._control.send(calls.edges(settled=True))
        last = self._control.send(calls.traffic(1))
        by_name: dict[str, list[EdgeSignalsView]] = {}
        for view in views:
            by_name.setdefault(_name(view), []).append(view)
        self._mark = _Mark(
            {name: counts_of(found) for name, found in by_name.items()}, last[-1].seq if last else 0
        )

    def close(self) -> None:
        """End every fault that was injected here."""
        self._lease.close()

    # --- faults -----------------------------------------------------------------------------------

    def fault(self, target: str, *, name: str = "", scoped: bool | None = None, **faults: object) -> Fault:
        """A fault for a ``with`` block.

        ``target`` is an edge (``orders -> payments``), a service, or the name of one of the topology's toggles when
        nothing else is given. ``faults`` are kinds and common keys as in ``[faults.NAME]``: ``latency="2s"``,
        ``status={"code": 503, "percentage": 10}``, ``match={"method": "POST"}``, ``times=2``, ``seed=7``.

        With ``scoped`` only calls are hit that descend from requests of this mesh's own clients, told by their trace
        id: tests beside this one (xdist, other people) are left alone, as far as services pass ``traceparent`` on.
        Raises MeshdevError when the block is entered and the fault makes no sense.
        """
        if not faults:
            return Fault(self._control, self._lease, target, None)
        pattern = parse_edge(target)
        table: dict[str, object] = {"edge" if pattern is not None else "service": target, **faults}
        if self._scoped if scoped is None else scoped:
            match = table.get("match", {})
            if not isinstance(match, dict):
                raise UsageError("match is a table", hint='match={"method": "POST"}')
            header = match.get("header", {})
            own = {"traceparent": f"00-{self._own}*"}
            table["match"] = {**match, "header": {**(header if isinstance(header, dict) else {}), **own}}
        return Fault(self._control, self._lease, name, table)

    # --- edges ------------------------------------------------------------------------------------

    def edge(self, name: str) -> EdgeSince:
        """An edge (``orders -> payments``), counted since the test began. Raises UsageError when there is none."""
        pattern = parse_edge(name)
        if pattern is None:
            raise UsageError(f"{name!r} is no edge", hint='write "orders -> payments"')

        def look() -> list[EdgeSignalsView]:
            views = self._control.send(calls.edges(settled=True))
            found = [view for view in views if means(pattern, view.caller, view.callee, view.endpoint)]
            if not found:
                known = ", ".join(sorted({_name(view) for view in views}))
                raise UsageError(f"there is no edge {name!r}", hint=f"there are: {known or 'none'}")
            return found

        def single() -> list[ExchangeView]:
            return [one for one in self.calls() if means(pattern, one.caller, one.callee)]

        before = [self._mark.counts.get(known, Counts()) for known in {_name(view) for view in look()}]
        return EdgeSince(name, _sum(before), look, single)

    def calls(self) -> list[ExchangeView]:
        """Single calls over all edges since the test began, the oldest first."""
        found = self._control.send(calls.traffic(MOST_CALLS, settled=True))
        return [one for one in found if one.seq > self._mark.seq]

    # --- calls ------------------------------------------------------------------------------------

    def http(self, service: str, **options: Any) -> httpx.Client:
        """A client of ``service``: of its published port, so that its front edge sees the calls, else of an instance.

        Every request begins a trace of its own that tells this process (`fault`'s ``scoped``). ``options`` are httpx's.
        """
        return httpx.Client(**self.http_options(service, **options))

    def http_options(self, service: str, **options: Any) -> dict[str, Any]:
        """What `http` makes its client from; for other clients of httpx."""
        hooks = {"request": [self._trace]}
        url = self.url(service)
        if url.startswith("https:"):
            options.setdefault("verify", self._trusting())
        return {
            "base_url": url,
            "timeout": 30.0,
            "event_hooks": hooks,
            "trust_env": False,
            **options,
        }

    def url(self, service: str) -> str:
        """Where a service is reached from outside. Raises ServiceError when nobody serves it."""
        view = self.service(service)
        if view.url:
            return view.url
        port = next((one.port for one in view.instances if one.port and one.role == "serving"), None)
        if port is None:
            raise ServiceError(f"{service} serves nothing: it is {view.phase}", hint=view.why)
        return f"{'https' if view.tls else 'http'}://127.0.0.1:{port}"

    def _trusting(self) -> ssl.SSLContext:
        """Whom everybody trusts, and the project's own authority."""
        context = ssl.create_default_context()
        own = self._control.project.paths.tls_dir / "ca.pem"
        if own.exists():
            context.load_verify_locations(own)
        return context

    def _trace(self, request: httpx.Request) -> None:
        if "traceparent" not in request.headers:
            trace = self._own + secrets.token_hex(_TRACE_BYTES - _OWN)
            request.headers["traceparent"] = f"00-{trace}-{secrets.token_hex(_SPAN_BYTES)}-01"

    # --- recordings -------------------------------------------------------------------------------

    def record(self, name: str = "", *edges: str, redact: bool = True) -> Recorded:
        """Record while the block lasts: ``with mesh.record("checkout") as recorded: …``.

        ``edges`` as in ``orders -> payments``; all when none is named. Afterwards ``recorded.exchanges`` are the calls.
        """
        request = RecordRequest(name=name, edges=list(edges), redact=redact)
        return Recorded(self._control, request)

    # --- services ---------------------------------------------------------------------------------

    def service(self, name: str) -> ServiceView:
        """How a service is. Raises UsageError when there is none of that name."""
        views = self._control.send(calls.services())
        for view in views:
            if view.name == name:
                return view
        raise UsageError(
            f"no service is called {name!r}", hint=f"there are: {', '.join(view.name for view in views)}"
        )

    def wait_healthy(self, *names: str, timeout: float = READY) -> None:
        """Wait until these services (all that are wanted, when none is named) serve. Raises ServiceError."""
        deadline = time.monotonic() + timeout
        while late := [view for view in self._control.send(calls.services()) if not _good(view, names)]:
            if time.monotonic() > deadline:
                reasons = "; ".join(f"{view.name}: {view.why or view.health}" for view in late)
                raise ServiceError(f"not healthy within {timeout:g} s: {reasons}")
            time.sleep(_LOOK)

    def kill(self, service: str, *, instances: int = 1) -> None:
        """SIGKILL instances, as an accident would; they are restarted by the service's own policy."""
        with self.fault(service, scoped=False, kill={"signal": "SIGKILL", "instances": instances}):
            pass

    @contextmanager
    def pause(self, service: str) -> Iterator[None]:
        """Instances stand still for the time of the block (SIGSTOP), as under a debugger or a stop of the world."""
        with self.fault(service, scoped=False, pause=True):
            yield

    def restart(self, *services: str, timeout: float = READY) -> None:
        """Fresh incarnations, and wait until they serve."""
        before = {name: [one.generation for one in self.service(name).instances] for name in services}
        self._control.send(calls.restart(list(services)))
        deadline = time.monotonic() + timeout
        for name in services:
            while [one.generation for one in self.service(name).instances] == before[name]:
                if time.monotonic() > deadline:
                    raise ServiceError(f"{name} was not replaced within {timeout:g} s")
                time.sleep(_LOOK)
        self.wait_healthy(*services, timeout=timeout)

    def stopped(self, *services: str) -> AbstractContextManager[None]:
        """Services are down for the time of the block."""
        return _stopped(self, self._control, services)


@contextmanager
def _stopped(mesh: Mesh, control: Control, services: tuple[str, ...]) -> Iterator[None]:
    control.send(calls.stop(list(services)))
    try:
        yield
    finally:
        control.send(calls.start(list(services)))
        mesh.wait_healthy(*services)


def _name(view: EdgeSignalsView) -> str:
    return f"{view.caller} -> {view.callee}"


def _sum(counts: list[Counts]) -> Counts:
    return Counts(
        requests=sum(one.requests for one in counts),
        errors=sum(one.errors for one in counts),
        retries=sum(one.retries for one in counts),
        bytes_in=sum(one.bytes_in for one in counts),
        bytes_out=sum(one.bytes_out for one in counts),
        fault_hits=sum(one.fault_hits for one in counts),
    )


def _good(view: ServiceView, names: tuple[str, ...]) -> bool:
    if view.name not in names if names else view.desired != "up":
        return True
    if view.phase == "exited":
        return (
            True  # a one-off that has done its work, or `why` says what happened; it is no server to wait for
        )
    serving = [one for one in view.instances if one.role == "serving" and one.phase == "running"]
    probed = any(one.last_probe is not None for one in serving)
    return (
        len(serving) >= view.replicas and (view.health == "healthy" or not probed) and view.phase == "running"
    )
