"""wrk: kept connections in a closed loop, heads that repeat or that differ in every request."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from benchmarks.tools.base import Unfit

_HEADERS: Final = {
    "User-Agent": "python-httpx/0.28.1",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate, br",
}
_GRACE_SECONDS: Final = 90.0
_REPORT: Final = """
function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'REPORT {"requests": %d, "microseconds": %d, "bytes": %d, "p50": %d, "p99": %d, "failed": %d, "late": %d}\\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status, e.timeout))
end
"""
_DIFFER: Final = """
local n = 0
local tail = HEADERS
function request()
  n = n + 1
  return string.format("GET /orders/%d HTTP/1.1\\r\\ntraceparent: 00-%032x-%016x-01\\r\\n", n, n, n) .. tail
end
"""


class Heads(StrEnum):
    """Whether a client sends the same bytes every time, or (a trace and an id in each) never twice the same."""

    REPEAT = "repeat"
    DIFFER = "differ"


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw; latencies in microseconds. ``late``: the answer took more than 2 s (it may still have come)."""

    requests: int
    seconds: float
    bytes: int
    p50: float
    p99: float
    failed: int
    late: int = 0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def version() -> str:
    """Of wrk. Raises Unfit."""
    if shutil.which("wrk") is None:
        raise Unfit("wrk is missing: apt-get install wrk")
    text = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout
    return text.split()[1].removeprefix("debian/")


def run(port: int, connections: int, seconds: float, folder: Path, *, core: int, **shape: str) -> Load:
    """One run against 127.0.0.1:``port``; ``shape`` may have ``heads`` (`Heads`) and ``path``."""
    url = f"http://127.0.0.1:{port}{shape.get('path', '/')}"
    heads = Heads(shape.get("heads", Heads.REPEAT))
    return run_url(url, connections, seconds, folder, core=core, heads=heads)


def run_url(
    url: str,
    connections: int,
    seconds: float,
    folder: Path,
    *,
    core: int,
    heads: Heads = Heads.REPEAT,
    close: bool = False,
) -> Load:
    """One run against ``url``; with ``close`` each request has a connection of its own."""
    script = folder / f"{heads}.lua"
    script.write_text(_script(heads), "utf-8")
    command = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--latency"]
    command += ["-s", str(script)]
    command += [part for name, value in _HEADERS.items() for part in ("-H", f"{name}: {value}")]
    command += ["-H", "Connection: close"] if close else []
    command.append(url)
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=seconds + _GRACE_SECONDS
    )
    return parse(done.stdout)


def parse(output: str) -> Load:
    """The report in wrk's output. Raises ValueError when there is none."""
    _, found, rest = output.partition("REPORT ")
    if not found:
        raise ValueError(f"no report in {output!r}")
    told: dict[str, int] = json.loads(rest.splitlines()[0])
    return Load(
        requests=told["requests"],
        seconds=told["microseconds"] / 1e6,
        bytes=told["bytes"],
        p50=told["p50"],
        p99=told["p99"],
        failed=told["failed"],
        late=told.get("late", 0),
    )


def _script(heads: Heads) -> str:
    if heads is Heads.REPEAT:
        return _REPORT
    fields = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "orders.local", **_HEADERS}.items())
    return _DIFFER.replace("HEADERS", json.dumps(fields + "\r\n")) + _REPORT
