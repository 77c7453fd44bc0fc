"""Server-sent events and a download of 200 MB while the mesh records: as fast, and in as little memory, as without."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from meshdev.recording.model import Cut
from meshdev.storage.recordings import Library
from support_product import Product, eventually
from support_variety import variety_up

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform != "linux", reason="memory is read in /proc"),
]

SIZE = 200_000_000
MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Peak:
    """How far a process's memory grew while something went on, in MB."""

    pid: int
    before: float
    held: float

    @classmethod
    def of(cls, pid: int) -> "Peak":
        """From now on."""
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak counts from here
        return cls(pid, _status(pid, "VmHWM"), _pss(pid))

    def grown(self) -> float:
        """The peak since then, beyond what there was."""
        return _status(self.pid, "VmHWM") - self.before

    def settled(self) -> float:
        """What it holds now (its share, PSS) beyond what it held then."""
        return _pss(self.pid) - self.held


def _pss(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) * 1024 / MB for line in text.splitlines() if line.startswith("Pss:"))


def _status(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024 / MB
    raise AssertionError(name)


@dataclass(frozen=True, slots=True)
class Stage:
    """The system, and where it is reached."""

    product: Product
    shop: str

    def pid(self, role: str) -> int:
        """Of the one process of meshdev's own with that role."""
        return next(int(one["pid"]) for one in self.product.processes() if one["role"].startswith(role))

    def download(self) -> tuple[float, float]:
        """Seconds to the first byte and to the last."""
        size, first = 0, 0.0
        with httpx.Client(base_url=self.shop, timeout=60) as client:
            begin = time.perf_counter()
            with client.stream("GET", f"/download?bytes={SIZE}") as answer:
                for piece in answer.iter_raw():
                    first = first or time.perf_counter() - begin
                    size += len(piece)
            assert size == SIZE
            return first, time.perf_counter() - begin

    def events(self, count: int = 8, gap: float = 0.1) -> list[float]:
        """When each event came, in seconds since it was asked for."""
        with httpx.Client(base_url=self.shop, timeout=60) as client:
            begin = time.perf_counter()
            with client.stream("GET", f"/events?count={count}&gap={gap}") as answer:
                return [time.perf_counter() - begin for _ in answer.iter_raw()]


@pytest.fixture(scope="module")
def stage(shared: Product, shared_port: int) -> Stage:
    """Up, and warm."""
    stage = Stage(shared, variety_up(shared, shared_port))
    stage.download()
    return stage


@pytest.fixture
def recorded(stage: Stage, request: pytest.FixtureRequest) -> Iterator[str]:
    """A recording while the test lasts; its name."""
    name = request.node.name.replace("_", "-")
    stage.product.run("record", "start", name)
    eventually(lambda: any(one["role"] == "recorder" for one in stage.product.processes()))
    yield name
    stage.product.run("record", "stop", name, check=None)


def test_a_download_of_200_mb(stage: Stage, recorded: str) -> None:
    """The worker needs no more memory than the cap (10 MB may be on their way to the recorder) and two batches."""
    worker, recorder = Peak.of(stage.pid("worker")), Peak.of(stage.pid("recorder"))
    first, took = stage.download()
    print(  # noqa: T201 -- figures for who reads along
        f"first byte {first * 1000:.0f} ms, {SIZE / took / 1e6:.0f} MB/s, "
        f"worker +{worker.grown():.1f} MB (afterwards {worker.settled():+.1f}), recorder +{recorder.grown():.1f} MB"
    )
    assert worker.grown() < 25
    assert worker.settled() < 15
    assert recorder.grown() < 100
    stage.product.run("record", "stop", recorded)
    answer = Library(stage.product.root / ".meshdev" / "recordings").open(recorded).exchanges[0].response
    assert answer is not None
    assert (answer.body.size, answer.body.cut) == (SIZE, Cut.CAP)
    assert 0 < len(answer.body.data) < SIZE


def test_a_download_is_as_fast_as_without(stage: Stage, recorded: str) -> None:
    """First byte and throughput, taken in turn with what is not recorded."""
    while_recording = min(stage.download() for _ in range(2))
    stage.product.run("record", "stop", recorded)
    without = min(stage.download() for _ in range(2))
    print(f"first byte, all: {while_recording} s while recording, {without} s without")  # noqa: T201
    assert while_recording[0] < without[0] + 0.1
    assert while_recording[1] < 3 * without[1] + 1


def test_events_are_not_held_back(stage: Stage, recorded: str) -> None:
    """Each comes when it is sent, the first one at once."""
    while_recording = stage.events()
    stage.product.run("record", "stop", recorded)
    without = stage.events()
    print(  # noqa: T201
        f"first event after {while_recording[0] * 1000:.1f} ms while recording, {without[0] * 1000:.1f} ms without"
    )
    assert len(while_recording) == len(without) == 8
    assert while_recording[0] < without[0] + 0.08  # less than the gap: nobody waited for the second one
    answer = Library(stage.product.root / ".meshdev" / "recordings").open(recorded).exchanges[0].response
    assert answer is not None
    gaps = [
        later - sooner
        for (_, sooner), (_, later) in zip(answer.body.pieces, answer.body.pieces[1:], strict=False)
    ]
    assert all(gap > 50_000 for gap in gaps)
