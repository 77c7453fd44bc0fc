"""`meshdev top`, against a stand-in."""

import json

import click

from meshdev.cli.top import alive, render
from meshdev.wire.control import ProcessView
from support_cli import Cli, stand_in
from support_control import instance, service

VIEWS = [
    service("orders", instances=[instance(cpu_percent=1.25, rss_bytes=3 << 20, pid=7)]),
    service("carts", instances=[instance("carts", cpu_percent=50.0, rss_bytes=1 << 20, pid=8)]),
    service("mail", instances=[instance("mail", pid=None)]),
]


def test_the_most_hungry_first_and_meshdev_below() -> None:
    """What runs, what it uses, and what the tool itself costs."""
    own = [ProcessView(role="daemon", pid=3, cpu_seconds=1.26, rss_bytes=40 << 20)]
    lines = render(alive(VIEWS), own, now=1_000_060.0, unicode=True)
    assert [click.unstyle(line) for line in lines] == [
        "2 instances, 51.2% CPU, 4MiB",
        "INSTANCE  STATE      PID    CPU  MEMORY  SINCE",
        "carts-0   ● healthy    8  50.0%    1MiB  1m 0s",
        "orders-0  ● healthy    7   1.2%    3MiB  1m 0s",
        "",
        "MESHDEV  PID  CPU TIME  MEMORY",
        "daemon     3      1.3s   40MiB",
    ]


def test_json_has_the_promised_fields(cli: Cli) -> None:
    """Instances, and the tool's own processes."""
    with stand_in(cli, *VIEWS):
        found = json.loads(cli("top", "--json").out)
    assert [one["id"] for one in found["instances"]] == ["carts-0", "orders-0"]
    assert found["instances"][0].items() >= {"service": "carts", "pid": 8, "cpu_percent": 50.0}.items()
    (own,) = found["processes"]
    assert set(own) == {"role", "pid", "cpu_seconds", "rss_bytes"}
