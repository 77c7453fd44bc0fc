"""``meshdev traffic``: single calls over the edges, the last ones or as they end."""

import sys
import time
from collections.abc import Iterable, Iterator

import click
import msgspec

from meshdev.cli import options, terminal
from meshdev.cli.figures import milliseconds
from meshdev.cli.table import width
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.client.feed import ExchangeFeed
from meshdev.client.stream import Stream
from meshdev.errors import DaemonError
from meshdev.telemetry.exchange_filter import failed, parse_filter
from meshdev.wire.control import ExchangeView

_POLL = 1.0
_KEPT = 2000  # what the daemon remembers
_SHOWN = 20
_WIDEST = 30
_CLASSES = {0: "red", 2: "green", 3: "cyan", 4: "yellow", 5: "red"}


@click.command()
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until the system is down.")
@click.option(
    "-n",
    "--tail",
    type=click.IntRange(min=0),
    default=_SHOWN,
    show_default=True,
    help="The last so many calls.",
)
@click.option(
    "--filter",
    "expression",
    default="",
    metavar="EXPR",
    help="Only these, such as 'callee=orders status=5xx ms>100 path~/pay error'.",
)
@options.json_option()
def command(*, follow: bool, tail: int, expression: str, as_json: bool) -> None:
    """Show single calls over the edges: who called whom, what came of it, how long it took.

    A filter's terms must all hold: caller, callee, method, path, instance, trace, protocol, kind, code, detail with =
    (alternatives by comma, * for anything), != and ~ (contains); status (404, 5xx, none), ms and bytes with =, !=, >,
    >=, <, <=; error; ! turns a term round. With --json, a call a line.
    """
    wanted = parse_filter(expression)
    control = Control(options.here())
    known = control.send(calls.traffic(_KEPT, settled=True))
    show = _Lines(unicode=terminal.unicode_on(sys.stdout), as_json=as_json)
    passing = [view for view in known if wanted(view)]
    if tail:
        show(passing[-tail:])
    if not passing and not as_json:
        none = f"none of the last {len(known)} calls passes the filter" if known else "no call was seen yet"
        click.echo(none + (", what comes is shown" if follow else ""), err=True)
    if not follow:
        return
    stream = Stream(control.project, ExchangeFeed(known[-1].seq if known else 0))
    try:
        while True:
            show([view for view in stream.read(_POLL) if wanted(view)])
    except DaemonError:
        if not stream.ended:
            raise
    finally:
        stream.close()


class _Lines:
    """Prints calls; the column of names is as wide as the widest so far."""

    def __init__(self, *, unicode: bool, as_json: bool) -> None:
        self._unicode = unicode
        self._as_json = as_json
        self._widest = 0

    def __call__(self, views: Iterable[ExchangeView]) -> None:
        texts = [msgspec.json.encode(view).decode() if self._as_json else self._line(view) for view in views]
        if texts:
            click.echo("\n".join(texts))

    def _line(self, view: ExchangeView) -> str:
        edge = f" {'→' if self._unicode else '->'} ".join(view.ends)
        self._widest = min(_WIDEST, max(self._widest, width(edge)))
        clock = time.strftime("%H:%M:%S", time.localtime(view.at))
        status = (view.answer or ("—" if self._unicode else "-")).rjust(3)
        tone = "red" if failed(view) else _CLASSES.get(view.status // 100)
        what = "  ".join((f"{view.method} {view.target}", *_remarks(view)))
        return "  ".join(
            (
                clock,
                edge + " " * (self._widest - width(edge)),
                click.style(status, fg=tone),
                (milliseconds(view.ms) if view.ms or not view.protocol else "").rjust(6),
                what,
            )
        )


def _remarks(view: ExchangeView) -> Iterator[str]:
    if view.detail:
        yield click.style(view.detail, dim=True)
    if view.error:
        yield view.error
    if view.by:
        yield f"(answered by {view.by})"
    if view.retries:
        yield f"({view.retries} {'retry' if view.retries == 1 else 'retries'})"
    if view.hedged:
        yield "(hedged)"
    if view.faults:
        yield click.style(f"[fault {', '.join(dict.fromkeys(view.faults))}]", fg="magenta")
