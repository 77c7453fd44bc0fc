"""A recorded exchange as the control API tells of those that have just passed: for filters, lists, traces."""

from meshdev.recording.model import Exchange
from meshdev.wire.control import ExchangeView


def view_of(one: Exchange, seq: int = 0) -> ExchangeView:
    """Its summary, numbered ``seq``."""
    return ExchangeView(
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
