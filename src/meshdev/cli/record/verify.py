"""``meshdev record verify``: is a recording still true?"""

import time

import click
import msgspec

from meshdev.cli import options
from meshdev.cli.record.library import complete_recording, with_calls
from meshdev.cli.replay import DIFFERENT, replayed
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.kernel.quantity import format_duration


@click.command()
@click.argument("name", shell_complete=complete_recording)
@click.option(
    "--service",
    "services",
    multiple=True,
    metavar="SERVICE",
    shell_complete=options.complete_service,
    help="Only these; else those that were called from outside, or all when there are none.",
)
@click.option(
    "--max-age", type=options.DURATION, metavar="TIME", help="An older recording is stale, whatever it says."
)
@click.option(
    "--header", "headers", multiple=True, metavar="NAME:VALUE", help="Stands in for the recorded one."
)
@options.json_option()
def verify(
    *, name: str, services: tuple[str, ...], max_age: float | None, headers: tuple[str, ...], as_json: bool
) -> None:
    """Send the requests of a recording to the live services and tell what has changed since, by route and field.

    Learnt noise (times, ids, counters) is no change. Exit code 0 when the recording is still true, 1 when it is stale.
    """
    from meshdev.replaying.chosen import entry_services
    from meshdev.replaying.outcome import lines
    from meshdev.replaying.prepared import address

    project = options.here()
    recording = with_calls(project, name)
    views = Control(project).send(calls.services())
    outcomes = [
        replayed(project, recording, service, address(views, service), headers=headers)
        for service in (services or entry_services(recording))
    ]
    age = time.time() - (recording.meta.ended or recording.meta.created)
    too_old = max_age is not None and age > max_age
    if as_json:
        told = {
            "recording": name,
            "age": round(age, 1),
            "too_old": too_old,
            "stale": too_old or not all(outcome.same for outcome in outcomes),
            "outcomes": outcomes,
        }
        click.echo(msgspec.json.format(msgspec.json.encode(told)))
    else:
        for outcome in outcomes:
            click.echo("\n".join(lines(outcome)))
        if too_old:
            click.echo(f"{name} is {format_duration(age)} old, older than {format_duration(max_age or 0)}")
    if too_old or not all(outcome.same for outcome in outcomes):
        raise click.exceptions.Exit(DIFFERENT)
