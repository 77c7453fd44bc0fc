"""``meshdev record start``, ``stop``, ``save-last``: what the running mesh keeps."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from meshdev.cli import options
from meshdev.cli.record.library import library_of
from meshdev.client import calls, recording_calls
from meshdev.client.control import Control
from meshdev.errors import MeshdevError, UsageError
from meshdev.kernel.quantity import format_count, format_duration, format_size
from meshdev.traffic.faults.typed import match_of
from meshdev.wire.recording_views import RecordingView, RecordRequest, SaveLastRequest

F = TypeVar("F", bound=Callable[..., Any])


def _complete_edge(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    try:
        edges = Control(options.here()).send(calls.edges(), timeout=0.5)
    except MeshdevError:
        return []
    names = dict.fromkeys(f"{edge.caller} -> {edge.callee}" for edge in edges)
    return [name for name in names if name.startswith(incomplete)]


def _complete_active(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    try:
        views = Control(options.here()).send(recording_calls.recordings(), timeout=0.5).active
    except MeshdevError:
        return []
    return [view.name for view in views if view.name.startswith(incomplete)]


def _what(function: F) -> F:
    """The options that say what belongs to a recording."""
    wrappers = (
        click.option(
            "--edge",
            "edges",
            multiple=True,
            metavar="EDGE",
            shell_complete=_complete_edge,
            help="Only this edge, 'orders -> payments'; * stands for any. May be repeated.",
        ),
        click.option(
            "--service",
            "services",
            multiple=True,
            metavar="SERVICE",
            shell_complete=options.complete_service,
            help="Only the edges from and to this service. May be repeated.",
        ),
        click.option(
            "--match",
            "matches",
            multiple=True,
            metavar="WHAT=PATTERN",
            help="Only such requests: method=POST, path=/charges/*, header.NAME=PATTERN.",
        ),
        click.option(
            "--no-redact", is_flag=True, help="Keep secrets as they are. They will be on your disk."
        ),
        options.json_option(),
    )
    for wrap in reversed(wrappers):
        function = wrap(function)
    return function


@click.command()
@click.argument("name", required=False, default="")
@_what
def start(
    *,
    name: str,
    edges: tuple[str, ...],
    services: tuple[str, ...],
    matches: tuple[str, ...],
    no_redact: bool,
    as_json: bool,
) -> None:
    """Record from now on, until `record stop`: everything, or what the options say.

    Without a NAME it is called by the time. Every call that begins after this command is in it.
    """
    request = RecordRequest(
        name=name, edges=list(edges), services=list(services), match=match_of(matches), redact=not no_redact
    )
    view = Control(options.here()).send(recording_calls.start(request))
    if as_json:
        click.echo(_json(view))
        return
    click.echo(f"recording {view.name}: {', '.join(view.edges) or 'all edges'}")
    if not view.redacted:
        click.echo(click.style("secrets are kept as they are", fg="yellow"))
    click.echo(f"`meshdev record stop {view.name}` closes it")
    _noted(view)


def _noted(view: RecordingView) -> None:
    for note in view.notes:
        click.echo(click.style(note, fg="yellow"), err=True)


@click.command()
@click.argument("name", required=False, shell_complete=_complete_active)
@options.json_option()
def stop(*, name: str | None, as_json: bool) -> None:
    """Close a recording; everything from before is in it. NAME may be left out when there is just one."""
    control = Control(options.here())
    if name is None:
        active = control.send(recording_calls.recordings()).active
        if len(active) != 1:
            names = ", ".join(view.name for view in active)
            raise UsageError(
                "nothing is being recorded" if not active else "which one?",
                hint=f"being recorded: {names}" if active else "`meshdev record start` begins one",
            )
        name = active[0].name
    _told(control.send(recording_calls.stop(name)), as_json=as_json)


@click.command("save-last")
@click.argument("seconds", type=options.DURATION, metavar="TIME", default=300.0)
@click.argument("name", required=False, default="")
@_what
def save_last(
    *,
    seconds: float,
    name: str,
    edges: tuple[str, ...],
    services: tuple[str, ...],
    matches: tuple[str, ...],
    no_redact: bool,
    as_json: bool,
) -> None:
    """Save what passed in the last TIME (such as 5m), as far as the mesh still has it: a few megabytes an edge."""
    request = SaveLastRequest(
        name=name,
        edges=list(edges),
        services=list(services),
        match=match_of(matches),
        redact=not no_redact,
        seconds=seconds,
    )
    project = options.here()
    view = Control(project).send(recording_calls.save_last(request))
    if not view.exchanges and not view.trouble:
        library_of(project).remove(view.name)  # an empty one would only be in the way
        of = ", ".join((*edges, *services)) or "any edge"
        raise UsageError(
            f"nothing passed in the last {format_duration(seconds)} over {of}"
            + (" that matches" if matches else ""),
            hint="make a call and ask again; `meshdev traffic` shows what passes",
        )
    _told(view, as_json=as_json)


def _told(view: RecordingView, *, as_json: bool) -> None:
    if as_json:
        click.echo(_json(view))
        return
    click.echo(f"{view.name}: {format_count(view.exchanges, 'call')}, {format_size(view.bytes)}")
    if view.lost:
        click.echo(click.style(f"{view.lost} calls were lost: the recorder was too slow", fg="yellow"))
    if view.trouble:
        click.echo(click.style(view.trouble, fg="red"))
    click.echo(f"`meshdev record show {view.name}` shows them")
    _noted(view)


def _json(view: object) -> str:
    return msgspec.json.format(msgspec.json.encode(view)).decode()
