"""mountebank (npm): an imposter that passes on and keeps the answers (``proxyAlways``), and one that plays them."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.mesh.proxies.base import Running, free_ports
from benchmarks.recording.tools.base import Entry, Recorder, asked, head_and_body, on_proxy_core
from benchmarks.recording.tools.npm import package, version
from benchmarks.tools.base import Unfit

_FILE = "imposters.json"
_SAME = [{"matches": {"method": True, "path": True, "query": True}}]


class Mountebank(Recorder):
    """Requests are told apart by method, path and query."""

    name = "mountebank"
    calls = 400
    replays: ClassVar = {100: 500, 2_000: 100, 20_000: 16}

    def version(self) -> str:
        """Of the package."""
        if shutil.which("node") is None:
            raise Unfit("missing: node")
        return version(package("mountebank", "^2.9.1"))

    @contextmanager
    def proxying(self, folder: Path, upstream: int, *, record: bool) -> Iterator[Running]:
        """Without recording: ``proxyTransparent``."""
        kept = (
            {"mode": "proxyAlways", "predicateGenerators": _SAME} if record else {"mode": "proxyTransparent"}
        )
        proxy = {"to": f"http://127.0.0.1:{upstream}"} | kept
        with self._imposter(folder, [{"responses": [{"proxy": proxy}]}]) as running:
            yield running

    def finish(self, folder: Path, running: Running) -> None:
        """It keeps everything in its memory until it is asked for it."""
        api = int((folder / "api").read_text("utf-8"))
        url = f"http://127.0.0.1:{api}/imposters/{running.ports[0]}?replayable=true&removeProxies=true"
        (folder / _FILE).write_text(json.dumps(asked(url), indent=2), "utf-8")

    def files(self, folder: Path) -> list[Path]:
        """One."""
        return [folder / _FILE]

    @contextmanager
    def replaying(self, folder: Path) -> Iterator[Running]:
        """Its stubs, tried one after the other."""
        stubs = json.loads((folder / _FILE).read_text("utf-8"))["stubs"]
        with self._imposter(folder, stubs) as running:
            yield running

    def write(self, folder: Path, entries: list[Entry]) -> None:
        """By method, path and query."""
        stubs = []
        for one in entries:
            path, _, query = one.target.partition("?")
            _, headers, body = head_and_body(one.answer)
            wanted = {"method": "POST", "path": path, "query": dict([query.split("=")])}
            answer = {"statusCode": 201, "headers": dict(headers), "body": body.decode()}
            stubs.append({"predicates": [{"deepEquals": wanted}], "responses": [{"is": answer}]})
        (folder / _FILE).write_text(json.dumps({"stubs": stubs}), "utf-8")

    @contextmanager
    def _imposter(self, folder: Path, stubs: list[Any]) -> Iterator[Running]:
        api, port = free_ports(2)
        (folder / "api").write_text(str(api), "utf-8")
        program = package("mountebank", "^2.9.1") / "bin" / "mb"
        command = [
            "node",
            str(program),
            "--port",
            str(api),
            "--localOnly",
            "--nologfile",
            "--loglevel",
            "error",
        ]
        with on_proxy_core([*command, "--pidfile", str(folder / "mb.pid")], folder, api) as running:
            missing = {"statusCode": 404}
            imposter = {"protocol": "http", "port": port, "stubs": stubs, "defaultResponse": missing}
            asked(f"http://127.0.0.1:{api}/imposters", "POST", imposter)
            yield Running((port,), running.pids)
