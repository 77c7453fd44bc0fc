"""meshdev: a worker and the recorder, as the daemon starts them (`serve`); the stand-in as the daemon starts it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from benchmarks.mesh.proxies.base import OTHER_CORE, PROXY_CORE, Running, child, end, free_ports
from benchmarks.recording.tools.base import Entry, Recorder, head_and_body
from benchmarks.tools.base import Unfit
from meshdev import __version__
from meshdev.recording.model import Body, Exchange, Meta, Recording, Request, Response
from meshdev.standin.role import Role, written
from meshdev.storage.recordings.library import Library
from meshdev.storage.recordings.writer import segments_of

NAME = "bench"
_STARTED = 1_790_000_000.0


class Meshdev(Recorder):
    """The running's pids are the worker's and the recorder's."""

    name = "meshdev"
    calls = 4_000
    replays: ClassVar = {100: 3_000, 2_000: 3_000, 20_000: 3_000}

    def version(self) -> str:
        """Of the package."""
        return __version__

    @contextmanager
    def proxying(self, folder: Path, upstream: int, *, record: bool) -> Iterator[Running]:
        """The daemon's side stays off the core and is not counted."""
        command = ["taskset", "-c", str(OTHER_CORE), sys.executable, "-m", "benchmarks.recording.serve"]
        with (folder / "output.log").open("ab") as output:
            process = subprocess.Popen(
                [*command, str(folder), str(upstream), "on" if record else "off"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
            )
        stdin, stdout = process.stdin, process.stdout
        if stdin is None or stdout is None:
            raise Unfit("no pipes")
        try:
            line = stdout.readline()
            if not line:
                raise Unfit(f"did not start: {(folder / 'output.log').read_text('utf-8')[-400:]}")
            told = json.loads(line)
            for pid in told["pids"]:
                os.sched_setaffinity(pid, {PROXY_CORE})
            yield Running((told["port"],), tuple(told["pids"]))
            stdin.close()
            if record and not stdout.readline():
                raise Unfit("the recording was not closed")
        finally:
            end(process, stdin.close)
            stdout.close()

    def files(self, folder: Path) -> list[Path]:
        """The journal."""
        return segments_of(folder / NAME)

    @contextmanager
    def replaying(self, folder: Path) -> Iterator[Running]:
        """The stand-in alone."""
        (port,) = free_ports(1)
        key = folder / "key"
        role = Role(
            service="payments",
            folder=str(folder),
            recordings=(NAME,),
            ports={"http": "PORT"},
            key_file=str(key) if key.exists() else "",
        )
        command = ["env", f"PORT={port}", sys.executable, "-m", "meshdev.standin", written(role)]
        with child(command, folder, [port], core=PROXY_CORE) as running:
            yield running

    def write(self, folder: Path, entries: list[Entry]) -> None:
        """As the recorder would have saved them."""
        made = tuple(_exchange(number, one) for number, one in enumerate(entries))
        Library(folder).save(Recording(meta=Meta(name=NAME, created=1.0, ended=2.0), exchanges=made))


def _exchange(number: int, entry: Entry) -> Exchange:
    line, headers, body = head_and_body(entry.request)
    method, target, _ = line.split(" ")
    request = Request(method, target, tuple(headers), Body(body, len(body)))
    line, headers, body = head_and_body(entry.answer)
    _, status, reason = line.split(" ", 2)
    response = Response(int(status), reason, tuple(headers), Body(body, len(body)))
    return Exchange(f"{number:06}", _STARTED + number, 1_500, "orders", "payments", request, response)
