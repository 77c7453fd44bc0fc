"""The recording benchmarks: what they ask, how answers are judged, what the page says; without the peers."""

import json
from collections import Counter
from pathlib import Path
from random import Random

from benchmarks.recording import exchanges, mix, page
from benchmarks.recording.mix import Verdict
from benchmarks.recording.tables.overhead import Bytes, Overhead
from benchmarks.recording.upstream import taken
from benchmarks.report import Results


def test_a_call_has_some_1500_bytes_and_is_never_the_same() -> None:
    """What is said of the load is so."""
    chance = Random(1)
    asked = [exchanges.asked(number, chance) for number in range(50)]
    sizes = [
        len(one) + len(exchanges.answered(number, json.loads(exchanges.body_of(one))["id"], chance))
        for number, one in enumerate(asked)
    ]
    assert 1_400 < min(sizes) <= max(sizes) < 1_600
    assert len(set(asked)) == 50


def test_messages_are_taken_whole() -> None:
    """By their length, by chunks, or without a body; what is not whole waits."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    counted = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    for message, body in ((chunked, b"abc"), (counted, b"ok")):
        for cut in range(len(message)):
            assert taken(message[:cut]) is None
        whole = taken(message + b"next")
        assert whole is not None
        assert (body, b"next") == whole[1:]


def test_the_mix_is_sixty_four_calls_of_eight_kinds() -> None:
    """Shuffled they are the same, and polls keep their order."""
    calls = mix.calls(1)
    kinds = Counter(one.request.split(b" ")[1].split(b"/")[1].partition(b"?")[0] for one in calls)
    assert list(kinds.values()) == [8] * 8
    shuffled = mix.shuffled(calls, 7)
    assert Counter(one.request for one in calls) == Counter(one.request for one in shuffled)
    polls = [one.body for one in shuffled if one.chain == "/jobs/1"]
    assert polls == [one.body for one in calls if one.chain == "/jobs/1"]


def test_an_answer_with_the_recorded_id_is_stale() -> None:
    """It is told from the answer to another request, and from none."""
    order, other = (one for one in mix.calls(1)[:11] if b"POST /orders" in one.request)
    again = next(one for one in mix.calls(2) if b"POST /orders" in one.request)
    assert mix.judged(again, 200, again.body) is Verdict.RIGHT
    assert mix.judged(again, 200, order.body) is Verdict.STALE
    assert mix.judged(again, 200, other.body) is Verdict.WRONG
    assert mix.judged(again, 404, again.body) is Verdict.MISSED


def test_a_table_tells_how_many_times_ours() -> None:
    """Ratios are taken within a round; a tool that only has other figures is not in it."""
    results = Results("recording-overhead", when="2026-01-01", load=1.0)
    for ours, other in ((50.0, 100.0), (60.0, 180.0)):
        results.add("meshdev", {"extra": ours})
        results.add("other", {"extra": other})
    results.add("files", {"bytes": 7.0})
    told = page.table(Overhead(), results)
    assert "| other | 140 (100–180) ×2.5 |" in told  # noqa: RUF001 - as it is written
    assert "files" not in told
    assert "| files | 7 |" in page.table(Bytes(), results)


def test_the_part_is_put_before_the_mesh(tmp_path: Path) -> None:
    """However often it is written."""
    file = tmp_path / "page.md"
    file.write_text(f"# Faults\n\ntext\n\n{page.FOLLOWS}\nmore\n", "utf-8")
    for _ in range(2):
        page.put_in(file, f"{page.BEGIN}\nfigures\n")
    assert file.read_text("utf-8") == f"# Faults\n\ntext\n\n{page.BEGIN}\nfigures\n\n{page.FOLLOWS}\nmore\n"
