"""``meshdev record list``, ``show``, ``rm``: what is on the disk; no daemon is needed."""

import time
from collections.abc import Mapping
from dataclasses import replace

import click
import msgspec

from meshdev.cli import options
from meshdev.cli.record.library import complete_recording, library_of
from meshdev.cli.record.lines import details, line
from meshdev.cli.table import columns
from meshdev.client import recording_calls
from meshdev.client.control import Control
from meshdev.client.project import Project
from meshdev.errors import MeshdevError, UsageError
from meshdev.kernel.quantity import format_count, format_size
from meshdev.recording.plain import plain
from meshdev.recording.protobuf.codec import Codecs
from meshdev.recording.view import view_of
from meshdev.storage.recordings.library import Library, Summary
from meshdev.wire.recording_views import RecordingView

_HEAD = ("NAME", "CALLS", "SIZE", "MADE", "OF", "NOTE")
_RIGHT = frozenset({"CALLS", "SIZE"})
_SHORT = 8


@click.command("list")
@options.json_option()
def list_(*, as_json: bool) -> None:
    """List the recordings of this project, those that are being made marked as such."""
    project = options.here()
    library = library_of(project)
    active = _active(project)
    summaries, unreadable = _summaries(library, active)
    if as_json:
        told = [
            {
                **msgspec.to_builtins(one.meta),
                "exchanges": one.exchanges,
                "bytes": one.bytes,
                "lost": one.lost,
                "torn": one.torn,
                "recording": one.meta.name in active,
            }
            for one in summaries
        ]
        click.echo(msgspec.json.format(msgspec.json.encode(told)))
    elif not summaries and not unreadable:
        click.echo("no recordings: `meshdev record start NAME` makes one, `meshdev record save-last 5m` too")
    elif summaries:
        rows = [_row(one, recording=one.meta.name in active) for one in summaries]
        for text in columns(_HEAD, rows, right=_RIGHT):
            click.echo(text)
    for text in unreadable:
        click.echo(click.style(text, fg="yellow"), err=True)


def _active(project: Project) -> dict[str, RecordingView]:
    """What is being recorded now, by name; nothing when no daemon is there to ask."""
    try:
        return {view.name: view for view in Control(project).send(recording_calls.recordings()).active}
    except MeshdevError:
        return {}


def _summaries(library: Library, active: Mapping[str, RecordingView]) -> tuple[list[Summary], list[str]]:
    """All that can be read, those that were cut off counted; and a sentence for each that cannot."""
    summaries, unreadable = [], []
    for name in library.names():
        try:
            one = library.summary(name)
            if name in active:
                one = replace(one, exchanges=active[name].exchanges)
            elif one.exchanges is None:
                one = library.counted(one)
        except (MeshdevError, OSError) as error:
            unreadable.append(str(error))
            continue
        summaries.append(one)
    return summaries, unreadable


def _row(one: Summary, *, recording: bool) -> list[str]:
    meta = one.meta
    notes = []
    if recording:
        notes.append(click.style("● recording", fg="red"))
    elif meta.ended is None and meta.source == "recorded":
        notes.append(click.style("not closed in order", fg="yellow"))
    if one.torn:
        notes.append(click.style(f"torn end: {one.torn} bytes left out", fg="yellow"))
    if one.lost:
        notes.append(click.style(f"{one.lost} lost", fg="yellow"))
    if not meta.redacted:
        notes.append(click.style("with secrets", fg="yellow"))
    if meta.source != "recorded":
        notes.append(f"from {meta.source}")
    if meta.provenance.revision:
        notes.append(meta.provenance.revision[:_SHORT] + ("+" if meta.provenance.dirty else ""))
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(meta.created))
    of = ", ".join(meta.edges) or "all edges"
    return [
        meta.name,
        str(one.exchanges or 0),
        format_size(one.bytes),
        made,
        f"{of} {meta.match}".strip(),
        ", ".join(notes),
    ]


@click.command()
@click.argument("name", shell_complete=complete_recording)
@click.argument("ids", nargs=-1, metavar="[CALL]...")
@click.option("--filter", "expression", default="", metavar="EXPR", help="As in `meshdev traffic --filter`.")
@options.json_option()
def show(*, name: str, ids: tuple[str, ...], expression: str, as_json: bool) -> None:
    """Show the calls of a recording; with a CALL (its number in the list), all of it: headers, bodies, messages."""
    from meshdev.telemetry.exchange_filter import parse_filter

    recording = library_of(options.here()).open(name)
    wanted = parse_filter(expression)
    exchanges = [one for one in recording.exchanges if (not ids or one.id in ids) and wanted(view_of(one))]
    if ids and not exchanges:
        raise UsageError(
            f"{name} has no call {', '.join(ids)}",
            hint=f"`meshdev record show {name}` lists what it has: {format_count(len(recording.exchanges), 'call')}",
        )
    codecs = Codecs(recording.descriptors)
    if as_json:
        told = [plain(one, codecs.decode) for one in exchanges]
        click.echo(msgspec.json.format(msgspec.json.encode(told)))
        for note in recording.notes:
            click.echo(note, err=True)
        return
    if ids:
        click.echo("\n\n".join("\n".join(details(one, codecs.decode)) for one in exchanges))
        if codecs.missing:
            click.echo(click.style(codecs.missing, fg="yellow"), err=True)
        return
    for one in exchanges:
        click.echo(line(one))
    if not exchanges:
        of = f" (of {format_count(len(recording.exchanges), 'call')})" if recording.exchanges else ""
        click.echo(f"no calls{of}", err=True)
    for note in recording.notes:
        click.echo(click.style(note, fg="yellow"))


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_recording)
def rm(*, names: tuple[str, ...]) -> None:
    """Remove recordings for good."""
    project = options.here()
    library = library_of(project)
    names = tuple(dict.fromkeys(names))
    for name in names:
        library.summary(name)  # an unknown one is told before any is gone
    active = _active(project)
    for name in names:
        if name in active:
            raise UsageError(f"{name} is being recorded", hint=f"`meshdev record stop {name}` first")
    for name in names:
        library.remove(name)
        click.echo(f"{name} is gone")
