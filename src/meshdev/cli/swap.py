"""``meshdev swap``: have a recording, or what runs elsewhere, play a service, or itself run in another way."""

import click

from meshdev.cli import options
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.topology.recordings import OnMiss
from meshdev.wire.control import ServiceView
from meshdev.wire.swap import SwapRequest

_SLACK = 0.05  # seconds by which the same moment may be told differently
_WORDS = ("process", "container", "stub", "url:http://", "file")
_RECORDING = "recording:"


def _complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """``recording:NAME`` for each recording there is, and the other words."""
    found = [f"{_RECORDING}{name}" for name in _recordings()]
    if incomplete.startswith(_RECORDING) and "," in incomplete:
        before = incomplete.rpartition(",")[0]
        found = [f"{before},{name}" for name in _recordings() if name not in before]
    return [word for word in (*found, *_WORDS) if word.startswith(incomplete)]


def _recordings() -> list[str]:
    from meshdev.cli.record.library import library_of
    from meshdev.errors import MeshdevError

    try:
        return library_of(options.here()).names()
    except (MeshdevError, OSError):
        return []


@click.command()
@options.service_argument()
@click.option(
    "--with",
    "target",
    required=True,
    metavar="WHOM",
    shell_complete=_complete,
    help="recording:NAME[,NAME2], stub (the file's), url:http://…, container or process (as a profile has it),"
    " or file (as the file says).",
)
@click.option("--timing", metavar="TIMING", help="Of a recording: fast, recorded, x2.")
@click.option(
    "--on-miss", type=click.Choice([item.value for item in OnMiss]), help="What was not recorded (fail)."
)
@click.option("--url", metavar="URL", help="Where misses go.")
@click.option("--no-wait", is_flag=True, help="Return at once instead of when it has changed over.")
@options.timeout_option()
def command(
    *,
    service: str,
    target: str,
    timing: str | None,
    on_miss: str | None,
    url: str | None,
    no_wait: bool,
    timeout: float,
) -> None:
    """Have somebody else play a service, without failing a request.

    The new one is started beside the old one; traffic moves when it is ready. It stays so over `meshdev up`, until
    `--with file` or the end of the system.
    """
    control = Control(options.here())
    known = control.send(calls.services())
    since = next(
        (view.last_reload.at for view in known if view.name == service and view.last_reload is not None), 0.0
    )
    request = SwapRequest(target=target, timing=timing, on_miss=on_miss, url=url)
    swapped = control.send(calls.swap(service, request))
    if not swapped.changed:
        click.echo(f"{service} {_played(swapped.service)} already")
        return
    if swapped.service.desired != "up":
        click.echo(f"{service} is down; it {_played(swapped.service)} when it starts")
        return
    if no_wait:
        return
    from meshdev.cli import waiting

    mirror = waiting.until_swapped(control, service, since=since + _SLACK, timeout=timeout)
    click.echo(f"{service} {_played(mirror.services[service])}")


def _played(view: ServiceView) -> str:
    if view.stand_in in ("process", "container"):
        return f"runs as a {view.stand_in}"
    return f"is played by {view.stand_in}" if view.stand_in else "runs as the file says"
