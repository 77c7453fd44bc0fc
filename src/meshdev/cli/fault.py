"""``meshdev fault``: inject faults, see what they do, end them.

What is typed becomes the table that would stand in ``[faults.NAME]`` (`traffic.faults.typed`); what it means is the
daemon's.
"""

import sys
from collections.abc import Sequence

import click
import msgspec

from meshdev.cli import fault_lines, options, terminal
from meshdev.cli.fault_import import import_
from meshdev.client import calls, fault_calls
from meshdev.client.control import Control
from meshdev.errors import MeshdevError
from meshdev.traffic.faults.typed import table_of
from meshdev.wire.fault_views import FaultRequest, FaultSwitch, FaultView


@click.group()
def command() -> None:
    """Inject faults: `meshdev fault add 'orders -> payments' latency=300ms status=503@10% --for 2m`.

    Named faults stand in the topology file as [faults.NAME] and are switched on and off. Every fault ends by hand,
    after its time, and with the daemon.
    """


def _complete_fault(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    try:
        views = Control(options.here()).send(fault_calls.faults(), timeout=0.5)
    except MeshdevError:
        return []
    return [view.name for view in views if view.name.startswith(incomplete)]


def _complete_words(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    if not ctx.params.get("words"):
        try:
            edges = Control(options.here()).send(calls.edges(), timeout=0.5)
        except MeshdevError:
            edges = []
        wanted = [f"{edge.caller} -> {edge.callee}" for edge in edges]
        wanted += options.complete_service(ctx, param, "")
    else:
        from meshdev.traffic.faults.catalogue import CATALOGUE

        wanted = [f"{kind.name}=" if kind.main else kind.name for kind in CATALOGUE.values()]
    return [one for one in wanted if one.startswith(incomplete)]


@command.command("list")
@options.json_option()
def list_(*, as_json: bool) -> None:
    """List the faults: the topology's, and those that were added."""
    _show(Control(options.here()).send(fault_calls.faults()), as_json=as_json)


@command.command()
@click.argument("name", required=False, shell_complete=_complete_fault)
@options.json_option()
def describe(*, name: str | None, as_json: bool) -> None:
    """Explain a fault of the system, or a kind of fault; without a name, list the kinds."""
    if name is None:
        kinds = fault_lines.kinds()
        click.echo(_json(kinds) if as_json else "\n".join(fault_lines.catalogue(kinds)))
        return
    kind = fault_lines.kind_named(name)
    if kind is not None:
        click.echo(_json(kind) if as_json else "\n".join(fault_lines.kind_lines(kind)))
        return
    view = Control(options.here()).send(fault_calls.fault(name))
    click.echo(_json(view) if as_json else "\n".join(fault_lines.fault_lines(view)))


@command.command(context_settings={"ignore_unknown_options": False})
@click.argument("target", shell_complete=_complete_words)
@click.argument("words", nargs=-1, metavar="FAULT...", shell_complete=_complete_words)
@click.option("--name", help="What it is called; else it gets a name.")
@click.option("--for", "duration", type=options.SOME_TIME, metavar="TIME", help="It ends after this time.")
@click.option("--start-after", type=options.DURATION, metavar="TIME", help="It begins after this time.")
@click.option(
    "--repeat", type=options.SOME_TIME, metavar="TIME", help="It begins anew this often; needs --for."
)
@click.option(
    "--ramp", type=options.SOME_TIME, metavar="TIME", help="It grows to its strength over this time."
)
@click.option("--match", "matches", multiple=True, metavar="WHAT=PATTERN",
              help="Only such requests: method=POST, path=/charges/*, header=x-test:1, first=3, every=10; of SQL: "
                   "statement=UPDATE, table=orders.")  # fmt: skip
@click.option("--subject", metavar="PATTERN", help="Only messages of such subjects, topics: order.*")
@click.option("--times", type=click.IntRange(1), metavar="N", help="It hits at most so often.")
@click.option("--once", is_flag=True, help="It hits once.")
@click.option(
    "--direction", type=click.Choice(["upstream", "downstream", "both"]), help="Which way of the bytes."
)
@click.option("--seed", type=click.IntRange(0), metavar="N", help="The same seed, the same decisions.")
@click.option("--off", is_flag=True, help="Add it, but don't switch it on.")
@options.json_option()
def add(  # noqa: PLR0913 -- one an option
    *,
    target: str,
    words: tuple[str, ...],
    name: str | None,
    duration: float | None,
    start_after: float | None,
    repeat: float | None,
    ramp: float | None,
    matches: tuple[str, ...],
    subject: str | None,
    times: int | None,
    once: bool,
    direction: str | None,
    seed: int | None,
    off: bool,
    as_json: bool,
) -> None:
    """Add a fault and switch it on.

    TARGET is an edge ('orders -> payments', '* -> payments'), a service, team:NAME, or 'a,b | c' for a partition.
    FAULT is KIND[=VALUE[±SPREAD]][,PARAMETER=VALUE][@PERCENTAGE]; `meshdev fault describe` lists the kinds.
    """
    given: dict[str, object] = {
        "duration": duration,
        "start_after": start_after,
        "repeat": repeat,
        "ramp": ramp,
        "times": times,
        "once": once or None,
        "direction": direction,
        "seed": seed,
    }
    if subject is not None:
        matches = (*matches, f"subject={subject}")
    fault = table_of(target, words, matches)
    fault |= {key: _written(value) for key, value in given.items() if value is not None}
    request = FaultRequest(fault=fault, name=name or "", on=not off)
    control = Control(options.here())
    view = control.send(fault_calls.add(request))
    if fault_lines.may_be_vain(view):
        for line in fault_lines.vain(view, control.send(calls.edges())):
            click.echo(line, err=True)
    if as_json:
        click.echo(_json(view))
        return
    for line in fault_lines.added(view):
        click.echo(line)


@command.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=_complete_fault)
@click.option("--for", "duration", type=options.SOME_TIME, metavar="TIME", help="It ends after this time.")
@click.option("--seed", type=click.IntRange(0), metavar="N", help="The same seed, the same decisions.")
@options.json_option()
def on(*, names: Sequence[str], duration: float | None, seed: int | None, as_json: bool) -> None:
    """Switch faults on."""
    control = Control(options.here())
    switch = FaultSwitch(duration=duration, seed=seed)
    _show([control.send(fault_calls.switch_on(name, switch)) for name in names], as_json=as_json)


@command.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=_complete_fault)
@options.json_option()
def off(*, names: Sequence[str], as_json: bool) -> None:
    """Switch faults off."""
    control = Control(options.here())
    _show([control.send(fault_calls.switch_off(name)) for name in names], as_json=as_json)


@command.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=_complete_fault)
def rm(*, names: Sequence[str]) -> None:
    """Switch faults off, and forget those that were added."""
    control = Control(options.here())
    for name in names:
        control.send(fault_calls.remove(name))


@command.command()
def clear() -> None:
    """Switch all faults off, and forget those that were added."""
    control = Control(options.here())
    on = sum(view.on for view in control.send(fault_calls.faults()))
    control.send(fault_calls.clear())
    click.echo(f"{on or 'no'} fault{'' if on == 1 else 's'} {'was' if on == 1 else 'were'} on")


command.add_command(import_)


def _show(views: list[FaultView], *, as_json: bool) -> None:
    if as_json:
        click.echo(_json(views))
        return
    for line in fault_lines.listing(views, unicode=terminal.unicode_on(sys.stdout)):
        click.echo(line)


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value))


def _written(value: object) -> object:
    """Seconds as a topology file has them."""
    return f"{value:g}s" if isinstance(value, float) else value
