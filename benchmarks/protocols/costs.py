"""What an edge costs that reads a protocol, beside HAProxy's TCP mode: the same client, in turns, round by round."""

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.mesh.costs import cpu_seconds
from benchmarks.mesh.proxies.base import OTHER_CORE, Kind, Route, Running
from benchmarks.mesh.proxies.haproxy import HAProxy
from benchmarks.mesh.proxies.ours import Meshdev
from benchmarks.mesh.tables.base import in_turns, noted, say
from benchmarks.protocols.cases import Case
from benchmarks.report import Results

SOURCE: Final = "protocols-costs"
PLAIN: Final = "meshdev, not read"
_WARM_UP: Final = 0.5
_GRACE: Final = 120.0


class _Plain(Meshdev):
    """The same worker, with an edge that reads nothing."""

    name = PLAIN


def measure(cases: Sequence[Case], rounds: int, seconds: float) -> Results:
    """CPU microseconds of the proxy for each operation, by protocol."""
    results = Results(SOURCE)
    proxies = (Meshdev(), _Plain(), HAProxy())
    for case in cases:
        with ExitStack() as stack:
            port = stack.enter_context(case.serving())
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-protocols-")))
            running: dict[str, Running] = {}
            for proxy in proxies:
                with noted(proxy, results):
                    place = folder / proxy.name.replace(" ", "-")
                    place.mkdir()
                    read = case.protocol if proxy.name == Meshdev.name else "none"
                    route = Route(Kind.TCP, port, read if isinstance(proxy, Meshdev) else "")
                    running[proxy.name] = stack.enter_context(proxy.serving(place, [route]))
            for one in running.values():
                worked(case, one.ports[0], _WARM_UP)  # a scanner is imported by the first connection
            for number in range(rounds):
                for name, one in in_turns(running, number):
                    before = cpu_seconds(one.pids)
                    done = worked(case, one.ports[0], seconds)
                    spent = cpu_seconds(one.pids) - before
                    results.add(name, {case.protocol: spent / done * 1e6, f"{case.protocol}-done": done})
                    say(
                        f"{case.protocol} {number + 1}/{rounds} {name}: {spent / done * 1e6:.1f} µs, {done} done"
                    )
    return results


def worked(case: Case, port: int, seconds: float) -> int:
    """How many operations the client did through that port."""
    command = [sys.executable, "-m", "benchmarks.protocols.client", case.protocol, str(port), str(seconds)]
    done = subprocess.run(
        ["taskset", "-c", str(OTHER_CORE), *command],
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + _GRACE,
    )
    counts: dict[str, int] = json.loads(done.stdout)
    return sum(counts.values())
