"""Minutes of all protocols at once, through a system that `meshdev up` runs: what is done has to be what is told.

Each client is a service of its own, each server real, behind a forwarder that is the system's broker. At the end the
clients' counts are compared with the edges' routes, one by one. Whatever differs, whatever was given up, and
every error that was told and not made counts against us.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.mesh.tables.base import say
from benchmarks.processes import eventually
from benchmarks.protocols.cases import Case
from benchmarks.tools.base import Unfit

_ROOT: Final = Path(__file__).resolve().parents[2]
_TELEMETRY_SECONDS: Final = 3.0
_GRACE: Final = 180.0
_PAIR: Final = """
[brokers.{name}]
protocol = "{name}"
command = "socat TCP-LISTEN:$PORT,bind=127.0.0.1,fork,reuseaddr,nodelay TCP:127.0.0.1:{port},nodelay"

[services.user-{name}]
command = "{python} -m benchmarks.protocols.client {name} {variable}_PORT {seconds} {file}"
working_dir = "{root}"
uses = ["brokers.{name}"]
protocol = "none"
"""


@dataclass(slots=True)
class Mixed:
    """What came of it, by protocol; ``trouble`` is what the daemon complained about."""

    done: dict[str, int] = field(default_factory=dict)
    differences: dict[str, list[str]] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)

    @property
    def errors(self) -> int:
        """How many things are not as they should be."""
        return len(self.trouble) + sum(map(len, self.differences.values()))


def run(cases: Sequence[Case], minutes: float) -> Mixed:
    """All at once."""
    found = Mixed()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-mixed-")))
        runtime = folder / "run"
        runtime.mkdir(mode=0o700)
        environ = {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}
        files = {case.protocol: folder / f"{case.protocol}.json" for case in cases}
        parts = [
            _PAIR.format(
                name=case.protocol,
                port=stack.enter_context(case.serving()),
                python=sys.executable,
                variable=case.protocol.upper(),
                seconds=minutes * 60,
                file=files[case.protocol],
                root=_ROOT,
            )
            for case in cases
        ]
        (folder / "meshdev.toml").write_text('[system]\nname = "mixed"\n' + "".join(parts), "utf-8")
        stack.callback(_meshdev, folder, environ, "down")
        _meshdev(folder, environ, "up", "-d", "--wait")
        say(f"{', '.join(files)}: {minutes:g} minutes")
        if not eventually(lambda: all(map(Path.exists, files.values())), minutes * 60 + _GRACE, 1.0):
            late = [name for name, file in files.items() if not file.exists()]
            found.trouble.append(
                f"no counts of {', '.join(late)}: {_meshdev(folder, environ, 'logs')[-2000:]}"
            )
        time.sleep(_TELEMETRY_SECONDS)
        edges = {edge["callee"]: edge for edge in json.loads(_meshdev(folder, environ, "edges", "--json"))}
        for case in cases:
            name, file = case.protocol, files[case.protocol]
            if file.exists():
                wanted: dict[str, int] = json.loads(file.read_text("utf-8"))
                found.done[name] = sum(wanted.values())
                found.differences[name] = differences(
                    wanted, edges[f"brokers.{name}"], case.counted, named=case.named
                )
        log = (folder / ".meshdev" / "daemon.log").read_text("utf-8").splitlines()
        found.trouble += [line for line in log if "cannot be read" in line]
    return found


def differences(
    wanted: Mapping[str, int], edge: Mapping[str, Any], counted: str = "requests", *, named: bool = False
) -> list[str]:
    """Routes whose count is another, that nobody took or that nobody counted; and errors that nobody made.

    Clients count requests, or ``messages``; where only routes are counted that are ``named``, others do not matter.
    """
    told = {
        route["route"]: int(route[counted])
        for route in edge["routes"]
        if not named or route["route"] in wanted
    }
    found = [
        f"{route}: {wanted.get(route, 0)} done, {told.get(route, 0)} told"
        for route in sorted({*wanted, *told})
        if wanted.get(route, 0) != told.get(route, 0)
    ]
    if edge["errors"]:
        found.append(f"{edge['errors']} errors were told")
    return found


def _meshdev(folder: Path, environ: Mapping[str, str], *words: str) -> str:
    """What a command prints. Raises Unfit when it fails."""
    command = [sys.executable, "-m", "meshdev", *words]
    done = subprocess.run(
        command,
        cwd=folder,
        env=dict(environ),
        check=False,
        capture_output=True,
        text=True,
        timeout=_GRACE,
    )
    if done.returncode:
        raise Unfit(f"meshdev {words[0]}: {done.stdout}{done.stderr}")
    return done.stdout
