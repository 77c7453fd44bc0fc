"""The faults on one HTTP request, as if its callee did it: a plan, two chains, and the response's edits.

Faults stand behind the edge's policies, at the callee's door, so each attempt is planned anew and policies see what
faults do: a retry mends an injected error, a timeout ends an injected delay. On an HTTP edge faults on bytes are for
one request each, too, not for a connection; what they count (bytes, rates, chunks) begins with it.
"""

from meshdev.traffic.faults.chain import Chain
from meshdev.traffic.faults.edge import EdgeFaults
from meshdev.traffic.faults.http import Message, Plan
from meshdev.traffic.faults.kinds import Direction, Layer
from meshdev.traffic.faults.link import End
from meshdev.traffic.faults.response import ResponseEditor
from meshdev.traffic.faults.settings import Settings
from meshdev.traffic.http1_head import RequestHead


def plan_of(edge: EdgeFaults, request: RequestHead, now: float, *, opened: float) -> Plan | None:
    """What is done to ``request``, whose connection was opened at ``opened``; None when no fault hits it.

    ``opened`` is minus infinity for a connection that was kept from a request before.
    """
    plan = Plan()
    for fault in edge.faults:
        if fault.kind.layer is Layer.NAME or not fault.acts(now):
            continue
        ordinal = fault.decide(request, now)
        if ordinal <= 0:
            continue
        plan.hits.append(fault.spec.key)
        if fault.kind.layer is Layer.BYTES:
            settings = Settings(
                fault.kind,
                fault.spec,
                fault.since,
                opened=opened,
                per_exchange=True,
                joined=opened < fault.since,
            )
            for direction, link in fault.links(ordinal, settings):
                chain = plan.upstream if direction is Direction.UPSTREAM else plan.downstream
                chain.append((fault.spec.key, link))
        elif fault.http is not None:
            fault.http.apply(plan, request, fault.draws.about(ordinal), now)
            if plan.answer is not None and not plan.answered_by:
                plan.answered_by = fault.spec.key
    return plan if plan.hits else None


class FaultedExchange:
    """One attempt at an instance under a plan: bytes go in here, and come due in `upstream` and `downstream`."""

    __slots__ = ("_editor", "downstream", "plan", "upstream")

    def __init__(self, plan: Plan, request: RequestHead, now: float) -> None:
        self.plan = plan
        self.upstream = Chain()
        self.downstream = Chain()
        for name, link in plan.upstream:
            self.upstream.insert(name, link, now)
        for name, link in plan.downstream:
            self.downstream.insert(name, link, now)
        apart = any(name == "chunk-delay" for name, _ in plan.downstream)
        self._editor = ResponseEditor(plan.edits, request) if plan.edits or apart else None

    def request_head(self, raw: bytes) -> bytes:
        """The request's head as it goes to the callee."""
        if not self.plan.request_edits:
            return raw
        message = Message(raw)
        for edit in self.plan.request_edits:
            edit.head(message, None)
        return message.encode()

    def request(self, data: bytes, now: float) -> None:
        """More of the request."""
        self.upstream.write(data, now)

    def response(self, data: bytes, now: float) -> None:
        """More of what the callee says."""
        if self._editor is None:
            self.downstream.write(data, now)
            return
        for item in self._editor.feed(data):
            if isinstance(item, End):
                self.downstream.end(item, now)
            else:
                self.downstream.write(item, now)

    def response_lost(self, end: End, now: float) -> None:
        """The callee has closed, or reset."""
        for piece in self._editor.close() if self._editor is not None else ():
            self.downstream.write(piece, now)
        self.downstream.end(end, now)

    def deadline(self) -> float | None:
        """When something will be due next."""
        times = [at for chain in (self.upstream, self.downstream) if (at := chain.deadline()) is not None]
        return min(times, default=None)
