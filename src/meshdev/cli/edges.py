"""``meshdev edges``: what every edge carries."""

import sys
from collections.abc import Iterable

import click
import msgspec

from meshdev.cli import options, terminal
from meshdev.cli.figures import count, milliseconds, rate
from meshdev.cli.table import columns
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.wire.control import EdgeSignalsView
from meshdev.wire.mesh import EdgeError

_HEAD = ("EDGE", "RATE", "REQUESTS", "ERRORS", "P50", "P90", "P99", "NOTE")
_RIGHT = frozenset({"RATE", "REQUESTS", "ERRORS", "P50", "P90", "P99"})
_PLAIN = frozenset({"http", ""})


@click.command()
@click.option("--routes", is_flag=True, help="Below each edge, its methods and routes.")
@options.json_option()
def command(*, routes: bool, as_json: bool) -> None:
    """List the edges and what they carry: who calls whom, how often, how fast, how badly.

    Rates are over ten seconds, percentiles over the last minute, counts since the system started.
    """
    views = Control(options.here()).send(calls.edges(settled=True))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(views)))
        return
    for line in render(views, routes=routes, unicode=terminal.unicode_on(sys.stdout)):
        click.echo(line)


def render(views: list[EdgeSignalsView], *, routes: bool, unicode: bool) -> list[str]:
    """The lines of the listing, the edges in the topology's order."""
    if not views:
        return ["no edges: nothing calls or uses anything, and no port is published"]
    rows = []
    for view in views:
        rows.append(_row(view, unicode=unicode))
        if routes:
            rows += _routes(view)
    return columns(_HEAD, rows, right=_RIGHT)


def name(view: EdgeSignalsView, *, unicode: bool) -> str:
    """``orders → payments``, and the endpoint where it is not the usual one."""
    endpoint = "" if view.endpoint in (view.protocol, "") else f":{view.endpoint}"
    return f"{view.caller} {'→' if unicode else '->'} {view.callee}{endpoint}"


def notes(view: EdgeSignalsView) -> Iterable[str]:
    """What else should be said of an edge, the most important first."""
    if view.denied:
        yield click.style("denied", fg="red")
    if view.circuit:
        yield click.style(f"circuit {view.circuit}", fg="red")
    if not view.declared:
        yield click.style("undeclared", fg="yellow")
    if view.foreign:
        yield click.style(f"foreign: data of {view.foreign}", fg="yellow")
    if view.faults:
        yield click.style(f"faults: {', '.join(view.faults)}", fg="magenta")
    by_kind = view.errors_by_kind
    if injected := by_kind.get(EdgeError.FAULT, 0) + by_kind.get(EdgeError.INJECTED, 0):
        yield click.style(f"{injected} error{'s' if injected > 1 else ''} injected", fg="magenta")
    if view.held:
        yield click.style(f"{view.held} held", fg="yellow")
    if view.in_flight:
        yield f"{view.in_flight} in flight"
    if view.protocol not in _PLAIN:
        yield view.protocol
    yield from (word for word in view.policies if word != "denied")
    yield from (f"{times} x {act}" for act, times in view.acts.items())


def _row(view: EdgeSignalsView, *, unicode: bool) -> list[str]:
    edge = name(view, unicode=unicode)
    if not view.observed:
        unused = click.style("unused", dim=True)
        return [click.style(edge, dim=True), "", unused, "", "", "", "", ", ".join(notes(view))]
    errors = click.style(count(view.errors), fg="red") if view.errors else "0"
    return [
        edge,
        rate(view.rps),
        count(view.requests),
        errors,
        milliseconds(view.p50_ms),
        milliseconds(view.p90_ms),
        milliseconds(view.p99_ms),
        ", ".join(notes(view)),
    ]


def _routes(view: EdgeSignalsView) -> Iterable[list[str]]:
    for route in sorted(view.routes, key=lambda one: -one.requests):
        errors = click.style(count(route.errors), fg="red") if route.errors else "0"
        yield [
            f"  {route.route}",
            "",
            count(route.requests),
            errors,
            milliseconds(route.p50_ms),
            "",
            milliseconds(route.p99_ms),
            "",
        ]
