"""``meshdev down``: stop the system and see it gone."""

import click

from meshdev.cli import options
from meshdev.client.control import Control
from meshdev.client.project import Presence, absence

_SETTLE = 3.0  # seconds for a daemon that starts or stops to show itself


@click.command()
@options.timeout_option(60.0)
@click.option("--volumes", is_flag=True, help="Remove the named volumes of its containers, too.")
def command(*, timeout: float, volumes: bool) -> None:
    """Stop the system and wait until nothing of it is left.

    Each service has its own grace; whoever is left after --timeout is killed. Ctrl-C shortens the graces, a second one
    kills. A daemon that hangs or was killed is cleared away, with all that it left. Named volumes stay unless
    --volumes is given.
    """
    from meshdev.cli.ending import end_hung, eventually, sweep_up
    from meshdev.cli.shutdown import bring_down

    project = options.here()
    presence = project.presence()
    if presence is Presence.FOREIGN:
        raise absence(project)
    if presence is Presence.MUTE:
        eventually(lambda: project.presence() is not Presence.MUTE, _SETTLE)
        presence = project.presence()
    done: list[str] = []
    if presence is Presence.ALIVE:
        done += bring_down(Control(project), timeout)
    elif presence is Presence.MUTE:
        done += end_hung(project)
    done += sweep_up(project, volumes=volumes)
    for what in done or [f"nothing runs for {project.root}"]:
        click.echo(what)
