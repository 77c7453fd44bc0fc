"""``meshdev databases``: whose they are, who connects, and which statements take how long."""

import sys
from collections.abc import Iterable, Sequence

import click
import msgspec

from meshdev.cli import options, terminal
from meshdev.cli.figures import count, milliseconds, rate
from meshdev.cli.named import named
from meshdev.cli.table import columns
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.errors import MeshdevError
from meshdev.wire.database_views import DatabaseUserView, DatabaseView, StatementView

_HEAD = ("DATABASE", "ENGINE", "OWNER", "USED BY", "CONNS", "RATE", "STATEMENTS", "ERRORS", "P99", "NOTE")
_USERS_HEAD = ("SERVICE", "CONNS", "RATE", "STATEMENTS", "ERRORS", "P50", "P99", "NOTE")
_STATEMENTS_HEAD = ("COUNT", "REFUSED", "ERRORS", "P50", "P99", "TOTAL", "BY", "STATEMENT")
_RIGHT = frozenset({"CONNS", "RATE", "STATEMENTS", "COUNT", "REFUSED", "ERRORS", "P50", "P99", "TOTAL"})
_MOST = 20
_WIDEST = 120
_PREFIX = "databases."


def _complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The databases there are."""
    try:
        known = Control(options.here()).send(calls.databases())
    except MeshdevError:
        return []
    names = (one.name.removeprefix(_PREFIX) for one in known)
    return [name for name in names if name.startswith(incomplete)]


@click.command()
@click.argument("name", required=False, shell_complete=_complete)
@options.json_option()
def command(*, name: str | None, as_json: bool) -> None:
    """List the databases: whose they are, who uses them, how much.

    With a NAME, that database alone with each service that connects and the statements that took longest, without
    their values. Rates are over ten seconds, the rest counts since the daemon started.
    """
    views = Control(options.here()).send(calls.databases(settled=True))
    if name is not None:
        views = [named(views, name, "database", _PREFIX)]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(views[0] if name is not None else views)))
        return
    unicode = terminal.unicode_on(sys.stdout)
    lines = render(views) if name is None else detail(views[0], unicode=unicode)
    click.echo("\n".join(lines))


def render(views: Sequence[DatabaseView]) -> list[str]:
    """The lines of the listing."""
    if not views:
        return ["no databases: the topology has no [databases.NAME]"]
    return columns(_HEAD, [_row(view) for view in views], right=_RIGHT)


def _row(view: DatabaseView) -> list[str]:
    requests = sum(one.requests for one in view.users)
    errors = sum(one.errors for one in view.users)
    p99 = max((one.p99_ms for one in view.users if one.p99_ms is not None), default=None)
    connections = sum(one.connections for one in view.users)
    told = [rate(sum(one.rps for one in view.users)), count(requests), _errors(errors), milliseconds(p99)]
    return [
        view.name.removeprefix(_PREFIX),
        view.engine or view.protocol,
        view.owner,
        ", ".join(_used_by(view.users)),
        str(connections) if connections else "",
        *(told if requests else ["", "", "", ""]),
        ", ".join(_notes(view)),
    ]


def _used_by(users: Iterable[DatabaseUserView]) -> Iterable[str]:
    for one in users:
        tone = "red" if one.denied else "yellow" if one.foreign or not one.declared else None
        yield click.style(one.service, fg=tone, dim=not one.requests and tone is None)


def _notes(view: DatabaseView) -> Iterable[str]:
    if view.exclusive:
        yield "exclusive"
    foreign = [one.service for one in view.users if one.foreign]
    if foreign:
        yield click.style(f"foreign: {', '.join(foreign)}", fg="yellow")
    if view.runs == "file":
        yield click.style("a file", dim=True)
    elif not view.read:
        yield click.style("connections only", dim=True)


def detail(view: DatabaseView, *, unicode: bool) -> list[str]:
    """One database: who uses it, then its statements."""
    lines = [" ".join(part for part in (view.engine or view.protocol, view.runs, view.path) if part)]
    if view.owner:
        lines.append(f"owner {view.owner}" + (", exclusive" if view.exclusive else ""))
    lines.append("")
    if view.runs == "file":
        lines += [f"used by {', '.join(one.service for one in view.users) or 'nobody'}"]
        lines += ["services open the file themselves: nothing of it passes an edge, nothing is measured"]
    elif view.users:
        lines += columns(_USERS_HEAD, [_user(one) for one in view.users], right=_RIGHT)
    else:
        lines.append("nobody uses it")
    if view.statements:
        shown = view.statements[:_MOST]
        rows = [_statement(one, unicode=unicode) for one in shown]
        lines += ["", *columns(_STATEMENTS_HEAD, rows, right=_RIGHT)]
        if len(view.statements) > len(shown):
            lines.append(click.style(f"and {len(view.statements) - len(shown)} more, in --json", dim=True))
    return lines


def _user(one: DatabaseUserView) -> list[str]:
    notes = []
    if one.denied:
        notes.append(click.style(f"denied: {one.denied}", fg="red"))
    if one.foreign:
        notes.append(click.style("foreign", fg="yellow"))
    if not one.declared:
        notes.append(click.style("undeclared", fg="yellow"))
    told = [rate(one.rps), count(one.requests), _errors(one.errors)]
    return [
        one.service,
        str(one.connections) if one.connections else "",
        *(told if one.requests else ["", click.style("unused", dim=True), ""]),
        milliseconds(one.p50_ms),
        milliseconds(one.p99_ms),
        ", ".join(notes),
    ]


def _statement(one: StatementView, *, unicode: bool) -> list[str]:
    text = one.text or "others"
    if len(text) > _WIDEST:
        more = "…" if unicode else "..."
        text = text[: _WIDEST - len(more)] + more
    return [
        count(one.count),
        click.style(count(one.refused), fg="yellow") if one.refused else "",
        _errors(one.errors) if one.errors else "",
        milliseconds(one.p50_ms),
        milliseconds(one.p99_ms),
        milliseconds(one.total_ms),
        one.service,
        "".join(sign if sign.isprintable() else " " for sign in text),
    ]


def _errors(number: int) -> str:
    return click.style(count(number), fg="red") if number else "0"
