"""`meshdev up` as a user runs it: a real daemon, real processes, a real terminal."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from meshdev.client import calls
from meshdev.client.control import Control
from support_cli import MESHDEV
from support_running import (
    CRASHING,
    DETACHING,
    STUBBORN,
    TICKER,
    WEB,
    RunningSystem,
    close_terminal,
    end_of,
    running_system,
    until,
)

pytestmark = pytest.mark.e2e


@pytest.fixture
def shop() -> Iterator[RunningSystem]:
    """A folder for a system."""
    with running_system() as system:
        yield system


def test_detached_and_waited_for(shop: RunningSystem) -> None:
    """`up --wait` returns 0 when all is healthy; `status` agrees; `down` leaves nothing."""
    shop.write(WEB, TICKER)
    ran = shop.meshdev("up", "--wait")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "demo is ready")
    states = {
        one["name"]: (one["phase"], one["health"]) for one in json.loads(shop.meshdev("status", "--json").out)
    }
    assert {phase for phase, _ in states.values()} == {"running"}
    assert states["web"] == ("running", "healthy")
    down = shop.meshdev("down")
    assert (down.code, down.out.startswith("demo is down")) == (0, True)
    assert shop.is_gone()


def test_wait_fails_with_the_reason_and_the_last_lines(shop: RunningSystem) -> None:
    """A service that gives up ends the wait at once, with what it said last."""
    shop.write(CRASHING, TICKER)
    ran = shop.meshdev("up", "-d", "--wait")
    assert ran.code == 1
    assert "error: not ready: crashing" in ran.err
    assert "exit code 3" in ran.err
    assert "    | it went wrong" in ran.err


def test_wait_fails_when_the_time_is_over(shop: RunningSystem) -> None:
    """A service that never becomes ready is named with what its probe says."""
    shop.write(TICKER.replace('protocol = "none"', 'healthcheck = { http = "/" }'))
    ran = shop.meshdev("up", "-d", "--wait", "--timeout", "500ms")
    assert (ran.code, "error: not ready within 0.5 s: ticker" in ran.err) == (1, True)
    assert "probe GET /" in ran.err


def test_wrong_file_is_told_with_its_line(shop: RunningSystem) -> None:
    """The daemon's refusal comes back as the topology's error, and nothing is left running."""
    shop.write('[services.a]\ncomand = "x"\n')
    ran = shop.meshdev("up", "-d")
    assert (ran.code, "meshdev.toml:4" in ran.err, "Traceback" in ran.err) == (2, True, False)
    assert shop.is_gone()


def test_plain_lines_until_ctrl_c(shop: RunningSystem) -> None:
    """Interleaved coloured lines; one Ctrl-C stops in order, exits with 0, and leaves nothing."""
    shop.write(WEB, TICKER)
    with shop.terminal("up", "--plain") as child:
        child.expect_exact("web is healthy")
        child.expect(r"\x1b\[\d+mticker-0 +\|\x1b\[0m tick\r\n")
        child.sendintr()
        code, said = end_of(child)
    assert (code, "demo is down" in said) == (0, True)
    assert shop.is_gone()


def test_no_colour_when_asked(shop: RunningSystem) -> None:
    """NO_COLOR is honoured on a terminal."""
    shop.write(TICKER)
    with shop.terminal("up", "--plain", NO_COLOR="1") as child:
        child.expect_exact("ticker-0 | tick")
        assert "\x1b" not in str(child.before)
        child.sendintr()
        assert end_of(child)[0] == 0


@pytest.mark.parametrize(("presses", "code"), [(2, 0), (3, 130)])
def test_more_ctrl_c_press_harder(shop: RunningSystem, presses: int, code: int) -> None:
    """A service that ignores SIGTERM for ten minutes is gone after the second or third Ctrl-C."""
    shop.write(STUBBORN, TICKER)
    with shop.terminal("up", "--plain") as child:
        child.expect_exact("up\r\n")
        for said in ("stopping; ", "stopping in a hurry", "killing what is left")[:presses]:
            child.sendintr()
            child.expect_exact(said)
        assert end_of(child)[0] == code
    assert shop.is_gone()


def test_sigterm_is_like_ctrl_c(shop: RunningSystem) -> None:
    """A supervisor's SIGTERM stops the system in order."""
    shop.write(TICKER)
    with shop.terminal("up", "--plain") as child:
        child.expect_exact("tick")
        child.kill(signal.SIGTERM)
        assert end_of(child)[0] == 0
    assert shop.is_gone()


@pytest.mark.parametrize("face", [["--plain"], []])
def test_closed_terminal_ends_the_system(shop: RunningSystem, face: list[str]) -> None:
    """Whoever closes the window wants nothing of it to stay."""
    shop.write(WEB, TICKER)
    with shop.terminal("up", *face) as child:
        child.expect_exact("tick")
        close_terminal(child)
        until(shop.is_gone)


@pytest.mark.parametrize("face", [["--plain"], []])
def test_killed_up_ends_the_system(shop: RunningSystem, face: list[str]) -> None:
    """A SIGKILLed `up` lets go of its lease, and the daemon ends with it."""
    shop.write(TICKER)
    with shop.terminal("up", *face) as child:
        child.expect_exact("tick")
        child.kill(signal.SIGKILL)
        until(shop.is_gone)


def test_reader_that_leaves_ends_the_system(shop: RunningSystem) -> None:
    """`meshdev up | head -1`: nobody reads, so it stops, quietly."""
    shop.write(TICKER)
    up = subprocess.Popen(
        [*MESHDEV, "up"],
        cwd=shop.root,
        env={**os.environ, **shop.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    assert up.stdout is not None
    assert up.stderr is not None
    up.stdout.readline()
    up.stdout.close()
    assert (up.wait(30), up.stderr.read()) == (141, b"")
    up.stderr.close()
    assert shop.is_gone()


def test_second_up_applies_the_difference_and_only_watches(shop: RunningSystem) -> None:
    """The plan is shown, what is new starts, and Ctrl-C leaves the system running."""
    shop.write(TICKER)
    assert shop.meshdev("up", "--wait").code == 0
    shop.write(TICKER, WEB)
    with shop.terminal("up", "--plain", NO_COLOR="1") as child:
        child.expect_exact("+ start web")
        child.expect_exact("web is healthy")
        child.sendintr()
        code, said = end_of(child)
    assert (code, "is left running" in said) == (0, True)
    assert {"ticker", "web"} == {one["name"] for one in json.loads(shop.meshdev("status", "--json").out)}
    assert "nothing changes" in shop.meshdev("up", "-d").out


def test_attach_only_watches(shop: RunningSystem) -> None:
    """Leaving `attach` lets the system run; what was said before is shown first."""
    shop.write(TICKER)
    assert shop.meshdev("up", "--wait").code == 0
    with shop.terminal("attach", "--plain") as child:
        child.expect_exact("tick")
        child.sendintr()
        assert end_of(child)[0] == 0
    assert shop.meshdev("status").code == 0


def test_killed_daemon_is_told(shop: RunningSystem) -> None:
    """Who watches learns that the daemon has gone, exits with 3, and the guardian leaves nothing."""
    shop.write(TICKER)
    assert shop.meshdev("up", "--wait").code == 0
    holder = shop.project.holder()
    assert holder is not None
    with shop.terminal("attach", "--plain") as child:
        child.expect_exact("tick")
        os.kill(holder.pid, signal.SIGKILL)
        child.expect_exact("the daemon does not answer")
        code, said = end_of(child)
    assert (code, "has gone away" in said) == (3, True)
    until(shop.is_gone)


def test_logs_outlive_the_run(shop: RunningSystem) -> None:
    """After `down`, the last run's lines are still there."""
    shop.write(CRASHING)
    shop.meshdev("up", "--wait")
    shop.meshdev("down")
    ran = shop.meshdev("logs", "crashing", "--no-prefix", "--grep", "wrong", "-n", "1")
    assert (ran.code, ran.out) == (0, "it went wrong\n")


def test_one_off_in_a_services_environment(shop: RunningSystem) -> None:
    """`run` reaches a callee by the address that the service would use."""
    shop.write(WEB, TICKER + 'calls = ["web"]\n')
    assert shop.meshdev("up", "--wait").code == 0
    code = "import os, urllib.request; print(urllib.request.urlopen(os.environ['WEB_URL']).status)"
    ran = shop.meshdev("run", "ticker", "--", "python3", "-c", code)
    assert (ran.code, ran.out) == (0, "200\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_dashboard_stops_in_order_at_a_signal(number: signal.Signals, shop: RunningSystem) -> None:
    """With the dashboard up, SIGTERM (or SIGINT from outside) puts the terminal right and stops the system."""
    shop.write(TICKER)
    with shop.terminal("up") as child:
        child.expect_exact("ticker")
        child.kill(number)
        code, said = end_of(child)
    assert (code, "is down" in said, "\x1b[?1049l" in said) == (0, True, True)
    assert shop.is_gone()


def test_two_ups_at_once_make_one_system(shop: RunningSystem) -> None:
    """Whoever comes second by a hair finds the system running, whichever way the race goes."""
    shop.write(TICKER)
    argv = [*MESHDEV, "up", "--wait"]
    environ = {**os.environ, **shop.env}
    ups = [subprocess.Popen(argv, cwd=shop.root, env=environ, stdin=subprocess.DEVNULL) for _ in range(3)]
    assert [up.wait(60) for up in ups] == [0, 0, 0]
    (one,) = json.loads(shop.meshdev("status", "--json").out)
    assert [one["name"], len(one["instances"])] == ["ticker", 1]


def test_ctrl_c_while_it_starts_leaves_nothing(shop: RunningSystem) -> None:
    """A Ctrl-C before there is anything to see stops what is being started."""
    shop.write(TICKER)
    with shop.terminal("up", "--plain") as child:
        until(shop.project.paths.lock_file.exists)
        child.sendintr()
        assert end_of(child)[0] == 0
    assert shop.is_gone()


def test_down_after_everything_was_killed(shop: RunningSystem) -> None:
    """Daemon and guardian killed in one instant: what they left is found by its marks and ended."""
    shop.write(DETACHING)
    assert shop.meshdev("up", "--wait").code == 0
    for view in Control(shop.project).send(calls.processes()):
        if view.role in ("daemon", "guardian"):
            os.kill(view.pid, signal.SIGKILL)
    assert shop.survivors()
    ran = shop.meshdev("down")
    assert (ran.code, "that an earlier run had left" in ran.out) == (0, True)
    assert shop.is_gone()
