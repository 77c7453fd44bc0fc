"""WireMock (its jar out of the npm package): ``--proxy-all`` with ``--record-mappings``, and its mappings served."""

import json
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import ClassVar

from benchmarks.mesh.proxies.base import Running, free_ports
from benchmarks.recording.tools.base import Entry, Recorder, asked, head_and_body, on_proxy_core
from benchmarks.recording.tools.npm import package, version
from benchmarks.tools.base import Unfit


class WireMock(Recorder):
    """The journal of requests is off, or, where it records and needs it, kept short: it would fill its memory."""

    name = "WireMock"
    calls = 1_000
    replays: ClassVar = {100: 1_000, 2_000: 500, 20_000: 120}

    def version(self) -> str:
        """Of the package."""
        if shutil.which("java") is None:
            raise Unfit("missing: java")
        return version(package("wiremock", "~3.13.2"))

    def proxying(self, folder: Path, upstream: int, *, record: bool) -> AbstractContextManager[Running]:
        """A mapping for each call, a file for each body."""
        more = ["--max-request-journal-entries", "1000", "--proxy-all", f"http://127.0.0.1:{upstream}"]
        more += ["--record-mappings"] if record else []
        return self._run(folder, more)

    def files(self, folder: Path) -> list[Path]:
        """Two for each call."""
        return [one for name in ("mappings", "__files") for one in (folder / name).glob("*")]

    def replaying(self, folder: Path) -> AbstractContextManager[Running]:
        """Over its folder."""
        return self._run(folder, ["--no-request-journal"])

    def write(self, folder: Path, entries: list[Entry]) -> None:
        """By method and address alone, the least that it can be asked for."""
        mappings = []
        for one in entries:
            _, _, body = head_and_body(one.answer)
            response = {"status": 201, "body": body.decode(), "headers": {"Content-Type": "application/json"}}
            mappings.append({"request": {"method": "POST", "url": one.target}, "response": response})
        (folder / "mappings").mkdir(exist_ok=True)
        (folder / "mappings" / "all.json").write_text(json.dumps({"mappings": mappings}), "utf-8")

    def _run(self, folder: Path, more: list[str]) -> AbstractContextManager[Running]:
        jar = next((package("wiremock", "~3.13.2") / "build").glob("*.jar"))
        (port,) = free_ports(1)
        command = [
            "java",
            "-XX:+UseSerialGC",
            "-jar",
            str(jar),
            "--port",
            str(port),
            "--root-dir",
            str(folder),
        ]
        command += ["--disable-banner", *more]
        return on_proxy_core(command, folder, port)


class WireMockScenarios(WireMock):
    """Recorded by its newer way, ``/__admin/recordings``, which keeps repeated calls apart as a scenario."""

    @contextmanager
    def proxying(self, folder: Path, upstream: int, *, record: bool) -> Iterator[Running]:
        """Its journal of requests is where it takes them from."""
        with self._run(folder, []) as running:
            admin = f"http://127.0.0.1:{running.ports[0]}/__admin/recordings"
            if record:
                asked(f"{admin}/start", "POST", {"targetBaseUrl": f"http://127.0.0.1:{upstream}"})
            yield running

    def finish(self, folder: Path, running: Running) -> None:
        """The snapshot is made at the end."""
        del folder
        asked(f"http://127.0.0.1:{running.ports[0]}/__admin/recordings/stop", "POST")
