"""The system in a terminal without the dashboard: interleaved lines as Compose prints them, states in between.

One thread: it looks at the event stream, the log files and the signals in turn. Who owns the system (a foreground
``up`` that started it) holds the lease and ends the system when it is told to end: Ctrl-C or SIGTERM once gracefully,
twice in a hurry, three times by force; a closed terminal and a reader that has gone count as once. Who merely watches
(``attach``, an ``up`` on a running system) leaves it running.
"""

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import click

from meshdev.cli import goal, narrate, terminal
from meshdev.cli.ending import GRACEFUL, HURRY, KILL, Ending
from meshdev.cli.lineup import Lineup
from meshdev.cli.signals import Interrupts
from meshdev.cli.states import age
from meshdev.client.control import Control
from meshdev.client.stream import Follower
from meshdev.errors import DaemonError
from meshdev.storage.reader import LogReader, LogView

_POLL = 0.1  # seconds that a turn waits for events when no log line has come
_REMIND = 2.0  # seconds between two lines that say who is still stopping
_BACK_FILL = 20  # lines of before that somebody who attaches sees
_SAID = {
    GRACEFUL: "stopping; Ctrl-C again shortens the graces, a third time kills",
    HURRY: "stopping in a hurry; Ctrl-C again kills",
    KILL: "killing what is left",
}
READER_GONE = 141
BY_FORCE = 130


@dataclass(slots=True)
class _Paper:
    """Standard output, which may go away: ``gone`` says so, and nothing is raised."""

    colour: bool
    gone: bool = False

    def write(self, lines: Iterable[str]) -> None:
        """Print lines at once."""
        text = "".join(f"{line}\n" for line in lines)
        if self.gone or not text:
            return
        try:
            click.echo(text, nl=False, color=self.colour)
        except OSError:  # the reader of a pipe has left, or the terminal is closed
            self._leave()

    def look(self) -> None:
        """Find out whether it has gone, though there is nothing to write."""
        if not self.gone and terminal.reader_gone(sys.stdout):
            self._leave()

    def _leave(self) -> None:
        self.gone = True
        terminal.silence(sys.stdout)


class Foreground:
    """Prints the system until it is down, or until it is told to leave it."""

    def __init__(self, control: Control, interrupts: Interrupts, *, owned: bool) -> None:
        self._control = control
        self._interrupts = interrupts
        self._owned = owned
        self._follower = Follower(control)
        system = self._follower.mirror.system
        reader = LogReader(Path(system.log_dir))
        self._lineup = Lineup(self._follower.mirror.services)
        self._paper = _Paper(terminal.colour_on(sys.stdout))
        self._ending: Ending | None = None
        self._reminded = time.monotonic()
        self._since: dict[str, float] = {}
        self._view: LogView
        if owned:
            self._view = reader.open_at(0.0)
            empty = replace(self._follower.mirror, services={})
            self._say(narrate.changes(empty, self._follower.mirror))
        else:
            self._view = reader.open()
            self._paper.write(map(self._lineup.line, self._view.older(_BACK_FILL)[-_BACK_FILL:]))

    def run(self) -> int:
        """Until the end; the exit code. Raises DaemonError when the daemon is lost."""
        try:
            while not self._follower.ended:
                if not self._heed():
                    return READER_GONE if self._paper.gone else 0
                self._turn()
            self._print_logs()
        except DaemonError:
            if self._ending is None:
                self._print_logs()
                raise
        finally:
            self._follower.close()
            self._view.close()
        return self._gone()

    def _heed(self) -> bool:
        """Do what the signals ask; False when that is to leave."""
        self._paper.look()
        presses = self._interrupts.presses or int(self._interrupts.hung_up or self._paper.gone)
        if not presses:
            return True
        if not self._owned:
            self._own(f"{self._follower.mirror.system.name} is left running; `meshdev down` stops it")
            return False
        if self._ending is None:
            self._ending = Ending(self._control, self._follower)
        urgency = min(presses, KILL)
        if urgency > self._ending.urgency:
            self._own(_SAID[urgency], "yellow")
            self._ending.press(urgency)
        return True

    def _turn(self) -> None:
        busy = self._print_logs()
        before = self._follower.mirror
        events = self._follower.poll(0.0 if busy else _POLL)
        self._say(narrate.news(events, before, self._follower.mirror))
        if before.connected and not self._follower.mirror.connected and not self._follower.ended:
            self._own("the daemon does not answer; trying to reach it again", "red")
        elif self._follower.mirror.connected and not before.connected:
            self._own("the daemon answers again", "green")
        if self._follower.mirror.system.shutting_down is not None:
            self._remind()

    def _say(self, lines: Iterable[narrate.Line]) -> None:
        self._paper.write(self._lineup.own(str(line), line.colour) for line in lines)

    def _print_logs(self) -> bool:
        """Print what has come; whether there may be more."""
        batches = self._view.newer_batches()
        self._paper.write(self._lineup.line(line) for batch in batches for line in batch.lines())
        return bool(batches)

    def _remind(self) -> None:
        """Now and then, who is still stopping, why, and for how long."""
        now = time.monotonic()
        pending = goal.down(self._follower.mirror, frozenset()).pending
        self._since = {name: self._since.get(name, now) for name in pending}
        if now - self._reminded < _REMIND or not pending:
            return
        self._reminded = now
        for name, reason in pending.items():
            self._own(f"still waiting for {name} ({reason}), {age(now - self._since[name])}", "yellow")

    def _gone(self) -> int:
        name = self._follower.mirror.system.name
        if self._ending is None:
            self._own(f"{name} was shut down")
            return 0
        self._ending.wait_gone()
        self._own(f"{name} is down")
        if self._paper.gone:
            return READER_GONE
        return BY_FORCE if self._ending.urgency == KILL else 0

    def _own(self, text: str, colour: str = "") -> None:
        self._paper.write([self._lineup.own(text, colour)])
