"""Which faults are on, where, for how long."""

import doctest

import pytest

from meshdev.tui.chaos import acting
from meshdev.tui.chaos.acting import OFF, ON, PENDING, WAITS, by_service, left_of, state_of
from meshdev.tui.states import State
from support_chaos import SOME, fault
from support_dashboard import NOW


def test_the_examples_hold() -> None:
    """Those in the documentation."""
    assert doctest.testmod(acting).failed == 0


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, ON),
        ({"on": False}, OFF),
        ({"acting": False}, WAITS),
        ({"in_force": False}, PENDING),
        ({"on": False, "in_force": False}, OFF),
    ],
)
def test_a_fault_has_a_state(changes: dict[str, object], state: State) -> None:
    """By shape and word."""
    assert state_of(fault("slow", **changes)) is state


def test_what_is_left_runs_down_between_two_tellings() -> None:
    """But never below nothing, nor for what has no end."""
    assert left_of(fault("slow", remaining=10.0), NOW, NOW + 4) == 6.0
    assert left_of(fault("slow", remaining=10.0), NOW, NOW + 40) == 0.0
    assert left_of(fault("slow", remaining=10.0), NOW, NOW - 1) == 10.0
    assert left_of(fault("slow"), NOW, NOW) is None
    assert left_of(fault("slow", on=False), NOW, NOW) is None


def test_a_service_looks_faulty_for_what_its_callers_see() -> None:
    """Callees of the edges and afflicted services; not what is off."""
    assert by_service(SOME) == {
        "payments": ("slow-payments",),
        "inventory": ("flaky-inventory",),
        "catalog": ("latency-1",),
        "carts": ("status-1",),
    }
