"""``meshdev top``: what the instances cost, and what meshdev itself costs."""

import sys
import time
from collections.abc import Sequence

import click
import msgspec

from meshdev.cli import options, terminal
from meshdev.cli.states import age, instance_look
from meshdev.cli.table import columns
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.kernel.quantity import format_size
from meshdev.wire.control import InstanceView, ProcessView, ServiceView

_HEAD = ("INSTANCE", "STATE", "PID", "CPU", "MEMORY", "SINCE")
_TOOL_HEAD = ("MESHDEV", "PID", "CPU TIME", "MEMORY")
_RIGHT = frozenset({"PID", "CPU", "MEMORY", "CPU TIME"})
_PAUSE = 2.0
_HOME = "\x1b[H\x1b[J"

Instances = Sequence[tuple[ServiceView, InstanceView]]


@click.command()
@click.option("-f", "--follow", is_flag=True, help="Look again every two seconds, until Ctrl-C.")
@options.json_option()
def command(*, follow: bool, as_json: bool) -> None:
    """Show what the instances use of the machine, the most hungry first, and what meshdev itself uses.

    With --json: {instances: [...], processes: [{role, pid, cpu_seconds, rss_bytes}]}, with -f a line each time.
    """
    control = Control(options.here())
    clear = _HOME if follow and sys.stdout.isatty() else ""
    while True:
        instances = alive(control.send(calls.services()))
        processes = control.send(calls.processes())
        if as_json:
            text = _json(instances, processes, lines=follow)
        else:
            unicode = terminal.unicode_on(sys.stdout)
            text = clear + "\n".join(render(instances, processes, now=time.time(), unicode=unicode))
        click.echo(text)
        if not follow:
            return
        time.sleep(_PAUSE)


def alive(services: list[ServiceView]) -> Instances:
    """The instances that have a process, the most hungry first."""
    found = [(service, one) for service in services for one in service.instances if one.pid]
    return sorted(found, key=lambda pair: (-(pair[1].cpu_percent or 0.0), -(pair[1].rss_bytes or 0)))


def render(instances: Instances, processes: Sequence[ProcessView], *, now: float, unicode: bool) -> list[str]:
    """The lines of the listing; ``now`` is seconds since the epoch."""
    rows = []
    for _, one in instances:
        look = instance_look(one)
        state = click.style(f"{look.mark if unicode else look.plain_mark} {look.word}", fg=look.colour)
        role = "" if one.role == "serving" else f" ({one.role})"
        rows.append(
            [f"{one.id}{role}", state, str(one.pid), _cpu(one), _size(one.rss_bytes), age(now - one.since)]
        )
    own = [[one.role, str(one.pid), f"{one.cpu_seconds:.1f}s", _size(one.rss_bytes)] for one in processes]
    cpu = sum(one.cpu_percent or 0.0 for _, one in instances)
    memory = sum(one.rss_bytes or 0 for _, one in instances)
    count = f"{len(instances)} instance{'' if len(instances) == 1 else 's'}"
    head = f"{count}, {cpu:.1f}% CPU, {format_size(memory)}"
    listed = columns(_HEAD, rows, right=_RIGHT) if rows else []
    return [head, *listed, "", *columns(_TOOL_HEAD, own, right=_RIGHT)]


def _cpu(view: InstanceView) -> str:
    return "" if view.cpu_percent is None else f"{view.cpu_percent:.1f}%"


def _size(count: int | None) -> str:
    return "" if count is None else format_size(count)


def _json(instances: Instances, processes: Sequence[ProcessView], *, lines: bool) -> str:
    listed = [
        {
            "service": service.name,
            "id": one.id,
            "generation": one.generation,
            "pid": one.pid,
            "role": one.role,
            "phase": one.phase,
            "health": one.health,
            "cpu_percent": one.cpu_percent,
            "rss_bytes": one.rss_bytes,
        }
        for service, one in instances
    ]
    encoded = msgspec.json.encode({"instances": listed, "processes": processes})
    return (encoded if lines else msgspec.json.format(encoded)).decode()
