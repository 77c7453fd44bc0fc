"""Open-loop load on a published port while something is done to the system behind it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support_product import PROGRAMS


@dataclass(slots=True)
class Load:
    """What came of it; filled in when the load has ended."""

    sent: int = 0
    ok: int = 0
    seconds: float = 0.0
    failed: dict[str, int] = field(default_factory=dict)
    answered_by: dict[str, int] = field(default_factory=dict)
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0


def rate(default: float = 100.0) -> float:
    """Requests a second: MESHDEV_LOAD_RATE, else what a busy machine stands."""
    return float(os.environ.get("MESHDEV_LOAD_RATE", default))


@contextmanager
def load_on(port: int, *, per_second: float, path: str = "", trusts: Path | None = None) -> Iterator[Load]:
    """Load while the block lasts, from a process of its own; it has had its first answer when the block begins.

    With a ``path`` that is all that is asked for, else what tests/e2e/programs/load.py says; by TLS if it ``trusts``
    somebody.
    """
    load = Load()
    with subprocess.Popen(
        [sys.executable, PROGRAMS / "load.py", str(port), str(per_second), path],
        env=os.environ if trusts is None else {**os.environ, "LOAD_TRUSTS": str(trusts)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "answered\n"
            yield load
        except BaseException:
            process.kill()
            raise
        report, _ = process.communicate(timeout=60)
    for name, value in json.loads(report).items():
        setattr(load, name, value)
    print(load)  # noqa: T201 -- for whoever runs it to measure
