"""Structured logs: one JSON object a line on standard output, each with the trace it belongs to."""

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any

from shopkit import trace

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonLines(logging.Formatter):
    """Formats a record as ``{"ts", "level", "service", "msg", trace fields, extra fields}``."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """One line, without a newline at the end."""
        line: dict[str, Any] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "msg": record.getMessage(),
        }
        span = trace.current()
        if span is not None:
            line |= {"trace_id": span.trace_id, "span_id": span.span_id, "request_id": span.request_id}
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def configure(service: str) -> None:
    """Send every logger of this process to standard output; ``LOG_LEVEL`` says how much (default info)."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(service))
    logging.basicConfig(handlers=[handler], level=os.environ.get("LOG_LEVEL", "info").upper(), force=True)
    # Libraries speak when something is wrong; the narration is ours.
    for chatty in ("httpx", "httpcore", "uvicorn.error", "nats", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
