"""The mix of sixty-four: recorded by each tool through its own proxy, played by it in order and shuffled."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from benchmarks.recording import mix
from benchmarks.recording.caller import call
from benchmarks.recording.mix import Call, Verdict
from benchmarks.recording.tables.base import Column, Table, fit, in_turns, say, service
from benchmarks.recording.tools import BY_THEIR_BEST
from benchmarks.recording.tools.base import Recorder, at_rest
from benchmarks.report import Results
from benchmarks.tools.base import Unfit

_RECORDED = 1
_RESET = b"GET /reset HTTP/1.1\r\nHost: payments:8080\r\n\r\n"


class Mixed(Table):
    """One round is enough: what is counted does not vary, or that is worth to be seen."""

    name: ClassVar = "mix"
    title: ClassVar = "Replay: a mix of 64"
    about: ClassVar = (
        "Eight each of: static pages, a nonce in the query, id and time in JSON, random headers, multipart with a "
        "random boundary, polls of two jobs, slow answers, event streams. Recorded through each tool with one set "
        "of noise, asked again with another over one connection, in order and shuffled (three orders; the polls of "
        "a job keep theirs). *Right*: the answer that the service gives to this request. *Stale*: right but for an "
        "id that the caller chose, of which the recorded one is told. *Wrong*: the answer to another request, or a "
        "torn one. *Missed*: an error. JSON is compared by its content."
    )
    columns: ClassVar = tuple(
        Column(f"{order}-{verdict}", f"{title}{verdict}")
        for order, title in (("order", "in order: "), ("shuffled", "shuffled: "))
        for verdict in Verdict
    )
    rounds: ClassVar = 3

    def measure(self, recorders: Sequence[Recorder], rounds: int) -> Results:
        """Recorded anew in every round."""
        results = Results(self.source)
        with service() as (_, upstream):
            names = {one.name for one in recorders}
            taking_part = fit([one for one in BY_THEIR_BEST if one.name in names], results)
            for number in range(rounds):
                for one in in_turns(taking_part, number):
                    if one.name in results.notes:
                        continue
                    try:
                        figures = _tried(one, upstream, number)
                    except Unfit as why:
                        results.notes[one.name] = str(why)
                        say(f"{one.name} is left out: {why}")
                        continue
                    results.add(one.name, figures)
                    told = " ".join(f"{key}={value:.0f}" for key, value in figures.items() if value)
                    say(f"mix {number + 1}/{rounds} {one.name}: {told}")
        return results


def _tried(one: Recorder, upstream: int, number: int) -> dict[str, float]:
    with TemporaryDirectory(prefix="bench-mix-") as name:
        folder = Path(name)
        call(upstream, [_RESET], 1)
        recorded = mix.calls(_RECORDED)
        with one.proxying(folder, upstream, record=True) as running:
            tally = _tally(running.ports[0], recorded)
            if tally[Verdict.RIGHT] != len(recorded):
                raise Unfit(f"passes on {dict(tally)} while it records")
            at_rest(running.pids)
            one.finish(folder, running)
        figures: dict[str, float] = {}
        again = mix.calls(number + 2)
        for order, asked in (("order", again), ("shuffled", mix.shuffled(again, number + 2))):
            with one.replaying(folder) as running:
                tally = _tally(running.ports[0], asked)
            figures |= {f"{order}-{verdict}": float(tally[verdict]) for verdict in Verdict}
        return figures


def _tally(port: int, asked: list[Call]) -> Counter[Verdict]:
    tally: Counter[Verdict] = Counter()

    def hear(which: int, status: int, body: bytes) -> None:
        tally[mix.judged(asked[which], status, body)] += 1

    call(port, [one.request for one in asked], 1, hear)
    return tally
