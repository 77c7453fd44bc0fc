"""Logs from the files, with and without a daemon."""

import json
import os
import subprocess
import time
from collections.abc import Iterator

import pytest

from meshdev.cli.logs import parse_pattern, parse_since
from meshdev.errors import UsageError
from meshdev.storage.store import LogStore
from support_cli import MESHDEV, Cli, stand_in
from support_control import held_lock, service

NOW = 1_700_000_000.0


class Written:
    """Logs of a run, written as the daemon does; ``at`` is the clock."""

    def __init__(self, cli: Cli, run_id: str = "run-1") -> None:
        self.at = NOW
        self.store = LogStore(cli.project.paths.log_dir(run_id), clock=lambda: self.at)

    def write(self, node: str, text: str, instance: str = "") -> None:
        """Lines of one node's first instance."""
        stream = self.store.stream(node, instance or f"{node}-0", 1, "stdout")
        stream.feed(text.encode())
        self.store.flush()
        self.at += 60.0


@pytest.fixture
def written(cli: Cli) -> Iterator[Written]:
    """Three lines of two services, a minute apart."""
    logs = Written(cli)
    logs.write("orders", "INFO one\n")
    logs.write("payments", "ERROR two\n")
    logs.write("orders", "INFO three\n")
    yield logs
    logs.store.close()


@pytest.mark.usefixtures("written")
def test_all_services_interleaved_by_time(cli: Cli) -> None:
    """The last run's files are read without a daemon; prefixes are aligned."""
    assert cli("logs").out.splitlines() == [
        "orders-0   | INFO one",
        "payments-0 | ERROR two",
        "orders-0   | INFO three",
    ]


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize(
    ("args", "texts"),
    [
        (["orders"], ["INFO one", "INFO three"]),
        (["orders-0"], ["INFO one", "INFO three"]),
        (["-n", "1"], ["INFO three"]),
        (["-n", "0"], []),
        (["--grep", "t(wo|hree)"], ["ERROR two", "INFO three"]),
        (["--level", "warn"], ["ERROR two"]),
        (["-n", "1", "--level", "error"], ["ERROR two"]),
    ],
)
def test_what_is_asked_for(cli: Cli, args: list[str], texts: list[str]) -> None:
    """By service, by instance, by number, by pattern, by level."""
    ran = cli("logs", "--no-prefix", *args)
    assert (ran.code, ran.out.splitlines()) == (0, texts)


def test_since_a_moment(cli: Cli, written: Written) -> None:
    """An ISO time; only what was read later."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(NOW + 90))
    assert cli("logs", "--no-prefix", "--since", moment).out == "INFO three\n"
    assert written.at > NOW


@pytest.mark.usefixtures("written")
def test_json_has_a_line_an_object(cli: Cli) -> None:
    """For programs: who, when, what."""
    first = json.loads(cli("logs", "--json").out.splitlines()[0])
    assert first == {
        "time": NOW,
        "service": "orders",
        "instance": "orders-0",
        "generation": 1,
        "stream": "stdout",
        "text": "INFO one",
    }


@pytest.mark.usefixtures("written")
def test_unknown_service_is_told_with_the_nearest(cli: Cli) -> None:
    """A typo names what was meant."""
    ran = cli("logs", "odrers")
    assert (ran.code, ran.err) == (2, "error: no service is called 'odrers'\n  did you mean 'orders'?\n")


@pytest.mark.usefixtures("written")
def test_service_that_has_said_nothing_is_no_error(cli: Cli) -> None:
    """A service of the running system may be silent."""
    with stand_in(cli, service("silent")):
        ran = cli("logs", "silent")
    assert (ran.code, ran.out) == (0, "")


def test_no_run_no_logs(cli: Cli) -> None:
    """A project that never ran says so."""
    ran = cli("logs")
    assert (ran.code, "has no logs yet" in ran.err) == (3, True)


def test_running_run_wins_over_a_newer_folder(cli: Cli, written: Written) -> None:
    """The lock says which run is the current one."""
    other = Written(cli, "run-0")
    other.write("orders", "of another run\n")
    other.store.close()
    assert written.at > NOW
    with held_lock(cli.project, f'{{"pid": {os.getpid()}, "run_id": "run-1"}}'):
        assert "INFO one" in cli("logs").out


def test_line_without_its_end_is_shown(cli: Cli, written: Written) -> None:
    """A prompt at the end of the log is not swallowed."""
    written.write("orders", "password: ")
    written.store.close()
    assert cli("logs", "orders", "--no-prefix").out.splitlines()[-1] == "password: "


def test_follow_shows_what_comes_and_ends_with_the_run(cli: Cli, written: Written) -> None:
    """`-f` prints new lines at once, and returns when the system has gone down."""
    with stand_in(cli, service("orders")):
        follower = subprocess.Popen(
            [*MESHDEV, "logs", "-f", "--no-prefix"], stdout=subprocess.PIPE, text=True, cwd=cli.project.root
        )
        assert follower.stdout is not None
        assert [follower.stdout.readline() for _ in range(3)] == ["INFO one\n", "ERROR two\n", "INFO three\n"]
        written.write("carts", "a node that came later\n")
        assert follower.stdout.readline() == "a node that came later\n"
    assert follower.wait(10) == 0
    follower.stdout.close()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("10m", NOW - 600),
        ("1h30m", NOW - 5400),
        ("2023-11-14T22:13:20Z", NOW),
        ("2023-11-14T22:13:20+00:00", NOW),
    ],
)
def test_moments(text: str, moment: float) -> None:
    """A span before now, or a time."""
    assert parse_since(text, now=NOW) == moment


def test_wrong_moment_and_pattern_say_what_is_accepted() -> None:
    """Errors name the option and the way out."""
    with pytest.raises(UsageError, match="accepted: 10m"):
        parse_since("yesterday", now=NOW)
    with pytest.raises(UsageError, match="--grep"):
        parse_pattern("(")
