"""The commands that ask the daemon, against a stand-in."""

import json
import os
import subprocess
import threading
from pathlib import Path

import msgspec
import pytest

from meshdev.cli.scale import parse
from meshdev.errors import UsageError
from meshdev.wire.control import PlanView, ServiceView, ShutdownRequest, Snapshot, UpRequest
from support_cli import MESHDEV, Cli, stand_in
from support_control import Daemon, StandIn, eventually, instance, service, system


def test_status_lists_services_and_instances(cli: Cli) -> None:
    """A row a service; where there are several instances, a row each."""
    two = service(
        "carts",
        instances=[instance("carts", 0), instance("carts", 1, pid=5, cpu_percent=1.25, rss_bytes=2048)],
    )
    gone = service("pay", phase="gave-up", health="unknown", why="gave up after\n5 failures", instances=[])
    with stand_in(cli, service("orders", restarts=2), two, gone):
        ran = cli("status")
    lines = ran.out.splitlines()
    assert lines[0].startswith("shop  2/3 up")
    assert lines[1].split() == [
        "SERVICE",
        "STATE",
        "SINCE",
        "RESTARTS",
        "PID",
        "PORT",
        "CPU",
        "MEMORY",
        "WHY",
    ]
    assert lines[2].split()[:3] == ["orders", "●", "healthy"]
    assert [line.split()[0] for line in lines[3:6]] == ["carts", "carts-0", "carts-1"]
    assert tuple(lines[5].split()[-2:]) == ("1.2%", "2KiB")
    assert lines[6].endswith("gave up after 5 failures")


def test_status_json_has_the_promised_fields(cli: Cli) -> None:
    """The list that programs rely on."""
    with stand_in(cli, service("orders")):
        (one,) = json.loads(cli("status", "--json").out)
    assert {"name", "phase", "health", "desired", "why", "restarts", "instances"} <= set(one)
    assert {"id", "generation", "pid", "port", "phase", "health", "since", "cpu_percent", "rss_bytes"} <= set(
        one["instances"][0]
    )


@pytest.mark.parametrize("verb", ["start", "stop", "restart"])
def test_wishes_reach_the_daemon(cli: Cli, verb: str) -> None:
    """Each verb asks for what it says; --no-wait returns at once."""
    with stand_in(cli, service("orders"), service("carts")) as daemon:
        assert cli(verb, "orders", "carts", "--no-wait").code == 0
    assert daemon.stand_in.asked == [(verb, ["orders", "carts"])]


def test_unknown_service_is_the_daemons_error(cli: Cli) -> None:
    """What the daemon refuses ends the command with its exit code and hint."""
    with stand_in(cli, service("orders")):
        ran = cli("start", "odrers")
    assert (ran.code, ran.err) == (2, "error: no service 'odrers'\n  there are: orders\n")


def _after(daemon: Daemon, verb: str, view: ServiceView) -> threading.Thread:
    """Show ``view`` once the wish has come."""

    def act() -> None:
        eventually(lambda: verb in [name for name, _ in daemon.stand_in.asked])
        daemon.show(view)

    thread = threading.Thread(target=act)
    thread.start()
    return thread


def test_start_waits_until_ready(cli: Cli) -> None:
    """The command returns when the service serves."""
    with stand_in(cli, service("orders", phase="starting", health="unknown")) as daemon:
        thread = _after(daemon, "start", service("orders"))
        ran = cli("start", "orders")
        thread.join()
    assert (ran.code, ran.out) == (0, "orders is ready\n")


def test_stop_waits_until_nothing_is_left(cli: Cli) -> None:
    """The command returns when the last process has gone."""
    with stand_in(cli, service("orders", desired="down", phase="stopping")) as daemon:
        gone = service("orders", desired="down", phase="stopped", instances=[])
        thread = _after(daemon, "stop", gone)
        ran = cli("stop", "orders")
        thread.join()
    assert (ran.code, ran.out) == (0, "orders is stopped\n")


def test_restart_waits_for_the_new_incarnation(cli: Cli) -> None:
    """The old incarnation, healthy as it is, does not count."""
    with stand_in(cli, service("orders")) as daemon:
        thread = _after(daemon, "restart", service("orders", instances=[instance(generation=2)]))
        ran = cli("restart", "orders")
        thread.join()
    assert (ran.code, ran.out) == (0, "orders is ready\n")


def test_what_gave_up_fails_with_its_last_lines(cli: Cli) -> None:
    """Exit code 1, the reason, and what the service said last."""
    with stand_in(cli, service("orders", phase="gave-up", why="gave up after 5 failures: exit code 3")):
        ran = cli("start", "orders")
    assert ran.code == 1
    assert ran.err.splitlines()[:3] == [
        "error: not ready: orders",
        "  orders: gave up after 5 failures: exit code 3",
        "    | boom",
    ]


def test_what_is_not_ready_in_time_fails(cli: Cli) -> None:
    """The timeout names who is late, and why."""
    with stand_in(cli, service("orders", phase="starting", why="not ready yet (probe GET /)")):
        ran = cli("start", "orders", "--timeout", "50ms")
    assert (ran.code, ran.err.splitlines()[:2]) == (
        1,
        ["error: not ready within 0.05 s: orders", "  orders: not ready yet (probe GET /)"],
    )


def test_scale_sets_replicas(cli: Cli) -> None:
    """SERVICE=N, several at once."""
    with stand_in(cli, service("orders"), service("carts")) as daemon:
        ran = cli("scale", "orders=1", "carts=0")
    assert daemon.stand_in.asked == [("scale", ("orders", 1)), ("scale", ("carts", 0))]
    assert ran.out == "orders has 1 replica\ncarts has 0 replicas\n"


@pytest.mark.parametrize("target", ["orders", "orders=", "=3", "orders=-1", "orders=٣", "orders=1.5"])
def test_wrong_scale_says_what_is_accepted(target: str) -> None:
    """Only whole numbers in ASCII."""
    with pytest.raises(UsageError, match="SERVICE=N"):
        parse(target)


def test_names_with_a_dot_and_equals_scale() -> None:
    """The last equals sign divides."""
    assert parse("brokers.events=2") == ("brokers.events", 2)


def test_why_and_status_say_the_same_word(cli: Cli) -> None:
    """A service that nobody probes runs, which is less than being healthy."""
    unprobed = service("orders", instances=[instance("orders", last_probe=None)])
    with stand_in(cli, unprobed):
        assert "● running" in cli("why", "orders").out
        assert "● running" in cli("status").out


def test_why_prints_the_chain_and_the_last_lines(cli: Cli) -> None:
    """The reason, and what the root cause said."""
    with stand_in(cli, service("orders", phase="backoff", why="exit code 1")):
        ran = cli("why", "orders")
        view = json.loads(cli("why", "orders", "--json").out)
    assert ran.out.splitlines() == ["orders ↻ backoff: exit code 1", "last lines of orders:", "  │ boom"]
    assert view["chain"][0]["why"] == "exit code 1"


def test_env_is_quoted_for_a_shell(cli: Cli) -> None:
    """The output can be evaluated; --diff leaves out what this shell has."""
    with stand_in(cli, service("orders")):
        assert cli("env", "orders").out == "GREETING='good day'\nPORT=40001\n"
        assert json.loads(cli("env", "orders", "--json").out)["environment"]["PORT"] == "40001"


def test_env_diff_leaves_out_what_is_the_same(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what differs from this shell's environment."""
    monkeypatch.setenv("GREETING", "good day")
    with stand_in(cli, service("orders")):
        assert cli("env", "orders", "--diff").out == "PORT=40001\n"


@pytest.mark.parametrize(
    ("argv", "code", "out"),
    [
        (["sh", "-c", 'echo "$GREETING $PORT" && pwd && exit 7'], 7, "good day 40001\n{root}\n"),
        (["/bin/sh", "-c", "kill -9 $$"], -9, ""),
        (["no-such-command"], 127, ""),
        (["/dev/null"], 126, ""),
    ],
)
def test_run_is_the_command(cli: Cli, argv: list[str], code: int, out: str) -> None:
    """Environment, folder, exit code and signal are the command's own."""
    path = f"/usr/bin{os.pathsep}/bin"
    with stand_in(cli, service("orders")) as daemon:
        real = daemon.stand_in.env
        daemon.stand_in.env = lambda name: msgspec.structs.replace(  # type: ignore[method-assign]
            real(name), environment={**real(name).environment, "PATH": path, "MESHDEV_RUN": "r"}
        )
        ran = subprocess.run(
            [*MESHDEV, "run", "orders", "--", *argv],
            capture_output=True,
            text=True,
            cwd=cli.project.root,
            check=False,
        )
    assert (ran.returncode, ran.stdout) == (code, out.format(root=cli.project.root))


def test_run_says_when_the_folder_is_gone(cli: Cli) -> None:
    """A working_dir that is not there is told, not a traceback."""
    with stand_in(cli, service("orders")) as daemon:
        real = daemon.stand_in.env
        daemon.stand_in.env = lambda name: msgspec.structs.replace(  # type: ignore[method-assign]
            real(name), working_dir="/no/such/folder"
        )
        ran = cli("run", "orders", "--", "true")
    assert (ran.code, "working_dir /no/such/folder is not there" in ran.err) == (2, True)


def test_shell_is_the_users_shell(cli: Cli, tmp_path: Path) -> None:
    """$SHELL with the service's environment, without the marks of an instance."""
    shell = tmp_path / "shell"
    shell.write_text('#!/bin/sh\necho "$MESHDEV_SHELL ${MESHDEV_RUN-unmarked} $PORT"\n')
    shell.chmod(0o755)
    with stand_in(cli, service("orders")):
        ran = subprocess.run(
            [*MESHDEV, "shell", "orders"],
            capture_output=True,
            text=True,
            cwd=cli.project.root,
            check=True,
            env={**os.environ, "SHELL": str(shell)},
            stdin=subprocess.DEVNULL,
        )
    assert ran.stdout == "orders unmarked 40001\n"


def test_version_of_both(cli: Cli) -> None:
    """Of the command alone, and with the daemon's."""
    assert "no daemon runs here" in cli("version").out
    with stand_in(cli, service("orders")):
        assert "daemon 9.9 (API 1" in cli("version").out
        assert json.loads(cli("version", "--json").out)["daemon"]["meshdev"] == "9.9"


def test_events_are_told_until_the_end(cli: Cli) -> None:
    """Sentences for people, events for programs; an orderly end is no error."""
    with stand_in(cli, service("orders")) as daemon:
        shown = subprocess.Popen(
            [*MESHDEV, "events"], stdout=subprocess.PIPE, text=True, cwd=cli.project.root
        )
        raw = subprocess.Popen(
            [*MESHDEV, "events", "--json"], stdout=subprocess.PIPE, text=True, cwd=cli.project.root
        )
        eventually(lambda: daemon.stand_in.journal.followers == 2)
        daemon.show(service("orders", health="unhealthy", why="probe fails"))
        daemon.post(kind="notice", name="orders", text="restarts")
        daemon.do(lambda: daemon.stand_in.shutdown(ShutdownRequest(urgency=1)))
        out, _ = shown.communicate(timeout=10)
        events, _ = raw.communicate(timeout=10)
    assert [line[9:] for line in out.splitlines()] == ["orders is unhealthy: probe fails", "orders restarts"]
    assert [json.loads(line)["kind"] for line in events.splitlines()] == ["service", "notice", "system"]


class Leaving(StandIn):
    """Goes down between the look at it and the first `up`; somebody else has started it again two looks later."""

    looks = 0

    async def up(self, request: UpRequest, *, apply: bool) -> PlanView:
        """Refuse the first time."""
        if not self.asked:
            self.asked.append(("refused", request))
            self.system = msgspec.structs.replace(self.system, shutting_down=1)
            raise UsageError("the system is shutting down")
        return await super().up(request, apply=apply)

    def snapshot(self) -> Snapshot:
        """Count the looks."""
        view = super().snapshot()
        self.looks += view.system.shutting_down is not None
        if self.looks == 2:
            self.system = msgspec.structs.replace(self.system, shutting_down=None)
        return view


def test_an_up_that_meets_a_down_begins_anew(cli: Cli) -> None:
    """`up` in the instant in which a `down` arrives is not refused; it waits and tries again."""
    view = system(root=str(cli.project.root), file=str(cli.project.file))
    with Daemon(cli.project, Leaving([service("orders")], view)) as daemon:
        ran = cli("up", "-d")
    assert (ran.code, [verb for verb, _ in daemon.stand_in.asked]) == (0, ["refused", "up"]), ran.err


def test_a_service_without_its_published_port_is_not_ready(cli: Cli) -> None:
    """It is healthy, and nobody can reach it: `status` and `up --wait` say so."""
    trouble = "cannot be reached on its published port: port 8080 is taken by nginx (pid 7)"
    with stand_in(cli, service("orders", trouble=trouble)):
        ran = cli("up", "--wait")
        listed = cli("status").out
    assert (ran.code, trouble in ran.err, trouble in listed) == (1, True, True)
