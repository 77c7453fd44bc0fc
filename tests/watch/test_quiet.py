"""When a storm is over. Times are made up."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from meshdev.topology.model import Watch, WatchAction
from meshdev.watch.quiet import FILES_MOST, LOCKED, LONGEST, LONGEST_LOCKED, PERIOD, Changed, Quiet

WATCH = Watch(Path("/x"), ("**",))
OTHER = Watch(Path("/x"), ("*.sql",), action=WatchAction.REBUILD)


def test_a_change_is_reported_after_the_quiet_period() -> None:
    """Not before, and once."""
    quiet = Quiet()
    assert quiet.next_deadline() is None
    quiet.changed("orders", WATCH, ["saga.py"], 10.0)
    assert quiet.next_deadline() == 10.0 + PERIOD
    assert quiet.due(10.0 + PERIOD - 0.001) == []
    assert quiet.due(10.0 + PERIOD) == [Changed("orders", ("saga.py",), (WATCH,), 1)]
    assert quiet.due(100.0) == []
    assert quiet.next_deadline() is None


def test_two_hundred_writes_in_two_seconds_are_one_report() -> None:
    """The period begins again with every write: one report, on the trailing edge, with all files."""
    quiet = Quiet()
    reports: list[tuple[float, Changed]] = []
    for number in range(200):
        now = number * 0.01
        quiet.changed("orders", WATCH, [f"{number % 10}.py"], now)
        reports += [(now, report) for report in quiet.due(now)]
    assert reports == []
    [report] = quiet.due(1.99 + PERIOD)
    assert report == Changed("orders", tuple(f"{number}.py" for number in range(10)), (WATCH,), 10)


def test_services_are_quiet_each_by_itself() -> None:
    """One service's storm doesn't hold up another's report; all its watches that were hit are named."""
    quiet = Quiet()
    quiet.changed("orders", WATCH, ["a"], 0.0)
    quiet.changed("orders", OTHER, ["b.sql"], 0.0)
    quiet.changed("payments", WATCH, ["c"], 0.2)
    assert quiet.due(PERIOD) == [Changed("orders", ("a", "b.sql"), (WATCH, OTHER), 2)]
    assert quiet.due(0.2 + PERIOD) == [Changed("payments", ("c",), (WATCH,), 1)]


def test_a_branch_switch_is_one_report() -> None:
    """While git holds its lock everybody waits, also those whose files were written long ago."""
    quiet = Quiet()
    quiet.repository_moved(0.0, locked=True)
    quiet.changed("orders", WATCH, ["a"], 0.1)
    quiet.changed("payments", WATCH, ["b"], 2.0)
    assert quiet.due(2.5) == []
    quiet.repository_moved(2.6, locked=False)
    assert quiet.due(2.6 + PERIOD - 0.001) == []
    assert [report.service for report in quiet.due(2.6 + PERIOD)] == ["orders", "payments"]


def test_a_lock_that_is_left_behind_only_slows_down() -> None:
    """A crashed git doesn't end reloading."""
    quiet = Quiet()
    quiet.repository_moved(0.0, locked=True)
    quiet.changed("orders", WATCH, ["a"], 100.0)
    assert quiet.next_deadline() == 100.0 + LOCKED


def test_git_at_work_elsewhere_reports_nothing() -> None:
    """A commit without a changed file is no change."""
    quiet = Quiet()
    quiet.repository_moved(0.0, locked=True)
    quiet.repository_moved(0.1, locked=False)
    assert quiet.next_deadline() is None


def test_what_never_rests_is_reported_after_a_while() -> None:
    """A file that is written all the time must not keep reloads away for ever, locked or not."""
    for locked, longest in ((False, LONGEST), (True, LONGEST_LOCKED)):
        quiet = Quiet()
        quiet.repository_moved(0.0, locked=locked)
        now = 0.0
        while not (reports := quiet.due(now)):
            quiet.changed("orders", WATCH, ["log"], now)
            now += 0.1
        assert len(reports) == 1
        assert longest <= now < longest + 0.2


def test_reports_stay_small() -> None:
    """Thousands of files are counted, not listed."""
    quiet = Quiet()
    quiet.changed("orders", WATCH, (f"{number}" for number in range(5000)), 0.0)
    [report] = quiet.due(1.0)
    assert (len(report.files), report.count) == (FILES_MOST, 5000)


def test_services_that_are_gone_are_forgotten() -> None:
    """No report for a service that is watched no more."""
    quiet = Quiet()
    quiet.changed("orders", WATCH, ["a"], 0.0)
    quiet.forget(["orders", "never seen"])
    assert quiet.due(1.0) == []


@given(st.lists(st.tuples(st.floats(0, 2), st.sampled_from(["a", "b", "lock", "unlock"])), max_size=40))
def test_every_change_is_reported_exactly_once(steps: list[tuple[float, str]]) -> None:
    """Whatever happens in whatever order: nothing is lost, nothing twice, and it always comes to rest."""
    quiet = Quiet()
    now = 0.0
    made: list[tuple[str, str]] = []
    reported: list[tuple[str, str]] = []
    for number, (pause, what) in enumerate(steps):
        deadline = quiet.next_deadline()
        if deadline is not None and deadline <= now + pause:
            reported += [(report.service, file) for report in quiet.due(deadline) for file in report.files]
        now += pause
        reported += [(report.service, file) for report in quiet.due(now) for file in report.files]
        if what in ("lock", "unlock"):
            quiet.repository_moved(now, locked=what == "lock")
        else:
            quiet.changed(what, WATCH, [str(number)], now)
            made.append((what, str(number)))
    while (deadline := quiet.next_deadline()) is not None:
        assert deadline <= now + LONGEST_LOCKED
        reported += [(report.service, file) for report in quiet.due(deadline) for file in report.files]
    assert sorted(reported) == sorted(made)
