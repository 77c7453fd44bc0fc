"""``meshdev events``: what happens, as it happens."""

import sys
import time

import click
import msgspec

from meshdev.cli import narrate, options, terminal
from meshdev.client.control import Control
from meshdev.client.stream import Follower

_POLL = 1.0


@click.command()
@options.json_option()
def command(*, as_json: bool) -> None:
    """Show what happens, as it happens, until the system goes down or Ctrl-C.

    With --json, one event of the control API a line.
    """
    follower = Follower(Control(options.here()))
    try:
        while not follower.ended:
            if terminal.reader_gone(sys.stdout):
                raise BrokenPipeError
            before = follower.mirror
            for event in follower.poll(_POLL):
                if as_json:
                    click.echo(msgspec.json.encode(event))
                    continue
                mirror = before.apply(event)
                for line in narrate.news([event], before, mirror):
                    _say(event.at, line)
                before = mirror
    finally:
        follower.close()


def _say(at: float, line: narrate.Line) -> None:
    clock = time.strftime("%H:%M:%S", time.localtime(at))
    click.echo(f"{clock} {click.style(str(line), fg=line.colour or None)}")
