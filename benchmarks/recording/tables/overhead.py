"""What recording costs: CPU per call and bytes on disk."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar, Final

from benchmarks.mesh.proxies.base import Running
from benchmarks.recording import exchanges
from benchmarks.recording.tables.base import Column, Table, costing, fit, in_turns, say, service
from benchmarks.recording.tools.base import Recorder
from benchmarks.recording.tools.ours import NAME, Meshdev
from benchmarks.report import Results
from benchmarks.tools.base import Unfit
from meshdev.recording.formats.registry import export
from meshdev.storage.recordings.library import Library

_WARM: Final = 400
_HAR: Final = "HAR (meshdev's export)"


class Overhead(Table):
    """On and off, in the same round."""

    name: ClassVar = "overhead"
    title: ClassVar = "Recording: CPU per call (µs)"
    about: ClassVar = (
        "POSTs of 1.5 kB in all (JSON both ways, usual headers, ids, times and traces of their own in each) over 8 "
        "kept connections. *Without* and *recording*: the tool with recording off and on, all its processes, until "
        "they are at rest again. *Recording costs*: the difference within a round. meshdev: worker and recorder, "
        "secrets taken out, everything on the disk; *its proxy alone* is the worker's part. mountebank keeps "
        "recordings in memory and writes them when asked, which is not in its figure; vcrpy's is a small server "
        "that asks through it, without the writing of the cassette at its end."
    )
    columns: ClassVar[tuple[Column, ...]] = (
        Column("extra", "recording costs", times=True),
        Column("off", "without", times=True),
        Column("on", "recording", times=True),
        Column("share", "recording ÷ without"),
        Column("proxy", "its proxy alone, ÷ without"),
    )

    def measure(self, recorders: Sequence[Recorder], rounds: int) -> Results:
        """Both of every recorder once a round; the files are weighed in the end."""
        results = Results(self.source)
        with service() as (folder, upstream), ExitStack() as stack:
            taking_part: list[Recorder] = []
            on: dict[str, Running] = {}
            off: dict[str, Running] = {}
            for one in fit(recorders, results):
                try:
                    off[one.name] = stack.enter_context(
                        one.proxying(_made(folder / one.name / "off"), upstream, record=False)
                    )
                    on[one.name] = stack.enter_context(
                        one.proxying(_made(folder / one.name / "on"), upstream, record=True)
                    )
                    for running in (off[one.name], on[one.name]):
                        costing(running, exchanges.requests(range(_WARM), 0))
                except Unfit as why:
                    results.notes[one.name] = str(why)
                    say(f"{one.name} is left out: {why}")
                    continue
                taking_part.append(one)
            made = {one.name: _WARM for one in taking_part}
            for number in range(rounds):
                for one in in_turns(taking_part, number):
                    asked = exchanges.requests(range(made[one.name], made[one.name] + one.calls), number + 1)
                    made[one.name] += one.calls
                    results.add(one.name, figures := _figures(off[one.name], on[one.name], asked))
                    told = " ".join(f"{key}={value:.3g}" for key, value in figures.items())
                    say(f"overhead {number + 1}/{rounds} {one.name}: {told}")
            for one in taking_part:
                one.finish(folder / one.name / "on", on[one.name])
            stack.close()  # what has to be closed to be whole is whole now
            for one in taking_part:
                size = sum(file.stat().st_size for file in one.files(folder / one.name / "on"))
                results.add(one.name, {"bytes": size / made[one.name]})
                say(f"{one.name}: {size / made[one.name]:.0f} bytes a call")
                if isinstance(one, Meshdev):
                    results.add(_HAR, {"bytes": _as_har(folder / one.name / "on", made[one.name])})
        return results


class Bytes(Overhead):
    """Of the same runs."""

    name: ClassVar = "bytes"
    title: ClassVar = "Recording: bytes on disk per call"
    about: ClassVar = (
        "The files that the calls above made, by their sizes (WireMock's two files a call take two blocks of the "
        "file system, 8 kB, which is not counted)."
    )
    columns: ClassVar = (Column("bytes", "bytes", times=True),)

    @property
    def source(self) -> str:
        """Those of `Overhead`."""
        return f"recording-{Overhead.name}"


def _figures(off: Running, on: Running, asked: list[bytes]) -> dict[str, float]:
    without, each_off = costing(off, asked)
    recording, each_on = costing(on, asked)
    for seen in (without, recording):
        if seen.failed:
            raise Unfit(f"answers {seen.statuses}")
    off_cpu, on_cpu = (sum(each) / len(asked) * 1e6 for each in (each_off, each_on))
    figures = {"off": off_cpu, "on": on_cpu, "extra": on_cpu - off_cpu, "share": on_cpu / off_cpu}
    if len(each_on) > len(each_off):  # the recorder is another process
        figures["proxy"] = each_on[0] / len(asked) * 1e6 / off_cpu
    return figures


def _as_har(folder: Path, calls: int) -> float:
    recording = Library(folder).open(NAME)
    if len(recording.exchanges) != calls:
        raise Unfit(f"{len(recording.exchanges)} of {calls} calls were recorded")
    return sum(map(len, export(recording, "har").values())) / calls


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
