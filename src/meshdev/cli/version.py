"""``meshdev version``: of this command, and of the daemon if one runs."""

import platform

import click
import msgspec

from meshdev import __version__
from meshdev.cli import options
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.errors import MeshdevError
from meshdev.wire.control import API_VERSION, VersionView


@click.command()
@options.json_option()
def command(*, as_json: bool) -> None:
    """Print the versions of this command and of the running daemon."""
    daemon = _daemon()
    if as_json:
        mine = {
            "meshdev": __version__,
            "api": API_VERSION,
            "python": platform.python_version(),
            "daemon": daemon,
        }
        click.echo(msgspec.json.format(msgspec.json.encode(mine)))
        return
    click.echo(f"meshdev {__version__} (API {API_VERSION}, Python {platform.python_version()})")
    if daemon is None:
        click.echo("no daemon runs here")
        return
    differs = "" if daemon.api == API_VERSION else ": another API; `meshdev down`, then `meshdev up`"
    click.echo(
        f"daemon {daemon.meshdev} (API {daemon.api}, pid {daemon.pid}, system {daemon.system}){differs}"
    )


def _daemon() -> VersionView | None:
    try:
        return Control(options.here()).send(calls.version())
    except MeshdevError:
        return None
