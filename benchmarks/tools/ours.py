"""meshdev itself, by its command line, as anybody would run it."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.case import GRACE, Case
from benchmarks.tools.base import Started, Tool
from meshdev import __version__

_PROGRAM = str(Path(sys.executable).with_name("meshdev"))


class Meshdev(Tool):
    """`up -d`, `down`, `status`."""

    name = "meshdev"
    watches = True
    quiet = 0.3
    detached = True

    def version(self) -> str:
        """Of this work tree."""
        return __version__

    def configure(self, case: Case) -> None:
        """A service each, on $PORT, with the default healthcheck (its port accepts connections)."""
        watch = f'watch = "{case.watched.parent.name}"\n' if case.watched else ""
        parts = [
            f"[services.{service.name}]\ncommand = {json.dumps(list(service.argv))}\n"
            f'stop = {{ grace = "{GRACE}s" }}\n{watch}'
            for service in case.services
        ]
        case.write("meshdev.toml", '[system]\nname = "bench"\n' + "".join(parts))

    def command(self, case: Case) -> Sequence[str]:
        """Starts the daemon and returns."""
        _ = case
        return [_PROGRAM, "up", "-d"]

    def terminal_command(self, case: Case) -> Sequence[str]:
        """The dashboard."""
        _ = case
        return [_PROGRAM, "up"]

    def stop_command(self, case: Case) -> Sequence[str]:
        """Returns when nothing is left."""
        _ = case
        return [_PROGRAM, "down"]

    def commands(self, case: Case) -> Mapping[str, Sequence[str]]:
        """By the same command line."""
        _ = case
        return {
            "help": [_PROGRAM, "--help"],
            "status": [_PROGRAM, "status"],
            "logs": [_PROGRAM, "logs", "-n", "20"],
            "wait": [_PROGRAM, "up", "--wait"],
        }

    def logs(self, case: Case) -> list[Path]:
        """Of the only run."""
        return sorted((case.folder / ".meshdev" / "runs").glob("*/logs/*/*.log"))

    def main_pid(self, case: Case, started: Started) -> int:
        """The daemon."""
        _ = started
        return int(json.loads((case.folder / ".meshdev" / "daemon.lock").read_text("utf-8"))["pid"])
