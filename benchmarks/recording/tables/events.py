"""Streams while they are recorded: when does their first event arrive?"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from benchmarks.recording.caller import first_byte
from benchmarks.recording.tables.base import Column, Table, fit, in_turns, say, service
from benchmarks.recording.tools.base import Recorder
from benchmarks.report import Results
from benchmarks.tools.base import Unfit

_DIRECT = "without a recorder"
_WARM = 2


class Events(Table):
    """The caller's view."""

    name: ClassVar = "events"
    title: ClassVar = "An event stream while it is recorded"
    about: ClassVar = (
        "Five events, the first at once, one every 200 ms after it. *First*: until the caller has it; *all*: until the "
        "end of the stream."
    )
    columns: ClassVar = (Column("first", "first (ms)"), Column("all", "all (ms)"))

    def measure(self, recorders: Sequence[Recorder], rounds: int) -> Results:
        """One stream of each once a round."""
        results = Results(self.source)
        with service() as (_, upstream):
            taking_part = fit(recorders, results)
            for number in range(rounds):
                results.add(_DIRECT, _figures(upstream))
                for one in in_turns(taking_part, number):
                    if one.name in results.notes:
                        continue
                    try:
                        with (
                            TemporaryDirectory(prefix="bench-events-") as folder,
                            one.proxying(Path(folder), upstream, record=True) as running,
                        ):
                            for _ in range(_WARM):
                                first_byte(running.ports[0])
                            figures = _figures(running.ports[0])
                    except (OSError, Unfit) as why:
                        results.notes[one.name] = str(why)
                        say(f"{one.name} is left out: {why}")
                        continue
                    results.add(one.name, figures)
                    say(f"events {number + 1}/{rounds} {one.name}: {figures}")
        return results


def _figures(port: int) -> dict[str, float]:
    first, end = first_byte(port)
    return {"first": first * 1e3, "all": end * 1e3}
