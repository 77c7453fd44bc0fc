"""How a running system is shown: the dashboard on a terminal, plain lines elsewhere or when asked for, or a browser.

What becomes of the system afterwards is the same for all: `visit`.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Self

import click

from meshdev.cli.signals import Interrupts
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.tui import haste
from meshdev.tui.outcome import Outcome

if TYPE_CHECKING:
    from meshdev.cli.in_browser import InBrowser

_CRASHED = 70


def show(
    control: Control,
    interrupts: Interrupts,
    *,
    owned: bool,
    plain: bool,
    browser: "InBrowser | None" = None,
) -> int:
    """Show the system until it is down or left; ``owned``: this command started it and ends it. The exit code.

    ``interrupts`` is entered already: what was pressed while the system was being started counts.
    """
    pressed = interrupts.presses or interrupts.hung_up
    if browser is not None and not pressed:
        from meshdev.cli import in_browser

        return in_browser.show(control, interrupts, browser, owned=owned)
    if plain or pressed or not _can_draw():
        from meshdev.cli.foreground import Foreground

        return Foreground(control, interrupts, owned=owned).run()
    haste.hurry()
    from meshdev.tui.launch import run

    return visit(control, interrupts, lambda: run(control.project, owner=owned), owned=owned)


def warm_up(*, plain: bool) -> None:
    """Read the dashboard's modules while the daemon starts, if it is they that will show the system."""
    if not plain and _can_draw():
        haste.hurry()
        threading.Thread(target=_import_dashboard, name="meshdev-imports", daemon=True).start()


def _import_dashboard() -> None:
    with contextlib.suppress(Exception):  # whoever imports it in earnest is told
        haste.read_ahead()


def visit(control: Control, interrupts: Interrupts, run: Callable[[], Outcome], *, owned: bool) -> int:
    """``run`` the dashboard, then do for the system what its outcome, or a signal meanwhile, says; the exit code."""
    from meshdev.cli.ending import tool_pids, wait_ended

    outcome = Outcome.LEAVE
    pids: list[int] = []
    asking = threading.Thread(
        target=lambda: pids.extend(tool_pids(control)), name="meshdev-pids", daemon=True
    )
    asking.start()  # beside the first picture, which need not wait for it
    with _Unwinding() as unwinding:
        if interrupts.presses or interrupts.hung_up:  # while the dashboard's modules were being imported
            unwinding.asked = True
        else:
            try:
                outcome = run()
            except KeyboardInterrupt:
                unwinding.asked = True
    if unwinding.asked:
        outcome = Outcome.STOP if owned else Outcome.LEAVE
    match outcome:
        case Outcome.STOP:
            from meshdev.cli.shutdown import bring_down

            done = bring_down(control)
            asking.join()
            wait_ended(pids)  # the dashboard may have seen the system down already, but not the daemon gone
            for what in done or ["the system is down"]:
                click.echo(what)
            return 0
        case Outcome.LEAVE | Outcome.CRASHED:
            if owned:
                control.send(calls.release_lease())
            click.echo("the system is left running; `meshdev attach` shows it, `meshdev down` stops it")
            return _CRASHED if outcome is Outcome.CRASHED else 0


class _Unwinding:
    """While the dashboard is up, SIGINT, SIGTERM and SIGHUP end it in order, so that the terminal is put right again.

    The event loop turns SIGINT into a cancellation of the dashboard; the others become one. All are remembered in
    ``asked``: who owns the system ends it then, who watches leaves.
    """

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> Self:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # the terminal may be gone; what follows sets its own

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if not self.asked:
            self.asked = True
            signal.raise_signal(signal.SIGINT)


def _can_draw() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
