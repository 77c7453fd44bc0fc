"""The agenda: one alarm per holder, the last one counts."""

from dataclasses import dataclass

from meshdev.lifecycle.agenda import Agenda


@dataclass(eq=False)
class Sleeper:
    """Somebody to be woken."""

    deadline: float | None = None


def test_the_first_alarm_is_next() -> None:
    """In order of time, not of setting."""
    agenda: Agenda[Sleeper] = Agenda()
    agenda.set(Sleeper(), 3.0)
    agenda.set(Sleeper(), 1.0)
    assert agenda.next() == 1.0


def test_the_last_alarm_set_counts() -> None:
    """An earlier one of the same holder is void, whether it was sooner or later."""
    agenda: Agenda[Sleeper] = Agenda()
    sleeper = Sleeper()
    agenda.set(sleeper, 1.0)
    agenda.set(sleeper, 2.0)
    assert list(agenda.due(1.5)) == []
    assert [sleeper] == list(agenda.due(2.0))
    assert agenda.next() is None


def test_an_alarm_can_be_taken_back() -> None:
    """By the holder, without asking the agenda."""
    agenda: Agenda[Sleeper] = Agenda()
    sleeper = Sleeper()
    agenda.set(sleeper, 1.0)
    sleeper.deadline = None
    assert agenda.next() is None


def test_who_is_due_may_set_the_next_alarm_at_once() -> None:
    """It is off the agenda before it is given."""
    agenda: Agenda[Sleeper] = Agenda()
    sleeper = Sleeper()
    agenda.set(sleeper, 1.0)
    for due in agenda.due(1.0):
        agenda.set(due, 2.0)
    assert agenda.next() == 2.0
