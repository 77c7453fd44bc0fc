"""``meshdev replay``: the requests of a recording sent again, as a comparison or as load."""

import asyncio
import math
import sys

import click
import msgspec

from meshdev.cli import options
from meshdev.cli.record.library import complete_recording, with_calls
from meshdev.cli.speed import SPEED
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.client.project import Project
from meshdev.errors import UsageError
from meshdev.recording.model import Recording
from meshdev.replaying.outcome import Outcome
from meshdev.wire.control import ServiceView

DIFFERENT = 1
_URL = "url:"


@click.command()
@click.argument("name", metavar="RECORDING", shell_complete=complete_recording)
@click.option(
    "--to",
    "target",
    required=True,
    metavar="SERVICE",
    shell_complete=options.complete_service,
    help="Who gets the requests that were made to this service.",
)
@click.option(
    "--at", "url", metavar="URL", help="Where that service is, if it is none of the running system."
)
@click.option(
    "--against",
    metavar="WHOM",
    shell_complete=options.complete_service,
    help="A second one that gets the same: a service, or url:http://…; their answers are compared.",
)
@click.option(
    "--speed",
    type=SPEED,
    default=math.inf,
    show_default="one after the other",
    metavar="SPEED",
    help="As they came: x1 at the recorded pace, x10 ten times as fast.",
)
@click.option("--edge", "edges", multiple=True, metavar="EDGE", help="Only what came over this edge.")
@click.option(
    "--header", "headers", multiple=True, metavar="NAME:VALUE", help="Stands in for the recorded one."
)
@options.json_option()
def command(
    *,
    name: str,
    target: str,
    url: str | None,
    against: str | None,
    speed: float,
    edges: tuple[str, ...],
    headers: tuple[str, ...],
    as_json: bool,
) -> None:
    """Send the requests of a RECORDING to a service again and compare the answers with the recorded ones.

    Ids that the service gives out now go into the requests that follow; times, ids and secrets are no differences.
    Exit code 0 when everything was as recorded, 1 when something differs.
    """
    from meshdev.replaying.prepared import address, given_url

    project = options.here()
    url = given_url(url) if url is not None else None
    recording = with_calls(project, name)
    views = (
        []
        if url and (against is None or against.startswith(_URL))
        else Control(project).send(calls.services())
    )
    outcome = replayed(
        project,
        recording,
        target,
        url or address(views, target),
        against=None if against is None else _other(views, against),
        speed=speed,
        edges=edges,
        headers=headers,
    )
    tell(outcome, as_json=as_json)
    if not outcome.same:
        raise click.exceptions.Exit(DIFFERENT)


def replayed(
    project: Project,
    recording: Recording,
    service: str,
    url: str,
    *,
    against: str | None = None,
    speed: float = math.inf,
    edges: tuple[str, ...] = (),
    headers: tuple[str, ...] = (),
) -> Outcome:
    """Send the calls to ``service`` to ``url``. Raises MeshdevError."""
    from meshdev.recording.redaction import Redactor
    from meshdev.replaying.prepared import prepared
    from meshdev.replaying.sender import Sender
    from meshdev.storage.recordings.key import redaction_key

    given = dict(_header(text) for text in headers)
    session = prepared(
        recording,
        service,
        Redactor(key=redaction_key(project.paths.redaction_key)).text,
        _progress if sys.stderr.isatty() else lambda _done, _all: None,
        edges=edges,
        speed=speed,
    )
    other = None if against is None else Sender(against, given)
    try:
        return asyncio.run(session.run(Sender(url, given), other))
    except KeyboardInterrupt:
        click.echo(
            f"\ninterrupted: {session.ended} of {len(session.chosen.exchanges)} were answered", err=True
        )
        raise


def tell(outcome: Outcome, *, as_json: bool) -> None:
    """Print it."""
    from meshdev.replaying.outcome import lines

    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(outcome)))
        return
    for line in lines(outcome):
        click.echo(line)


def _other(views: list[ServiceView], against: str) -> str:
    from meshdev.replaying.prepared import address, given_url

    if against.startswith(_URL):
        return given_url(against.removeprefix(_URL))
    return address(views, against)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise UsageError(f"--header {text!r}", hint="--header 'authorization: Bearer …'")
    return name.strip(), value.strip()


def _progress(done: int, of: int) -> None:
    click.echo(f"\r{done}/{of}" + ("\r" + " " * 20 + "\r" if done == of else ""), nl=False, err=True)
