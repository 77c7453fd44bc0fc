"""What Toxiproxy's toxics do, exactly, in simulated time; the last tests are of its known defects, which we lack."""

from typing import Any

import pytest

from meshdev.traffic.faults.connection import ConnectionFaults
from meshdev.traffic.faults.link import End, Item
from support_faults import ON, drain, edge_faults, run, specs

EOF, CLOSE, RESET = End.EOF, End.CLOSE, End.RESET
Script = list[tuple[float, Item]]

TABLE: list[tuple[str, dict[str, Any], Script, Script]] = [
    ("latency: due is arrival and latency", {"latency": "300ms"}, [(0, b"a")], [(0.3, b"a")]),
    (
        "latency does not accumulate over chunks",
        {"latency": "300ms"},
        [(0, b"a"), (0.1, b"b"), (0.2, b"c")],
        [(0.3, b"a"), (0.4, b"b"), (0.5, b"c")],
    ),
    (
        "an end comes right behind the bytes",
        {"latency": "300ms"},
        [(0, b"a"), (0, EOF)],
        [(0.3, b"a"), (0.3, EOF)],
    ),
    (
        "bandwidth: 1 kB at 1 kB/s takes a second, in portions of a fiftieth of it",
        {"bandwidth": "1k"},
        [(0, b"x" * 40)],
        [(0.02, b"x" * 20), (0.04, b"x" * 20)],
    ),
    (
        "bandwidth: what comes later stands in line",
        {"bandwidth": "1k"},
        [(0, b"x" * 20), (0.01, b"y" * 20)],
        [(0.02, b"x" * 20), (0.04, b"y" * 20)],
    ),
    ("bandwidth: an idle line has no credit", {"bandwidth": "1k"}, [(5, b"x" * 20)], [(5.02, b"x" * 20)]),
    (
        "slow close: bytes pass, the end waits",
        {"slow-close": "2s"},
        [(0, b"a"), (1, EOF)],
        [(0, b"a"), (3, EOF)],
    ),
    ("timeout: nothing passes, then it closes", {"timeout": "1s"}, [(0, b"a"), (0.5, b"b")], [(1, CLOSE)]),
    ("timeout 0: never", {"timeout": 0}, [(0, b"a"), (50, b"b")], []),
    ("timeout: an end passes", {"timeout": 0}, [(0, b"a"), (2, EOF)], [(2, EOF)]),
    ("reset: at once with the first bytes", {"reset": True}, [(1, b"a")], [(1, RESET)]),
    ("reset: some time after them", {"reset": "2s"}, [(1, b"a"), (2, b"b")], [(3, RESET)]),
    ("limit data: less passes", {"limit-data": 5}, [(0, b"abc"), (1, EOF)], [(0, b"abc"), (1, EOF)]),
    ("limit data: just as much closes", {"limit-data": 3}, [(0, b"abc")], [(0, b"abc"), (0, CLOSE)]),
    (
        "limit data: more is cut",
        {"limit-data": 4},
        [(0, b"abc"), (1, b"def")],
        [(0, b"abc"), (1, b"d"), (1, CLOSE)],
    ),
    ("limit data 0: nothing passes", {"limit-data": 0}, [(0, b"a")], [(0, CLOSE)]),
    (
        "slicer: pieces, with a delay between them",
        {"slicer": {"average_size": 2, "delay": "10us"}},
        [(0, b"abcde")],
        [(0, b"ab"), (1e-05, b"cd"), (2e-05, b"e")],
    ),
    (
        "slow open: the first byte waits",
        {"slow-open": "1s"},
        [(0.2, b"a"), (3, b"b")],
        [(1, b"a"), (3, b"b")],
    ),
    ("refuse: reset as it comes", {"refuse": True}, [(0.2, b"a")], [(0, RESET)]),
]


@pytest.mark.parametrize(
    ("table", "script", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_one_toxic(table: dict[str, Any], script: Script, expected: Script) -> None:
    """Each toxic alone does what its row says."""
    assert expected == run(script, table)


def test_two_latencies_add() -> None:
    """Two latency toxics in a row delay by their sum."""
    assert run([(0, b"a"), (0.1, b"b")], {"latency": "300ms"}, {"latency": "200ms"}) == [
        (0.5, b"a"),
        (0.6, b"b"),
    ]


def test_latency_and_bandwidth() -> None:
    """A chunk is late by the latency and by the time that the line takes."""
    out = run([(0, b"x" * 1000)], {"latency": "500ms"}, {"bandwidth": "1k"})
    assert (
        (out[-1][0], out[0][0]),
        sum(len(item) for _, item in out if isinstance(item, bytes)),
    ) == ((1.5, 0.52), 1000)


@pytest.mark.parametrize("looks", [1, 3, 1000])
def test_nobody_looking_changes_no_time(looks: int) -> None:
    """However seldom a chain is advanced, what leaves was due when it was due."""
    edge = edge_faults({"latency": "100ms"}, {"latency": "100ms"})
    connection = ConnectionFaults(ON)
    connection.sync(edge, ON)
    chain = connection.downstream
    chain.write(b"a", ON)
    chain.write(b"b", ON + 0.05)
    out: list[Item] = []
    for look in range(1, looks + 1):
        out += chain.advance(ON + 0.25 * look / looks)
    assert out == [b"a", b"b"]


def test_jitter_stays_within_its_bounds_and_keeps_order() -> None:
    """Jitter moves each chunk by at most so much, and none overtakes another."""
    script: Script = [(index * 0.2, b"%03d" % index) for index in range(200)]
    out = run(script, {"latency": {"latency": "300ms", "jitter": "50ms"}})
    assert [item for _, item in script] == [item for _, item in out]
    lateness = [at - sent for (at, _), (sent, _) in zip(out, script, strict=True)]
    assert min(lateness) >= 0.25
    assert max(lateness) <= 0.35
    assert max(lateness) - min(lateness) > 0.04


def test_streams_are_apart() -> None:
    """A toxic on one stream leaves the other alone; downstream is the default."""
    assert run([(0, b"a")], {"latency": "1s"}, upstream=True) == [(0, b"a")]
    assert run([(0, b"a")], {"latency": {"latency": "1s", "direction": "upstream"}}, upstream=True) == [
        (1, b"a")
    ]


def test_removal_flushes_what_was_only_late() -> None:
    """Taking out a latency lets everything go at once, in order."""
    edge = edge_faults({"latency": "10s"})
    connection = ConnectionFaults(ON)
    connection.sync(edge, ON)
    connection.downstream.write(b"a", ON)
    connection.downstream.write(b"b", ON)
    edge.adopt((), ON + 1)
    connection.sync(edge, ON + 1)
    assert (connection.downstream.advance(ON + 1), connection.idle) == ([b"a", b"b"], True)


def test_removing_a_timeout_closes() -> None:
    """What a timeout has swallowed cannot be had back, so the connection ends."""
    edge = edge_faults({"timeout": 0})
    connection = ConnectionFaults(ON)
    connection.sync(edge, ON)
    connection.downstream.write(b"a", ON)
    assert connection.downstream.advance(ON) == []
    edge.adopt((), ON + 1)
    connection.sync(edge, ON + 1)
    assert connection.downstream.advance(ON + 1) == [CLOSE]


def test_limits_count_from_when_they_were_put_in() -> None:
    """A limit that is put into a live connection counts what comes then."""
    edge = edge_faults()
    connection = ConnectionFaults(ON)
    connection.sync(edge, ON)
    connection.downstream.write(b"abcdef", ON)
    assert connection.downstream.advance(ON) == [b"abcdef"]
    edge.adopt(specs({"limit-data": 3}, since=ON + 1), ON + 1)
    connection.sync(edge, ON + 1)
    connection.downstream.write(b"ghij", ON + 1)
    assert connection.downstream.advance(ON + 1) == [b"ghi", CLOSE]


class Updated:
    """A live connection whose first fault is changed while it acts; a second one stands behind it."""

    def __init__(self, *tables: dict[str, Any]) -> None:
        self.edge = edge_faults(*tables)
        self.connection = ConnectionFaults(ON)
        self.connection.sync(self.edge, ON)
        self.chain = self.connection.downstream

    def update(self, *tables: dict[str, Any], at: float = 1) -> list[Item]:
        """The same faults with other values; what leaves by that."""
        self.edge.adopt(specs(*tables), ON + at)
        self.connection.sync(self.edge, ON + at)
        return self.chain.advance(ON + at)

    def says(self, data: bytes, at: float = 1) -> list[tuple[float, Item]]:
        """What comes of ``data``, within the hour."""
        self.chain.write(data, ON + at)
        return [(round(when - ON, 6), item) for when, item in drain(self.chain, ON + 3600)]


def test_an_update_keeps_the_place_in_the_order() -> None:
    """A limit behind a slicer sees what that lets through, before an update of the slicer and after."""
    one = Updated({"slicer": 2}, {"limit-data": 5})
    assert one.chain.names == ["a/slicer", "b/limit-data"]
    one.update({"slicer": 3}, {"limit-data": 5})
    assert one.chain.names == ["a/slicer", "b/limit-data"]
    assert one.says(b"abcdef") == [(1, b"abc"), (1, b"de"), (1, CLOSE)]


def test_an_update_of_a_latency_lets_go_and_delays_what_comes() -> None:
    """What was held back goes on at once, in order; what comes has the new delay."""
    one = Updated({"latency": "10s"})
    one.chain.write(b"a", ON)
    assert one.update({"latency": "2s"}) == [b"a"]
    assert one.says(b"b") == [(3, b"b")]


def test_an_update_of_a_timeout_closes_nothing() -> None:
    """Bytes are swallowed as before, and the new time runs."""
    one = Updated({"timeout": 0})
    one.chain.write(b"a", ON)
    assert one.update({"timeout": "5s"}) == []
    assert one.says(b"b") == [(6, CLOSE)]


def test_an_update_of_an_armed_reset_changes_nothing() -> None:
    """What has been set off cannot be called back."""
    one = Updated({"reset": "5s"})
    one.chain.write(b"a", ON)
    assert one.chain.advance(ON) == []
    one.update({"reset": "50s"})
    assert one.says(b"b") == [(5, RESET)]


def test_an_update_of_a_limit_goes_on_counting() -> None:
    """What passed before counts; a limit that is passed by then closes with the next bytes."""
    one = Updated({"limit-data": 10})
    one.chain.write(b"abcdef", ON)
    assert one.update({"limit-data": 8}) == [b"abcdef"]
    assert one.says(b"ghi") == [(1, b"gh"), (1, CLOSE)]


def test_an_update_that_turns_round() -> None:
    """A fault whose direction changes leaves the one stream, and enters the other in its place."""
    one = Updated({"latency": "1s"}, {"slicer": 1})
    one.update({"latency": {"latency": "1s", "direction": "upstream"}}, {"slicer": 1})
    assert (one.connection.upstream.names, one.chain.names) == (["a/latency"], ["b/slicer"])


@pytest.mark.parametrize("kind", ["refuse", "reset", "timeout", "latency"])
def test_defect_reset_at_toxicity_0(kind: str) -> None:
    """At 0 % no fault does anything; theirs resets all the same."""
    value: object = "1s" if kind == "latency" else True
    assert run([(0, b"a")], {kind: value, "percentage": 0}) == [(0, b"a")]


def test_defect_toxicity_is_rolled_again() -> None:
    """Whether a live connection is hit stays as it is while other faults come and go."""
    edge = edge_faults({"latency": "1s", "percentage": 50})
    connections = [ConnectionFaults(ON) for _ in range(40)]

    def hit() -> list[bool]:
        for connection in connections:
            connection.sync(edge, ON)
        return ["a/latency" in connection.downstream.names for connection in connections]

    first = hit()
    assert 5 < sum(first) < 35
    kept = edge.faults[0].spec
    for round_ in range(20):
        other = specs({"slicer": 10 + round_})
        edge.adopt((kept, *other) if round_ % 2 else (kept,), ON)
        assert first == hit()


def test_defect_seed_has_no_effect() -> None:
    """The same seed decides the same, another one differently."""

    def hits(seed: int) -> list[bool]:
        edge = edge_faults({"latency": "1s", "percentage": 50, "seed": seed})
        connections = [ConnectionFaults(ON) for _ in range(64)]
        for connection in connections:
            connection.sync(edge, ON)
        return [bool(connection.hits) for connection in connections]

    assert hits(1) == hits(1)
    assert hits(1) != hits(2)


def test_defect_removal_that_hangs() -> None:
    """A fault is gone at once, however long what it holds has to wait, and whoever reads it."""
    edge = edge_faults({"slicer": {"average_size": 1, "delay": "1h"}}, {"latency": "1h"}, {"bandwidth": 1})
    connection = ConnectionFaults(ON)
    connection.sync(edge, ON)
    connection.downstream.write(b"abcdefgh", ON)
    connection.downstream.advance(ON + 1)
    edge.adopt((), ON + 1)
    connection.sync(edge, ON + 1)
    left = drain(connection.downstream, ON + 1)
    assert b"".join(item for _, item in left if isinstance(item, bytes)) == b"abcdefgh"
    assert connection.idle
