"""``meshdev status``: the services and how they are."""

import sys
import time
from collections.abc import Iterable

import click
import msgspec

from meshdev.cli import options, terminal
from meshdev.cli.patience import patience
from meshdev.cli.states import Look, age, instance_look, is_up, played_by, service_look
from meshdev.cli.table import columns
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.kernel.quantity import format_size
from meshdev.wire.control import InstanceView, ServiceView, Snapshot

_HEAD = ("SERVICE", "STATE", "SINCE", "RESTARTS", "PID", "PORT", "CPU", "MEMORY", "WHY")
_RIGHT = frozenset({"RESTARTS", "PID", "PORT", "CPU", "MEMORY"})


@click.command()
@options.json_option()
def command(*, as_json: bool) -> None:
    """List the services and how they are.

    Exits with 3 when nothing runs.
    """
    control = Control(options.here())
    with patience():
        snapshot = control.send(calls.snapshot())
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(snapshot.services)))
        return
    unicode = terminal.unicode_on(sys.stdout)
    for line in render(snapshot, now=time.time(), unicode=unicode):
        click.echo(line)


def render(snapshot: Snapshot, *, now: float, unicode: bool) -> list[str]:
    """The lines of the listing; ``now`` is seconds since the epoch."""
    rows = []
    for view in snapshot.services:
        alone = view.instances[0] if len(view.instances) == 1 else None
        rows.append(
            _row(
                view.name,
                service_look(view),
                view.since,
                alone,
                now,
                "; ".join(filter(None, (played_by(view, unicode=unicode), view.why or view.trouble))),
                str(view.restarts),
                unicode,
            )
        )
        if alone is None:
            rows += [_instance_row(one, now, unicode) for one in view.instances]
    system = snapshot.system
    wanted = [view for view in snapshot.services if view.desired == "up"]
    up = sum(map(is_up, wanted))
    going = "  shutting down" if system.shutting_down is not None else ""
    dot = "·" if unicode else "-"
    title = click.style(system.name, bold=True)
    head = f"{title}  {up}/{len(wanted)} up {dot} for {age(now - system.started)} {dot} run {system.run_id}{going}"
    if not rows:
        return [head, "no services"]
    return [head, *columns(_HEAD, rows, right=_RIGHT), *addresses(snapshot.services)]


def addresses(views: Iterable[ServiceView]) -> list[str]:
    """Where a person reaches what is published."""
    return [f"{view.name} is at {view.url}" for view in views if view.url]


def _instance_row(view: InstanceView, now: float, unicode: bool) -> list[str]:  # noqa: FBT001 -- a drawing's switch
    role = "" if view.role == "serving" else f" ({view.role})"
    name = f"  {view.id}{role}"
    return _row(name, instance_look(view), view.since, view, now, view.why, "", unicode)


def _row(
    name: str,
    look: Look,
    since: float,
    instance: InstanceView | None,
    now: float,
    why: str,
    restarts: str,
    unicode: bool,  # noqa: FBT001 -- a drawing's switch
) -> list[str]:
    state = click.style(f"{look.mark if unicode else look.plain_mark} {look.word}", fg=look.colour)
    figures = ["", "", "", ""] if instance is None else _figures(instance)
    return [name, state, age(now - since) if since else "", restarts, *figures, " ".join(why.split())]


def _figures(view: InstanceView) -> list[str]:
    return [
        str(view.pid or ""),
        str(view.port or ""),
        "" if view.cpu_percent is None else f"{view.cpu_percent:.1f}%",
        "" if view.rss_bytes is None else format_size(view.rss_bytes),
    ]
