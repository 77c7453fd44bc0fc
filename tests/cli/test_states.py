"""States in words."""

import pytest

from meshdev.cli.states import age, exit_text, is_up, last_exit, look, service_look
from meshdev.wire.control import ExitView
from support_control import instance, service


@pytest.mark.parametrize(
    ("phase", "health", "word"),
    [
        ("running", "healthy", "healthy"),
        ("running", "unknown", "running"),
        ("running", "unhealthy", "unhealthy"),
        ("starting", "unknown", "starting"),
        ("gave-up", "unhealthy", "gave up"),
        ("exited", "unknown", "completed"),
        ("levitating", "unknown", "levitating"),
    ],
)
def test_one_word_for_phase_and_health(phase: str, health: str, word: str) -> None:
    """Two axes, one word; a phase of a newer daemon is shown as it is called."""
    assert word == look(phase, health).word


def test_exit_tells_completed_from_failed() -> None:
    """A run that ended is a success or not by its latest exit."""
    ends = [
        instance(slot=0, exit=ExitView(at=1.0, code=0)),
        instance(slot=1, exit=ExitView(at=2.0, signal="SIGSEGV")),
    ]
    view = service(phase="exited", instances=ends)
    assert (service_look(view).word, is_up(view)) == ("failed", False)
    assert ExitView(at=2.0, signal="SIGSEGV") == last_exit(view)


def test_exits_in_words() -> None:
    """A code or a signal."""
    assert (
        exit_text(ExitView(at=0.0, code=3)),
        exit_text(ExitView(at=0.0, signal="SIGKILL")),
    ) == ("exit code 3", "killed by SIGKILL")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0s"), (4.9, "4s"), (125, "2m 5s"), (11520, "3h 12m"), (5 * 86400, "5d 0h")],
)
def test_ages(seconds: float, text: str) -> None:
    """Short at any size; a clock that jumped back gives no negative age."""
    assert text == age(seconds)
