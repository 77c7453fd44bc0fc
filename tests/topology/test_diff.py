"""What a changed file means for what runs."""

from pathlib import Path

import pytest

from meshdev.topology.diff import Action, Change, diff
from support_topology import loaded

BASE = """
[services.a]
command = "true"
calls = ["b"]
depends_on = ["b"]
[services.b]
command = "true"
"""


def change(folder: Path, keys: str) -> Change:
    """What adding ``keys`` to service b does to it."""
    old = loaded(folder, BASE)
    return diff(old, loaded(folder, BASE + keys))[1]


@pytest.mark.parametrize(
    ("keys", "action", "reason"),
    [
        ("", Action.KEEP, ""),
        ('environment = { B = "1", A = "2" }', Action.RESTART, "environment (A, B)"),
        ("port = 80", Action.RESTART, "endpoints"),
        ('limits = { memory = "1g" }', Action.RESTART, "limits"),
        ("replicas = 3", Action.SCALE, "replicas 1 -> 3"),
        ('replicas = 3\nlimits = { memory = "1g" }', Action.RESTART, "limits"),
        ('description = "x"\nteam = "y"', Action.UPDATE, "description, team"),
        ('healthcheck = "/"', Action.UPDATE, "healthcheck"),
        ('watch = "*.py"', Action.UPDATE, "watch"),
        ('stop = "1s"', Action.UPDATE, "stop"),
        ('publishes = ["x"]', Action.UPDATE, "publishes"),
    ],
)
def test_changes(keys: str, action: Action, reason: str, tmp_path: Path) -> None:
    """Only what an incarnation was started with needs a new one."""
    assert change(tmp_path, keys) == Change("b", action, reason)


@pytest.mark.parametrize(
    ("before", "after", "caller"),
    [
        ("", 'tls = "terminate"', Change("a", Action.RESTART, "TLS to b")),
        ('tls = "terminate"', 'tls = "passthrough"', Change("a", Action.KEEP)),
        ('tls = "originate"', 'tls = "terminate"', Change("a", Action.RESTART, "TLS to b")),
        ("", 'tls = "originate"', Change("a", Action.KEEP)),
    ],
)
def test_callers_have_another_address_when_they_speak_tls(
    before: str, after: str, caller: Change, tmp_path: Path
) -> None:
    """So they start anew, and only then."""
    first, second = diff(loaded(tmp_path, BASE + before), loaded(tmp_path, BASE + after))
    assert first == caller
    assert second == Change("b", Action.RESTART, "endpoints")


def test_a_caller_with_another_mode_starts_anew(tmp_path: Path) -> None:
    """What was a policy that acts at once is an address then."""
    old, mode = loaded(tmp_path, BASE + 'tls = "terminate"'), 'edges.b.tls = "originate"'
    new = loaded(tmp_path, BASE.replace("depends_on", f"{mode}\ndepends_on") + 'tls = "terminate"')
    assert diff(old, new)[0] == Change("a", Action.RESTART, "TLS to b")


def test_nothing_runs_yet(tmp_path: Path) -> None:
    """From nothing, everything starts."""
    assert diff(None, loaded(tmp_path, BASE)) == (Change("a", Action.START), Change("b", Action.START))


def test_new_and_gone(tmp_path: Path) -> None:
    """What the new file lacks is stopped, what it adds is started, edges are part of the environment."""
    old = loaded(tmp_path, BASE)
    new = loaded(tmp_path, '[services.c]\ncommand = "true"\n[services.a]\ncommand = "false"\n')
    assert diff(old, new) == (
        Change("c", Action.START, "new"),
        Change("a", Action.RESTART, "command, calls"),
        Change("b", Action.STOP, "no longer in the file"),
    )


def test_left_out_by_the_profiles(tmp_path: Path) -> None:
    """Another choice of profiles says so."""
    text = '[services.a]\ncommand = "true"\nprofiles = ["x"]\n'
    old, new = loaded(tmp_path, text, profiles=["x"]), loaded(tmp_path, text, profiles=[])
    assert diff(old, new) == (Change("a", Action.STOP, "left out by the profiles"),)


def test_lines_that_move_are_no_change(tmp_path: Path) -> None:
    """A comment at the top restarts nothing."""
    old, new = loaded(tmp_path, BASE), loaded(tmp_path, f"# new\n{BASE}")
    assert {entry.action for entry in diff(old, new)} == {Action.KEEP}


def test_the_search_path_concerns_all(tmp_path: Path) -> None:
    """Every process is found by it."""
    changes = diff(loaded(tmp_path, BASE), loaded(tmp_path, f'[system]\npath = ["bin"]\n{BASE}'))
    assert {(entry.action, entry.reason) for entry in changes} == {(Action.RESTART, "system.path")}


def test_another_way_to_run(tmp_path: Path) -> None:
    """A process that becomes a container says more than that its command changed."""
    new = loaded(tmp_path, '[services.a]\nimage = "x"\n')
    assert diff(loaded(tmp_path, '[services.a]\ncommand = "true"\n'), new)[0].reason == "the way it runs"
