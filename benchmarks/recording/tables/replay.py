"""What a replayed request costs, by the number of recorded calls."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import ClassVar, Final

from benchmarks.recording import exchanges
from benchmarks.recording.tables.base import Column, Table, costing, fit, in_turns, say, service
from benchmarks.recording.tools.base import Entry, Recorder
from benchmarks.recording.tools.vcrpy import Vcrpy
from benchmarks.report import Results
from benchmarks.tools.base import Unfit

SIZES: Final = (100, 2_000, 20_000)
_STRIDE: Final = 7919  # prime: every entry has its turn, neighbours are far apart


class Replay(Table):
    """A server of its own for each tool and size, in turns."""

    name: ClassVar = "replay"
    title: ClassVar = "Replay: CPU per request (µs)"
    about: ClassVar = (
        "The same calls out of recordings of 100, 2,000 and 20,000, each to an address of its own; ids, times and "
        "traces in the requests are new. *First*: every entry is asked for the first time. meshdev compares all of "
        "a request (and puts the caller's new id into the answer), the others are told to look at method, path and "
        "query only. All processes of a tool; of vcrpy less what its small server costs without it."
    )
    columns: ClassVar = tuple(
        Column(f"{key}-{size}", f"{size:,} entries{title}", times=key == "cpu")
        for size in SIZES
        for key, title in (("first", ", first"), ("cpu", ""))
    )
    rounds: ClassVar = 3

    def measure(self, recorders: Sequence[Recorder], rounds: int) -> Results:
        """All sizes of all recorders once a round."""
        results = Results(self.source)
        with service() as (_, upstream):
            taking_part = fit(recorders, results)
            for number in range(rounds):
                for one in in_turns(taking_part, number):
                    if one.name in results.notes:
                        continue
                    try:
                        figures = {
                            key: value
                            for size in SIZES
                            for key, value in _figures(one, size, upstream, number).items()
                        }
                    except Unfit as why:
                        results.notes[one.name] = str(why)
                        say(f"{one.name} is left out: {why}")
                        continue
                    results.add(one.name, figures)
                    told = " ".join(f"{key}={value:.4g}" for key, value in figures.items())
                    say(f"replay {number + 1}/{rounds} {one.name}: {told}")
        return results


def entries(size: int) -> list[Entry]:
    """The recorded calls."""
    chance = Random(size)
    made = []
    for number in range(size):
        asked = exchanges.asked(number, chance)
        asked_id = exchanges.body_of(asked)[8:44].decode()
        made.append(Entry(exchanges.target(number), asked, exchanges.answered(number, asked_id, chance)))
    return made


def _figures(one: Recorder, size: int, upstream: int, number: int) -> dict[str, float]:
    count = one.replays[size]
    with TemporaryDirectory(prefix="bench-replay-") as name:
        folder = Path(name)
        one.write(folder, entries(size))
        figures = {}
        with one.replaying(folder) as running:
            for key, seed in (("first", number * 2 + 1), ("cpu", number * 2 + 2)):
                first = min(count, size) if key == "first" else count
                asked = exchanges.requests([at * _STRIDE % size for at in range(first)], seed)
                seen, spent = costing(running, asked)
                if seen.failed:
                    raise Unfit(f"answers {seen.statuses} at {size} entries")
                figures[f"{key}-{size}"] = sum(spent) / len(asked) * 1e6
        if isinstance(one, Vcrpy):
            with one.proxying(folder, upstream, record=False) as running:
                _, spent = costing(running, exchanges.requests(range(500), 1))
            bare = sum(spent) / 500 * 1e6
            figures = {key: value - bare for key, value in figures.items()}
    return figures
