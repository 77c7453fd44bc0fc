"""A flood from real processes, through real pipes, into real files, followed while it comes."""

import asyncio
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from meshdev.runners.output import OutputPump
from meshdev.storage.reader import LogReader
from meshdev.storage.store import LogStore
from meshdev.storage.stream import LogStream

LINES = 40_000
FLOOD = f"for number in range({LINES}): print('seq', number, 'x' * 80)"


@dataclass
class Sink:
    """A pipe's end that feeds a stream and knows when it is over."""

    stream: LogStream
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def write(self, chunk: bytes) -> None:
        """Take what was read."""
        self.stream.feed(chunk)

    def end(self) -> None:
        """Nothing more will come."""
        self.stream.end()
        self.over.set()


async def test_a_flood_is_written_and_followed_without_a_gap(tmp_path: Path) -> None:
    """Three processes write as fast as they can: every line is on disk and reaches a follower once, in order."""
    store = LogStore(tmp_path, clock=time.time)
    store.start()
    pump = OutputPump(asyncio.get_running_loop())
    view = LogReader(tmp_path).open()
    seen: dict[str, list[int]] = {f"noisy-{number}": [] for number in range(3)}
    sinks: list[Sink] = []
    processes: list[asyncio.subprocess.Process] = []
    for node in seen:
        reading, writing = os.pipe()
        sink = Sink(store.stream(node, f"{node}-0", 1, "stdout"))
        pump.open(reading, sink)
        sinks.append(sink)
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", FLOOD, stdout=writing)
        os.close(writing)
        processes.append(process)
    over = asyncio.gather(*(sink.over.wait() for sink in sinks))
    while not over.done():
        await asyncio.wait([over], timeout=0.02)
        for line in view.newer():
            seen[line.node].append(int(line.text.split()[1]))
    store.close()
    pump.close()
    assert [await process.wait() for process in processes] == [0, 0, 0]
    while lines := view.newer():
        for line in lines:
            seen[line.node].append(int(line.text.split()[1]))
    assert all(numbers == list(range(LINES)) for numbers in seen.values())
    assert {totals.lines for totals in LogReader(tmp_path).totals().values()} == {LINES}
