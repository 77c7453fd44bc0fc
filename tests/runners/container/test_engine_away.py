"""An engine that goes away and comes back: a real one, restarted, and a line to it that breaks."""

import asyncio
import gc
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from meshdev.lifecycle.model import Gone, Launched
from meshdev.runners.container.light import LightEngine, LightError
from support_containers import yard as yard_
from support_docker import ADDRESS, BASE, busybox_archive

# The docker package leaves a socket to the collector when nobody accepts its call.
pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(200),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.usefixtures("collected"),
]


@pytest.fixture
def collected() -> Iterator[None]:
    """What was left to the collector is collected while the test's filters hold."""
    yield
    gc.collect()


FOREVER = ("sh", "-c", "trap 'exit 5' TERM; n=0; while :; do echo line $n; n=$((n+1)); sleep 0.05; done")


class Line:
    """A socket in front of the engine's, which may be cut; threads carry the bytes."""

    def __init__(self, path: str) -> None:
        self.address = f"unix://{path}"
        self._path = path
        self._server: socket.socket | None = None
        self._open: set[socket.socket] = set()

    def up(self) -> None:
        """Let calls through."""
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(self._path)
        self._server.listen(64)
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def cut(self) -> None:
        """Break what is open, refuse what comes."""
        Path(self._path).unlink(missing_ok=True)
        server, self._server = self._server, None
        for sock in (*self._open, *((server,) if server else ())):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self._open.clear()

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                here, _ = server.accept()
                there = socket.socket(socket.AF_UNIX)
                there.connect(ADDRESS.removeprefix("unix://"))
                self._open |= {here, there}
                for pair in ((here, there), (there, here)):
                    threading.Thread(target=self._copy, args=pair, daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for sock in (source, sink):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


@pytest.fixture
def line() -> Iterator[Line]:
    """A line that is up."""
    if not ADDRESS.startswith("unix://"):
        pytest.skip("the engine has no Unix socket")
    with tempfile.TemporaryDirectory() as folder:
        found = Line(f"{folder}/e.sock")
        found.up()
        yield found
        found.cut()


async def test_nothing_of_a_log_is_lost_or_told_twice(line: Line) -> None:
    """The line breaks again and again while the container talks."""
    async with yard_(line.address) as yard:
        ref = yard.launch(*FOREVER)
        await yard.fact(Launched, ref)
        for _ in range(3):
            had = yard.said(ref).count(b"\n")
            await yard.until(lambda had=had: yard.said(ref).count(b"\n") > had + 3)  # type: ignore[misc]
            line.cut()
            line.up()
        had = yard.said(ref).count(b"\n")
        await yard.until(lambda: yard.said(ref).count(b"\n") > had + 3)
        yard.runner.kill(ref)
        await yard.over(ref)
        lines = yard.said(ref).decode().splitlines()
    assert lines == [f"line {number}" for number in range(len(lines))]


async def test_what_ends_meanwhile_is_told_afterwards(line: Line) -> None:
    """One that ended and one that was removed while nobody answered; a signal waits until it can be sent."""
    async with yard_(line.address) as yard:
        ends, vanishes, hears = (
            yard.launch(*FOREVER, service=name) for name in ("ends", "vanishes", "hears")
        )
        for ref in (ends, vanishes, hears):
            await yard.fact(Launched, ref)
        line.cut()
        engine = LightEngine(ADDRESS)
        for ref, way in ((ends, ("POST", "/kill")), (vanishes, ("DELETE", "?force=1"))):
            path = f"/containers/{yard.runner.container(ref)}{way[1]}"
            await asyncio.to_thread(engine.ask, way[0], path)
        yard.runner.signal(hears, "SIGTERM")
        line.up()
        assert (await yard.over(ends)).code == 137
        await yard.fact(Gone, vanishes)
        assert (await yard.over(hears)).code == 5


class OwnEngine:
    """Started and stopped by its pid, with a network of its own, so that it does not touch another one's bridge."""

    def __init__(self, place: Path) -> None:
        self.address = f"unix://{place}/e.sock"
        self._place = place
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Until it answers."""
        place = self._place
        with (place / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *("unshare", "--net", "dockerd"),
                    *("--host", self.address, "--data-root", f"{place}/data", "--exec-root", f"{place}/exec"),
                    *("--pidfile", f"{place}/pid", "--iptables=false"),
                ],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                LightEngine(self.address).ask("GET", "/_ping")
            except LightError:
                assert time.monotonic() < deadline, (place / "log").read_text()[-2000:]
                assert self._process.poll() is None, (place / "log").read_text()[-2000:]
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        """In order, with its containers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("dockerd") is None, reason="needs root and dockerd")
async def test_the_engine_is_restarted() -> None:
    """Its containers end with it and are told; the next launch waits for it, and nothing is left."""
    with tempfile.TemporaryDirectory(prefix="md-engine-") as folder:
        place = Path(folder)
        engine = OwnEngine(place)
        await asyncio.to_thread(engine.start)
        try:
            async with yard_(engine.address) as yard:
                await yard.engine.call(
                    lambda client: client.import_image_from_data(
                        busybox_archive(), repository=BASE.partition(":")[0], tag=BASE.partition(":")[2]
                    )
                )
                ref = yard.launch(*FOREVER)
                await yard.fact(Launched, ref)
                await asyncio.to_thread(engine.stop)
                again = yard.launch(*FOREVER, generation=2)
                await asyncio.to_thread(engine.start)
                await yard.over(ref)
                await yard.fact(Launched, again)
                yard.runner.kill(again)
                await yard.over(again)
                left = await yard.engine.call(lambda client: client.containers(all=True))
                assert left == []
        finally:
            await asyncio.to_thread(engine.stop)
