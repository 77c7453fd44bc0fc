"""The kill matrix: whatever happens to meshdev, nothing that it started survives.

Every case runs the same bad family (a leader that ignores SIGTERM or not, a grandchild that ignores it, one that left
its session, one that became a daemon of its own with a scrubbed environment) under a real daemon and guardian.
"""

import os
import signal
import subprocess
import time

import pexpect
import psutil
import pytest

from support_product import Product, alive, eventually

pytestmark = pytest.mark.e2e

BAD = """
[system]
name = "bad"

[services.family]
command = "@python@ @programs@/family.py leader stubborn setsid daemon"
endpoints = {}
stop = { grace = "300ms" }

[services.polite]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"
stop = { grace = "2s" }
"""
MEMBERS = 4


def start(product: Product) -> None:
    """The family is complete and the server is healthy."""
    product.write(BAD)
    product.run("up", "-d", "--wait")
    complete(product)


def complete(product: Product) -> None:
    """Wait for every member of the family."""
    eventually(lambda: len(product.programs()) == MEMBERS, explain=lambda: f"members: {product.programs()}")


def foreground(product: Product) -> "pexpect.spawn[str]":
    """``meshdev up --plain`` in a terminal of its own, complete."""
    product.write(BAD)
    argv = product.command("up", "--plain")
    terminal = pexpect.spawn(
        argv[0], argv[1:], cwd=str(product.root), env=product.env(), timeout=30, encoding="utf-8"
    )
    terminal.expect("family is up")
    complete(product)
    eventually(lambda: product.status()["polite"]["health"] == "healthy")
    return terminal


def daemon_pid(product: Product) -> int:
    """The daemon's pid."""
    return int(product.lock()["pid"])


def test_down_leaves_nobody(product: Product) -> None:
    """Grandchildren that ignore SIGTERM, other sessions, scrubbed daemons: `down` ends them all."""
    start(product)

    product.run("down")

    assert product.survivors() == set()


def test_stopping_one_service_ends_its_whole_family(product: Product) -> None:
    """`stop` ends the strays of that service at once, not only when the daemon goes."""
    start(product)

    product.run("stop", "family")

    eventually(lambda: not product.programs())
    assert product.status()["polite"]["phase"] == "running"


def test_a_daemon_that_is_killed_leaves_nobody(product: Product) -> None:
    """SIGKILL to the daemon: the guardian ends every instance."""
    start(product)

    os.kill(daemon_pid(product), signal.SIGKILL)

    product.wait_gone()


def test_a_guardian_that_is_killed_is_replaced(product: Product) -> None:
    """SIGKILL to the guardian: the system runs on, and the replacement still ends everything."""
    start(product)
    daemon = daemon_pid(product)
    os.kill(psutil.Process(daemon).ppid(), signal.SIGKILL)
    eventually(lambda: any("--adopt-fd" in child.cmdline() for child in psutil.Process(daemon).children()))
    assert product.status()["polite"]["health"] == "healthy"

    os.kill(daemon, signal.SIGKILL)

    product.wait_gone()


def test_both_killed_at_once_are_swept_up_by_the_next_command(product: Product) -> None:
    """Daemon and guardian SIGKILLed in the same instant: the next `down` finds the strays by their marks."""
    start(product)
    daemon = daemon_pid(product)
    guardian = psutil.Process(daemon).ppid()
    os.kill(guardian, signal.SIGSTOP)
    os.kill(daemon, signal.SIGKILL)
    os.kill(guardian, signal.SIGKILL)

    product.run("down")

    assert product.survivors() == set()


def test_up_after_a_double_kill_sweeps_before_it_starts(product: Product) -> None:
    """A new daemon ends what the dead one left, and takes its lock and socket over."""
    start(product)
    before = product.programs()
    daemon = daemon_pid(product)
    guardian = psutil.Process(daemon).ppid()
    os.kill(guardian, signal.SIGSTOP)
    os.kill(daemon, signal.SIGKILL)
    os.kill(guardian, signal.SIGKILL)

    product.run("up", "-d", "--wait")

    assert not [pid for pid in before if alive(pid)]
    complete(product)


def test_a_terminal_that_disappears_takes_the_system_with_it(product: Product) -> None:
    """Closing the terminal of a foreground `up` stops the system."""
    terminal = foreground(product)

    os.close(terminal.child_fd)

    product.wait_gone()


def test_a_foreground_command_that_is_killed_takes_the_system_with_it(product: Product) -> None:
    """SIGKILL to the foreground `up`: the lease breaks, and the system ends in order."""
    terminal = foreground(product)

    terminal.kill(signal.SIGKILL)

    product.wait_gone()
    terminal.close()


@pytest.mark.parametrize("presses", [1, 2, 3])
def test_ctrl_c_ends_everything(product: Product, presses: int) -> None:
    """Ctrl-C once stops in order, twice hurries, three times kills; each ends with nobody left."""
    terminal = foreground(product)

    for _ in range(presses):
        terminal.sendintr()
    terminal.expect(pexpect.EOF)

    product.wait_gone()
    terminal.close()


def test_a_third_ctrl_c_does_not_wait_for_the_grace(product: Product) -> None:
    """However long the grace is, three presses end it at once."""
    product.write(BAD.replace("300ms", "10m"))
    argv = product.command("up", "--plain")
    terminal = pexpect.spawn(
        argv[0], argv[1:], cwd=str(product.root), env=product.env(), timeout=30, encoding="utf-8"
    )
    terminal.expect("family is up")
    complete(product)

    terminal.sendintr()
    terminal.expect("stopping; Ctrl-C again")
    terminal.sendintr()
    terminal.expect("in a hurry; Ctrl-C again kills")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)

    product.wait_gone()
    terminal.close()


NEVER_READY = """
[system]
name = "slow"

[services.slow]
command = "@python@ @programs@/family.py stubborn setsid"
healthcheck = { file = "never", ready_timeout = "10m" }
endpoints = {}
stop = { grace = "200ms" }

[services.crashing]
command = "@python@ @programs@/family.py crash stubborn"
endpoints = {}
restart = { policy = "always", backoff = "10m" }
stop = { grace = "200ms" }
"""


def test_stop_during_start(product: Product) -> None:
    """A service that is not ready yet can be stopped, and nothing of it stays."""
    product.write(NEVER_READY)
    product.run("up", "-d", "slow")
    eventually(lambda: len(product.programs()) == 3)
    assert product.status()["slow"]["phase"] == "starting"

    product.run("stop", "slow")

    eventually(lambda: product.status()["slow"]["phase"] == "stopped")
    assert product.programs() == set()


def test_stop_during_backoff(product: Product) -> None:
    """A service that waits for its next try can be stopped; the try never comes."""
    product.write(NEVER_READY)
    product.run("up", "-d", "crashing")
    eventually(
        lambda: product.status()["crashing"]["phase"] == "backoff", explain=lambda: str(product.status())
    )
    assert product.programs() == set()

    product.run("stop", "crashing")

    assert eventually(lambda: product.status()["crashing"]["phase"]) == "stopped"


def test_restart_during_stop(product: Product) -> None:
    """A restart that comes while a stop is under way wins, and there is one family afterwards."""
    start(product)
    first = product.programs()
    subprocess.run(product.command("stop", "--help"), check=True, capture_output=True, env=product.env())

    stopping = subprocess.Popen(
        product.command("stop", "family"), cwd=product.root, env=product.env(), stdout=subprocess.DEVNULL
    )
    eventually(lambda: product.status()["family"]["phase"] == "stopping" or stopping.poll() is not None)
    product.run("restart", "family")
    stopping.wait(timeout=30)

    complete(product)
    assert not first & product.programs()
    assert product.status()["family"]["phase"] == "running"


def test_a_stop_says_who_blocks(product: Product) -> None:
    """While a stop takes long, `why` says what was sent and what comes next."""
    product.write(BAD.replace("300ms", "10m"))
    product.run("up", "-d", "--wait")
    complete(product)

    stopping = subprocess.Popen(
        product.command("stop", "family"), cwd=product.root, env=product.env(), stdout=subprocess.DEVNULL
    )
    try:
        eventually(lambda: product.status()["family"]["phase"] == "stopping")
        assert "SIGTERM sent, SIGKILL after" in product.run("why", "family").stdout
    finally:
        stopping.send_signal(signal.SIGINT)
        stopping.wait(timeout=30)
    begun = time.monotonic()
    product.run("down", "--timeout", "1")
    assert time.monotonic() - begun < 30
    assert product.survivors() == set()
