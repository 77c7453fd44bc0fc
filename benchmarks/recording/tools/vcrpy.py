"""vcrpy (PyPI): in the process that calls, so a small server of ours calls through it (`vcr_server`)."""

import json
import sys
from contextlib import AbstractContextManager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import ClassVar

from benchmarks.mesh.proxies.base import Running, free_ports
from benchmarks.recording.caller import call
from benchmarks.recording.tools.base import Entry, Recorder, at_rest, head_and_body, on_proxy_core
from benchmarks.tools.base import Unfit

_FILE = "cassette.yaml"
_UPSTREAM = "http://payments:8080"


class Vcrpy(Recorder):
    """Matching as by default: method and address."""

    name = "vcrpy"
    calls = 250
    replays: ClassVar = {100: 400, 2_000: 40, 20_000: 8}

    def version(self) -> str:
        """Of the package."""
        try:
            return version("vcrpy")
        except PackageNotFoundError as error:
            raise Unfit("missing: pip install vcrpy") from error

    def proxying(self, folder: Path, upstream: int, *, record: bool) -> AbstractContextManager[Running]:
        """Without recording the same server calls without it."""
        return self._server(folder, "record" if record else "plain", upstream)

    def finish(self, folder: Path, running: Running) -> None:
        """The cassette is written when the server hears ``/finish``."""
        del folder
        call(running.ports[0], [b"GET /finish HTTP/1.1\r\nHost: x\r\n\r\n"], 1)
        at_rest(running.pids)

    def files(self, folder: Path) -> list[Path]:
        """One."""
        return [folder / _FILE]

    def replaying(self, folder: Path) -> AbstractContextManager[Running]:
        """Any number of times."""
        return self._server(folder, "replay", 9)

    def write(self, folder: Path, entries: list[Entry]) -> None:
        """In JSON, which is YAML, and is read in a moment."""
        interactions = []
        for one in entries:
            _, headers, body = head_and_body(one.request)
            line, answered, content = head_and_body(one.answer)
            _, status, reason = line.split(" ", 2)
            request = {
                "method": "POST",
                "uri": _UPSTREAM + one.target,
                "body": body.decode(),
                "headers": {name: [value] for name, value in headers},
            }
            response = {
                "status": {"code": int(status), "message": reason},
                "headers": {name: [value] for name, value in answered},
                "body": {"string": content.decode()},
            }
            interactions.append({"request": request, "response": response})
        (folder / _FILE).write_text(json.dumps({"version": 1, "interactions": interactions}), "utf-8")

    def _server(self, folder: Path, mode: str, upstream: int) -> AbstractContextManager[Running]:
        (port,) = free_ports(1)
        command = [sys.executable, "-m", "benchmarks.recording.vcr_server"]
        command = ["env", f"PYTHONPATH={Path(__file__).resolve().parents[3]}", *command]
        return on_proxy_core([*command, mode, str(folder / _FILE), str(port), str(upstream)], folder, port)
