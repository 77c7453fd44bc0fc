"""Faults that requests ask for themselves, by Envoy's headers."""

import pytest

from meshdev.traffic.faults.asked import asked_specs
from meshdev.traffic.faults.edge import EdgeFaults
from meshdev.traffic.faults.exchange import plan_of
from meshdev.traffic.faults.http import Plan
from meshdev.traffic.http1_head import RequestHead
from support_faults import ON, specs

DELAY, ABORT = "x-envoy-fault-delay-request", "x-envoy-fault-abort-request"


def edge(most: float = 100.0) -> EdgeFaults:
    """An edge that allows it for so many percent."""
    made = EdgeFaults("orders -> payments", "orders")
    made.adopt(asked_specs(most), ON)
    return made


def plan(on: EdgeFaults, **headers: str) -> Plan | None:
    """What is done to a request with these headers (``_`` is ``-``)."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return plan_of(on, RequestHead(f"GET / HTTP/1.1\r\n{lines}\r\n".encode()), ON, opened=ON)


@pytest.mark.parametrize(
    ("headers", "delay", "status"),
    [
        ({DELAY: "300"}, 0.3, None),
        ({ABORT: "503"}, 0.0, 503),
        ({DELAY: "20", ABORT: "429"}, 0.02, 429),
        ({DELAY: "20", f"{DELAY}-percentage": "100"}, 0.02, None),
        ({ABORT: "503", f"{ABORT}-percentage": "nonsense"}, 0.0, 503),
        ({ABORT: "503", f"{ABORT}-percentage": "1000"}, 0.0, 503),
        ({DELAY: "20", ABORT: "600"}, 0.02, None),
    ],
)
def test_what_is_asked_for_is_done(headers: dict[str, str], delay: float, status: int | None) -> None:
    """Milliseconds, a status, or both; a percentage that nobody can read is as none."""
    found = plan(edge(), **headers)
    assert found is not None
    assert (found.delay, found.answer and found.answer.status) == (delay, status)
    assert set(found.hits) <= {"x-envoy-fault/delay-request", "x-envoy-fault/abort-request"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {DELAY: "soon"},
        {DELAY: "-5"},
        {ABORT: "199"},
        {ABORT: "600"},
        {ABORT: ""},
        {ABORT: "503", f"{ABORT}-percentage": "0"},
        {f"{ABORT}-percentage": "100"},
    ],
)
def test_what_cannot_be_done_is_not(headers: dict[str, str]) -> None:
    """Nothing is done, and nothing is counted."""
    on = edge()
    assert plan(on, **headers) is None
    assert on.take_hits() == {}


def test_the_percentage_is_capped() -> None:
    """A request may ask for less than the edge allows, and not for more; without a wish it is what that allows."""

    def hit(most: float, **headers: str) -> int:
        on = edge(most)
        return sum(plan(on, **{ABORT: "503"}, **headers) is not None for _ in range(1000))

    less, more, none = (
        hit(30, **{f"{ABORT}-percentage": "10"}),
        hit(30, **{f"{ABORT}-percentage": "90"}),
        hit(30),
    )
    assert 70 <= less <= 130
    assert more == none
    assert 250 <= none <= 350


def test_delay_and_error_are_drawn_on_their_own() -> None:
    """Half and half meet on a quarter."""
    on = edge(50)
    plans = [plan(on, **{DELAY: "1", ABORT: "503"}) for _ in range(1000)]
    both = sum(found is not None and found.delay > 0 and found.answer is not None for found in plans)
    assert 200 <= both <= 300


def test_another_faults_answer_comes_first() -> None:
    """What is switched on is not overruled by what a caller asks for."""
    on = EdgeFaults("orders -> payments", "orders")
    on.adopt((*specs({"status": 500}), *asked_specs(100)), ON)
    found = plan(on, **{ABORT: "503"})
    assert found is not None
    assert found.answer is not None
    assert (found.answer.status, found.answered_by) == (500, "a/status")


def test_off_by_default() -> None:
    """An edge that does not allow it knows nothing of it."""
    assert asked_specs(0) == ()
