"""What the benchmark of protocols says, and that its clients count what scanners read."""

import json
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest
from benchmarks.protocols import page
from benchmarks.protocols.cases import CASES, Case
from benchmarks.protocols.costs import PLAIN, SOURCE
from benchmarks.protocols.mixed import Mixed, differences
from benchmarks.report import Results

from meshdev.traffic.protocols.table import is_read, scanner_of
from support_brokers import until_over
from support_npm import missing
from support_scanning import scanned


def test_what_differs_is_told() -> None:
    """Counts that are not the same, routes of one side only, errors."""
    routes = [{"route": "GET a", "requests": 3}, {"route": "GET c", "requests": 1}]
    assert not differences({"GET a": 3, "GET c": 1}, {"routes": routes, "errors": 0})
    assert differences({"GET a": 2, "GET b": 1}, {"routes": routes, "errors": 4}) == [
        "GET a: 2 done, 3 told",
        "GET b: 1 done, 0 told",
        "GET c: 0 done, 1 told",
        "4 errors were told",
    ]
    routes = [
        {"route": "Produce a", "requests": 3, "messages": 7},
        {"route": "Metadata", "requests": 9, "messages": 0},
    ]
    assert not differences({"Produce a": 7}, {"routes": routes, "errors": 0}, "messages", named=True)


def test_what_counts_as_an_error() -> None:
    """Every difference and every complaint."""
    assert Mixed().errors == 0
    assert Mixed({"a": 1}, {"a": ["x", "y"], "b": []}, ["z"]).errors == 3


def test_the_part_takes_its_place_in_the_page(tmp_path: Path) -> None:
    """Before that of faults, however often it is written."""
    assert page.section(tmp_path) == ""
    results = Results(SOURCE)
    for name, spent in (("meshdev", 30.0), (PLAIN, 22.0), ("HAProxy", 20.0)):
        results.add(name, {"amqp": spent, "amqp-done": 100})
        results.add(name, {"amqp": spent, "amqp-done": 100})
    results.save(tmp_path)
    mixed = {"minutes": 10.0, "done": {"amqp": 1000}, "differences": {"amqp": []}, "trouble": [], "errors": 0}
    (tmp_path / page.MIXED).write_text(json.dumps({**mixed, "when": "2026-01-01", "load": 1.5}))
    written = tmp_path / "page.md"
    written.write_text(f"# Benchmarks\n\ntext\n\n{page.FOLLOWS}\nmore\n")
    for _ in range(2):
        page.put_in(written, page.section(tmp_path))
    text = written.read_text()
    assert text.startswith("# Benchmarks\n\ntext\n\n# Protocols\n")
    assert text.endswith(f"\n{page.FOLLOWS}\nmore\n")
    written.write_text(text.replace(page.FOLLOWS, f"# Another part\n\n{page.FOLLOWS}"))
    page.put_in(written, page.section(tmp_path))
    assert f"\n\n# Another part\n\n{page.FOLLOWS}" in written.read_text()
    assert "| ×1.50 | ×1.10 |" in text  # noqa: RUF001 -- typography
    assert "2 rounds" in text
    assert "| amqp | 1,000 | 0 |" in text


READ = [case for case in CASES if is_read(case.protocol)]


@pytest.mark.parametrize("case", READ, ids=lambda case: case.protocol)
def test_a_visit_of_each_client(case: Case) -> None:
    """What it counts is what is read, route by route."""
    if why := case.missing():
        missing(why)
    left = iter([True, True])
    client = import_module(f"benchmarks.protocols.clients.{case.protocol}")
    with case.serving() as port, scanned(lambda: scanner_of(case.protocol), port) as relay:
        done = client.work(relay.port, lambda: next(left, False))
        until_over(relay)
    assert relay.gave_up == []
    told: Counter[str] = Counter()
    for operation in relay.operations:
        if case.named and operation.route not in done:
            continue
        if case.counted == "requests":
            told[operation.route] += 1
        else:
            told[operation.route] += (operation.messages_in or 0) + (operation.messages_out or 0)
    assert told == done
    assert sum(done.values()) > 40
