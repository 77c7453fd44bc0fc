"""States are told by shape and word, never by colour alone."""

import msgspec
import pytest

from meshdev.lifecycle.model import Health, Phase
from meshdev.tui import states
from meshdev.tui.cells import width_of
from meshdev.tui.model import COLUMNS
from meshdev.tui.states import State, state_of, state_of_instance
from meshdev.wire.control import ExitView
from support_dashboard import NOW, instance, service


@pytest.mark.parametrize(
    ("phase", "health", "expected"),
    [
        ("running", "healthy", states.HEALTHY),
        ("running", "unknown", states.RUNNING),
        ("running", "unhealthy", states.UNHEALTHY),
        ("starting", "unknown", states.STARTING),
        ("stopping", "healthy", states.STOPPING),
        ("backoff", "unknown", states.BACKOFF),
        ("gave-up", "unknown", states.GAVE_UP),
        ("waiting", "unknown", states.WAITING),
        ("stopped", "unknown", states.STOPPED),
    ],
)
def test_phase_and_health_make_a_state(phase: str, health: str, expected: State) -> None:
    """The axes as one picture."""
    assert state_of(service("orders", phase=phase, health=health)) == expected


@pytest.mark.parametrize(("code", "expected"), [(0, states.DONE), (3, states.FAILED)])
def test_an_end_is_good_or_bad(code: int, expected: State) -> None:
    """A one-shot that has done its work is not broken."""
    ended = instance("migrate", phase="exited", exit=ExitView(at=NOW, code=code))
    assert state_of(service("migrate", phase="exited", instances=[ended])) == expected
    assert state_of_instance(ended) == expected


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("health", Health)
def test_every_combination_has_a_shape_that_fits(phase: Phase, health: Health) -> None:
    """Nothing that the core knows is unknown here, and the column holds it."""
    state = state_of(service("orders", phase=phase, health=health))
    assert state.shape != "?"
    assert width_of(str(state)) <= COLUMNS[0].least


def test_what_looks_alike_means_alike() -> None:
    """Two states with the same shape have different words."""
    known = [state for state in vars(states).values() if isinstance(state, State)]
    assert len({(state.shape, state.word) for state in known}) == len(known)
    for state in known:
        alike = {other.tone for other in known if other.shape == state.shape}
        assert alike == {state.tone}


def test_a_word_of_a_newer_daemon_is_shown() -> None:
    """Rather a question mark than a lie."""
    newer = msgspec.structs.replace(service("orders"), phase="migrating")
    assert (state_of(newer).shape, state_of(newer).word) == ("?", "migrating")
