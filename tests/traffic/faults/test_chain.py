"""Chains: no byte is lost, changed or overtaken by faults that do not destroy, however they are toggled."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.faults.chain import Chain
from meshdev.traffic.faults.connection import ConnectionFaults
from meshdev.traffic.faults.link import Delaying, End, Item
from support_faults import ON, drain, edge_faults, specs

HARMLESS: list[dict[str, Any]] = [
    {"latency": "300ms"},
    {"latency": {"latency": "100ms", "jitter": "100ms"}},
    {"latency": {"p50": "50ms", "p99": "2s"}},
    {"bandwidth": "200"},
    {"slicer": {"average_size": 3, "size_variation": 2, "delay": "5ms"}},
    {"slow-close": "1s"},
    {"slow-open": "1s"},
    {"corrupt": "0%"},
]
Step = tuple[str, float, Any]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "advance", "toggle"]),
        st.floats(0, 0.5),
        st.integers(0, 255),
    ),
    max_size=60,
)


@given(STEPS)
def test_no_byte_is_lost_or_overtaken(steps: list[Step]) -> None:
    """Whatever is toggled or changed when, faults stand in their order, and what comes out is what went in."""
    edge = edge_faults()
    connection = ConnectionFaults(ON)
    chain, now = connection.downstream, ON
    on: set[int] = set()
    sent, got, count = bytearray(), list[Item](), 0
    for what, wait, number in steps:
        now += wait
        if what == "write":
            data = bytes((count + index) % 256 for index in range(number))
            count += number
            sent += data
            chain.write(data, now)
        elif what == "toggle":
            on ^= {number % len(HARMLESS)}
            edge.adopt(specs(*(HARMLESS[index] for index in sorted(on))), now)
            connection.sync(edge, now)
            assert chain.names == [fault.spec.key for fault in edge.faults]
        got += chain.advance(now)
    chain.end(End.EOF, now)
    got += [item for _, item in drain(chain, now + 1e6)]
    assert End.EOF is got.pop()
    assert bytes(sent) == b"".join(item for item in got if isinstance(item, bytes))
    assert (chain.held, chain.deadline()) == (0, None)


@given(
    st.lists(st.sampled_from(range(len(HARMLESS))), unique=True), st.lists(st.integers(1, 200), max_size=20)
)
def test_all_off_is_as_it_was(chosen: list[int], sizes: list[int]) -> None:
    """When everything is off again nothing waits, and bytes pass at once."""
    edge = edge_faults(*(HARMLESS[index] for index in chosen))
    connection = ConnectionFaults(ON)
    connection.sync(edge, ON)
    for size in sizes:
        connection.downstream.write(b"x" * size, ON)
    connection.downstream.advance(ON + 0.1)
    edge.adopt((), ON + 0.2)
    connection.sync(edge, ON + 0.2)
    connection.downstream.advance(ON + 0.2)
    assert connection.idle
    connection.downstream.write(b"now", ON + 0.3)
    assert connection.downstream.advance(ON + 0.3) == [b"now"]


class Held(Delaying):
    """Holds everything for ever."""

    def take(self, item: Item, at: float) -> None:
        """Hold it."""
        self.hold(item, at + 1e9)


def test_what_waits_is_bounded() -> None:
    """A chain asks for no more once it is full, until half of that is gone."""
    chain = Chain(most=100)
    chain.insert("a", Held(), 0.0)
    chain.write(b"x" * 99, 0.0)
    chain.advance(0.0)
    assert (chain.held, chain.full) == (99, False)
    chain.write(b"x", 0.0)
    assert chain.full
    chain.remove("a", 1.0)
    chain.advance(1.0)
    assert (chain.held, chain.full) == (0, False)


def test_after_the_end_of_the_connection_nothing_leaves() -> None:
    """A close is the last thing; what stood behind it is gone."""
    chain = Chain()
    chain.end(End.RESET, 0.0)
    chain.write(b"late", 0.0)
    assert (chain.advance(0.0), chain.ended, chain.deadline()) == ([End.RESET], True, None)
    chain.write(b"later", 1.0)
    assert chain.advance(1.0) == []


def test_removal_goes_through_the_links_behind() -> None:
    """What a removed fault held back still passes those that stay."""
    edge = edge_faults({"latency": "10s"}, {"latency": "1s"})
    connection = ConnectionFaults(ON)
    connection.sync(edge, ON)
    chain = connection.downstream
    chain.write(b"a", ON)
    chain.advance(ON)
    edge.adopt([edge.faults[1].spec], ON + 2)
    connection.sync(edge, ON + 2)
    assert drain(chain, ON + 60) == [(ON + 3, b"a")]


def test_nothing_is_known_of_an_unknown_fault() -> None:
    """Removing what is not there changes nothing."""
    chain = Chain()
    chain.write(b"a", 0.0)
    chain.remove("nobody", 0.0)
    assert (chain.advance(0.0), chain.names) == ([b"a"], [])
    assert repr(chain) == "<Chain empty, 0 bytes held>"
