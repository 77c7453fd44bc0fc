"""Log lines are JSON objects that name their trace."""

import json
import logging

from shopkit import trace
from shopkit.logs import JsonLines


def record(**extra: object) -> logging.LogRecord:
    """A record as a logger makes it."""
    return logging.getLogger("test").makeRecord(
        "test", logging.INFO, "f", 1, "paid %d", (3,), None, extra=extra
    )


def test_a_line_is_one_json_object() -> None:
    """Time, level, service and message are there, extras are fields of their own."""
    line = json.loads(JsonLines("orders").format(record(order="ord-1")))
    assert line.pop("ts").endswith("+00:00")
    assert line == {"level": "info", "service": "orders", "msg": "paid 3", "order": "ord-1"}


def test_a_line_inside_a_request_names_its_trace() -> None:
    """The ids that a person would search for are on every line."""
    with trace.joined({"x-request-id": "r-7"}) as span:
        line = json.loads(JsonLines("orders").format(record()))
    assert (line["trace_id"], line["span_id"], line["request_id"]) == (span.trace_id, span.span_id, "r-7")
