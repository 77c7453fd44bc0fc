"""How a running system is shown: the dashboard on a terminal, plain lines elsewhere or when asked for."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from meshdev.cli.signals import Interrupts
from meshdev.client import calls
from meshdev.client.control import Control

_CRASHED = 70


def show(control: Control, interrupts: Interrupts, *, owned: bool, plain: bool) -> int:
    """Show the system until it is down or left; ``owned``: this command started it and ends it. The exit code.

    ``interrupts`` is entered already: what was pressed while the system was being started counts.
    """
    if plain or interrupts.presses or not _can_draw():
        from meshdev.cli.foreground import Foreground

        return Foreground(control, interrupts, owned=owned).run()
    return _dashboard(control, owned=owned)


def _dashboard(control: Control, *, owned: bool) -> int:
    from meshdev.tui.app import run
    from meshdev.tui.outcome import Outcome

    outcome = Outcome.STOP if owned else Outcome.LEAVE
    try:
        with _signals_unwind():
            outcome = run(control.project, owner=owned)
    except KeyboardInterrupt:  # SIGTERM, SIGHUP: who owns the system ends it, who watches leaves
        pass
    match outcome:
        case Outcome.STOP:
            from meshdev.cli.shutdown import bring_down

            for what in bring_down(control):
                click.echo(what)
            return 0
        case Outcome.LEAVE | Outcome.CRASHED:
            if owned:
                control.send(calls.release_lease())
            click.echo("the system is left running; `meshdev attach` shows it, `meshdev down` stops it")
            return _CRASHED if outcome is Outcome.CRASHED else 0


@contextmanager
def _signals_unwind() -> Iterator[None]:
    """While the dashboard is up, signals end it in order, so that the terminal is put right again.

    The event loop turns SIGINT into a cancellation of the dashboard; the others become one.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)

    wanted = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: interrupt,
        signal.SIGHUP: interrupt,
    }
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _can_draw() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
