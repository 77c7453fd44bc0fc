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
from meshdev.traffic.http1_head import RequestHead


def plan_of(edge: EdgeFaults, request: RequestHead, now: float, *, opened: float) -> Plan | None:
    """What is done to ``request``, whose connection was opened at ``opened``; None when no fault hits it.

    ``opened`` is minus infinity for a connection that was kept from a request before.
    """
    plan = Plan()
    for fault in edge.faults:
        layer = fault.kind.layer
        if layer is Layer.NAME or layer is Layer.STREAM or not (fault.always or fault.acts(now)):
            continue
        ordinal = fault.decide(request, now)
        if ordinal <= 0:
            continue
        plan.hits.append(fault.key)
        if layer is Layer.BYTES:
            for direction, link in fault.links(ordinal, fault.per_exchange(opened)):
                chain = plan.upstream if direction is Direction.UPSTREAM else plan.downstream
                chain.append((fault.key, link))
        elif fault.http is not None:
            fault.http.apply(plan, request, fault.draws.about(ordinal), now)
            if plan.answer is not None and not plan.answered_by:
                plan.answered_by = fault.key
    return plan if plan.hits else None


class FaultedExchange:
    """One attempt at an instance under a plan: bytes go in here, and come due in `upstream` and `downstream`.

    A direction on which nothing acts has no chain: its bytes need not come here.
    """

    __slots__ = ("_editor", "downstream", "plan", "upstream")

    def __init__(self, plan: Plan, request: RequestHead, now: float) -> None:
        self.plan = plan
        edited = bool(plan.edits) or plan.apart
        self._editor = ResponseEditor(plan.edits, request) if edited else None
        self.upstream = Chain.of(plan.upstream, now) if plan.upstream or plan.request_edits else None
        self.downstream = Chain.of(plan.downstream, now) if plan.downstream or edited else None

    def request_head(self, raw: bytes) -> bytes:
        """The request's head as it goes to the callee."""
        if not self.plan.request_edits:
            return raw
        message = Message(raw)
        for edit in self.plan.request_edits:
            edit.head(message, None)
        return message.encode()

    def response(self, data: bytes, now: float) -> None:
        """More of what the callee says, into `downstream`."""
        chain = self.downstream
        if chain is None:
            return
        if self._editor is None:
            chain.write(data, now)
            return
        for item in self._editor.feed(data):
            if isinstance(item, End):
                chain.end(item, now)
            else:
                chain.write(item, now)

    def response_lost(self, end: End, now: float) -> None:
        """The callee has closed, or reset."""
        chain = self.downstream
        if chain is None:
            return
        for piece in self._editor.close() if self._editor is not None else ():
            chain.write(piece, now)
        chain.end(end, now)

    def deadline(self) -> float | None:
        """When something will be due next."""
        upstream, downstream = self.upstream, self.downstream
        down = downstream.deadline() if downstream is not None else None
        if upstream is None:
            return down
        up = upstream.deadline()
        if up is None or down is None:
            return down if up is None else up
        return min(up, down)
