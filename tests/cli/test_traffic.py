"""`meshdev traffic`, against a stand-in."""

import json
import subprocess

from support_cli import MESHDEV, Cli, stand_in
from support_control import eventually, exchange


def test_the_last_calls_a_line_each(cli: Cli) -> None:
    """When, who called whom, what came of it, how long it took, what was asked."""
    with stand_in(cli) as daemon:
        daemon.carry(exchange())
        daemon.carry(exchange(caller="orders", callee="payments", status=0, error="refused", ms=2500.0))
        ran = cli("traffic")
    assert [line[8:] for line in ran.out.splitlines()] == [
        "  front → orders  200   1.2ms  GET /orders/7",
        "  orders → payments    —    2.5s  GET /orders/7  refused",
    ]


def test_what_the_mesh_did_is_told_from_what_the_callee_did(cli: Cli) -> None:
    """Its own answers, repeated and hedged calls, and what was injected."""
    with stand_in(cli) as daemon:
        daemon.carry(exchange(status=504, error="timeout", by="meshdev", retries=2))
        daemon.carry(exchange(retries=1, hedged=True))
        daemon.carry(exchange(status=503, by="meshdev", faults=["slow/status"]))
        ran = cli("traffic")
    assert [line.partition("GET /orders/7  ")[2] for line in ran.out.splitlines()] == [
        "timeout  (answered by meshdev)  (2 retries)",
        "(1 retry)  (hedged)",
        "(answered by meshdev)  [fault slow/status]",
    ]


def test_a_filter_looks_behind_the_last_ones(cli: Cli) -> None:
    """The last so many of those that are meant, not those that are meant of the last so many."""
    with stand_in(cli) as daemon:
        for status in (500, 200, 503, 200, 200):
            daemon.carry(exchange(status=status))
        lines = cli("traffic", "-n", "1", "--filter", "status=5xx", "--json").out.splitlines()
        wrong = cli("traffic", "--filter", "statsu=5xx")
    assert [json.loads(line)["status"] for line in lines] == [503]
    assert (wrong.code, "no field is called 'statsu'" in wrong.err) == (2, True)


def test_what_passes_no_filter_is_said(cli: Cli) -> None:
    """An empty answer could be a mistake; for programs it is empty."""
    with stand_in(cli) as daemon:
        none = cli("traffic")
        daemon.carry(exchange())
        missed, program = (
            cli("traffic", "--filter", "status=5xx"),
            cli("traffic", "--filter", "status=5xx", "--json"),
        )
    assert (none.out, none.err, none.code) == ("", "no call was seen yet\n", 0)
    assert (missed.out, missed.err) == ("", "none of the last 1 calls passes the filter\n")
    assert (program.out, program.err) == ("", "")


def test_what_is_not_answered_has_no_duration(cli: Cli) -> None:
    """A message that goes one way."""
    with stand_in(cli) as daemon:
        daemon.carry(exchange(protocol="nats", method="PUB", target="order.placed", ms=0.0, kind="publish"))
        ran = cli("traffic")
    assert ran.out.split()[-2:] == ["PUB", "order.placed"]
    assert "ms" not in ran.out


def test_following_goes_on_until_the_system_is_down(cli: Cli) -> None:
    """What was, then what comes, nothing twice; the end is in order."""
    with stand_in(cli) as daemon:
        daemon.carry(exchange(target="/before"))
        following = subprocess.Popen(
            [*MESHDEV, "traffic", "-f", "--json", "--filter", "callee=orders"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=cli.project.root,
        )
        eventually(lambda: daemon.stand_in.exchanges.followers == 1)
        daemon.carry(exchange(callee="carts"))
        daemon.carry(exchange(target="/after"))
        daemon.close()
        out, _ = following.communicate(timeout=10)
    assert [json.loads(line)["target"] for line in out.splitlines()] == ["/before", "/after"]
    assert following.returncode == 0
