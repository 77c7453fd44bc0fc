"""A recorded exchange as the control API tells of those that have just passed: for filters, lists, traces."""

import msgspec

from meshdev.recording.calls import call_status, is_call, method_of, outcome, said
from meshdev.recording.model import Exchange
from meshdev.traffic.protocols.http2.grpc import Status
from meshdev.wire.control import ExchangeView


def view_of(one: Exchange, seq: int = 0) -> ExchangeView:
    """Its summary, numbered ``seq``."""
    view = ExchangeView(
        seq=seq,
        at=one.started,
        caller=one.caller,
        callee=one.callee,
        method=one.request.method,
        target=one.request.target,
        status=one.response.status if one.response else 0,
        ms=one.microseconds / 1000,
        bytes_in=one.request.body.size,
        bytes_out=one.response.body.size if one.response else 0,
        instance=one.instance,
        trace=one.trace,
        error=one.error,
        span=one.span,
        retries=one.retries,
        by=one.by,
        faults=list(one.faults),
        parent=one.parent,
    )
    return _of_call(view, one) if is_call(one) else msgspec.structs.replace(view, protocol=one.protocol)


def _of_call(view: ExchangeView, one: Exchange) -> ExchangeView:
    status = call_status(one)
    asked, heard = said(one, outgoing=True), said(one, outgoing=False)
    return msgspec.structs.replace(
        view,
        method=method_of(one),
        target="",
        status=outcome(one),
        bytes_in=view.bytes_in or sum(len(message.data) for message in asked),
        bytes_out=view.bytes_out or sum(len(message.data) for message in heard),
        messages_in=len(asked),
        messages_out=len(heard),
        protocol=one.protocol,
        code="" if status is Status.OK else status.name,
    )
