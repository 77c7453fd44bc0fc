"""Marks: who owns a value, and that a process bears it whatever it does."""

import os
import resource
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.runners.mark import RLIMIT_LOCKS, SERIALS, Marked, RunMark, mark_of

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(NAMES, NAMES, st.integers(0, SERIALS - 1))
def test_a_run_owns_its_values(project: str, run: str, serial: int) -> None:
    """A value belongs to its run and its project, and fits the kernel's number."""
    value = RunMark(project, run).value(serial)
    assert 0 < value < 1 << 63
    assert RunMark(project, run).owns(value)
    assert RunMark(project).owns(value)
    assert not RunMark(project + "x", run).owns(value)
    assert not RunMark(project, run).owns(0)
    assert not RunMark(project, run).owns(-1)


def test_runs_and_projects_differ() -> None:
    """Runs of one project are told apart."""
    one, other = (
        RunMark("0123456789ab", "20261122-100000-aaaa"),
        RunMark("0123456789ab", "20261122-100001-aaab"),
    )
    assert not one.owns(other.value(1))
    assert "0123456789ab" in repr(one)


@pytest.mark.skipif(sys.platform != "linux", reason="marks are Linux only")
def test_children_bear_it_and_we_do_not() -> None:
    """The mark is on from the first instruction, survives a scrubbed environment, and is off us afterwards."""
    value = RunMark("project", "run").value(7)
    before = resource.getrlimit(RLIMIT_LOCKS)
    with Marked(value):
        child = subprocess.Popen(["/usr/bin/env", "-i", "/usr/bin/setsid", "/bin/cat"], stdin=subprocess.PIPE)
    assert resource.getrlimit(RLIMIT_LOCKS) == before
    assert mark_of(child.pid) == value
    assert mark_of(os.getpid()) == 0
    child.communicate()
    assert mark_of(child.pid) == 0
    with Marked(0):
        assert resource.getrlimit(RLIMIT_LOCKS) == before
