"""Reading output: nothing lost, floods bounded, and a broken sink is no reason for a child to wait."""

import asyncio
import os
import sys

import pytest

from meshdev.lifecycle.model import Exited, Gone, Incarnation
from meshdev.runners.output import OutputPump
from support_processes import Bench, Heard

REF = Incarnation("orders", 0, 1)


async def test_flood_is_complete(bench: Bench) -> None:
    """A hundred thousand numbered lines arrive, in order, from several processes at once."""
    lines = 100_000
    refs = [Incarnation("orders", slot, 1) for slot in range(3)]
    for ref in refs:
        bench.launch(ref, "/usr/bin/seq", str(lines))
    expected = b"".join(b"%d\n" % number for number in range(1, lines + 1))
    for ref in refs:
        await bench.facts.of(Gone, ref)
        assert bytes(bench.heard[ref, "stdout"].data) == expected


async def test_ten_megabyte_line(bench: Bench) -> None:
    """A line of ten megabytes without an end is passed on whole."""
    bench.launch(REF, "/bin/sh", "-c", "head -c 10000000 /dev/zero")
    await bench.facts.of(Gone, REF)
    assert len(bench.heard[REF, "stdout"].data) == 10_000_000


async def test_any_bytes(bench: Bench) -> None:
    """Invalid UTF-8, carriage returns and escapes are passed on as they are."""
    bench.launch(REF, "/usr/bin/printf", r"\377\376\r50%%\033[31mred")
    await bench.facts.of(Gone, REF)
    assert bytes(bench.heard[REF, "stdout"].data) == b"\xff\xfe\r50%\x1b[31mred"


async def test_trickle_after_a_flood_is_seen_at_once(bench: Bench) -> None:
    """A pipe that was busy is watched again when it is quiet."""
    bench.launch(
        REF, "/bin/sh", "-c", "seq 50000; echo pause; read _; sleep 0.1; echo later; exec sleep 1000"
    )
    await bench.heard[REF, "stdout"].until(b"later\n")


async def test_memory_and_work_are_bounded() -> None:
    """One wake-up takes at most a mebibyte, however much is there."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    pump = OutputPump(asyncio.get_running_loop())
    heard = Heard()
    pipe = pump.open(reading, heard)
    total = 0
    for _ in range(50):
        while True:
            try:
                total += os.write(writing, b"x" * 65536)
            except BlockingIOError:
                break
        assert pipe.pull() <= 2 * 1024 * 1024
    os.close(writing)
    while not heard.ended:
        pipe.pull()
    assert len(heard.data) == total
    pump.close()


async def test_broken_sink_does_not_stop_the_reading(caplog: pytest.LogCaptureFixture) -> None:
    """A sink that fails is told to nobody again; the writer goes on."""

    class Broken:
        asked = 0

        def write(self, chunk: bytes) -> None:
            self.asked += 1
            raise OSError(28, f"no room for {len(chunk)} bytes")

        def end(self) -> None: ...

    reading, writing = os.pipe()
    pump = OutputPump(asyncio.get_running_loop())
    broken = Broken()
    pipe = pump.open(reading, broken)
    for _ in range(3):
        os.write(writing, b"x" * 1000)
        assert pipe.pull() == 1000
    assert broken.asked == 1
    assert "its sink failed" in caplog.text
    os.close(writing)
    pump.close()


@pytest.mark.skipif(sys.platform != "linux", reason="pipe sizes are Linux only")
async def test_room_for_pipes_is_bounded() -> None:
    """Busy pipes are enlarged, but not without end: the kernel counts all pipes of a user."""
    pump = OutputPump(asyncio.get_running_loop())
    writers = []
    for _ in range(30):
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        writers.append(writing)
        pipe = pump.open(reading, Heard())
        os.write(writing, b"x" * 65536)
        pipe.pull()
    large = [pipe for pipe in pump._pipes if pipe.size > 65536]
    assert len(large) == 16
    for writing in writers:
        os.close(writing)
    pump.close()
    assert pump._enlarged == 0


async def test_noise_of_one_does_not_delay_the_exit_of_another(bench: Bench) -> None:
    """Somebody who floods doesn't keep the end of a quiet one from being seen."""
    bench.launch(REF, "/usr/bin/yes")
    other = Incarnation("payments", 0, 1)
    bench.launch(other, "/bin/sh", "-c", "exit 7")
    assert (await bench.facts.of(Exited, other, within=5)).code == 7
