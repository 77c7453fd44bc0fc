"""meshdev: a worker process as the daemon starts it, by a `Fleet` in a process of its own (`benchmarks.mesh.serve`)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.mesh.proxies.base import OTHER_CORE, PROXY_CORE, Proxy, Route, Running, end
from benchmarks.tools.base import Unfit
from meshdev import __version__


class Meshdev(Proxy):
    """One worker. Telemetry is on and told: counts, histograms by route, single exchanges."""

    name = "meshdev"
    keep = 2 << 20
    """Bytes of the last calls that each edge keeps: the default of a topology."""

    def version(self) -> str:
        """Of the package."""
        return __version__

    @contextmanager
    def serving(self, folder: Path, routes: Sequence[Route]) -> Iterator[Running]:
        """An edge for each route; the daemon's side stays off the worker's core and is not counted."""
        with (folder / "output.log").open("wb") as output:
            process = subprocess.Popen(
                [
                    "taskset",
                    "-c",
                    str(OTHER_CORE),
                    sys.executable,
                    "-m",
                    "benchmarks.mesh.serve",
                    str(folder / "ports.json"),
                    str(self.keep),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
            )
        stdin, stdout = process.stdin, process.stdout
        if stdin is None or stdout is None:
            raise Unfit("no pipes")
        try:
            stdin.write(
                json.dumps([[route.protocol or route.kind, route.upstream] for route in routes]).encode()
                + b"\n"
            )
            stdin.flush()
            line = stdout.readline()
            if not line:
                raise Unfit(f"did not start: {(folder / 'output.log').read_text('utf-8')[-400:]}")
            told = json.loads(line)
            for pid in told["workers"]:
                os.sched_setaffinity(pid, {PROXY_CORE})
            yield Running(tuple(told["ports"]), tuple(told["workers"]))
        finally:
            end(process, stdin.close)
            stdout.close()


class Forgetting(Meshdev):
    """The same with ``[recording] keep = 0``: nothing that passed can be saved afterwards."""

    name = "meshdev without memory"
    keep = 0
