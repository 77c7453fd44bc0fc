"""Seeing a shutdown through: who is still there and why, harder with every Ctrl-C, by force when the time is over."""

import time

from meshdev.cli import narrate, terminal
from meshdev.cli.ending import GRACEFUL, HANGING, HURRY, KILL, Ending, end_hung
from meshdev.cli.progress import Progress
from meshdev.cli.signals import Interrupts
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.client.project import Presence
from meshdev.client.stream import Follower
from meshdev.errors import DaemonError, MeshdevError, ServiceError

TIMEOUT = 60.0  # seconds of grace for everybody, whatever a service's own grace is
_LAST = 10.0  # seconds from SIGKILL to the end of our patience
_POLL = 0.1
_HOW = {GRACEFUL: "", HURRY: " in a hurry", KILL: " by force"}


def bring_down(control: Control, timeout: float = TIMEOUT) -> list[str]:
    """Shut the system down and wait until nothing of it is left; says what was done.

    Raises ServiceError when something outlives even SIGKILL, KeyboardInterrupt at the fourth Ctrl-C.
    """
    try:
        control.send(calls.version(), timeout=HANGING)
        follower = Follower(control)
    except DaemonError as error:
        if control.project.presence() in (Presence.ABSENT, Presence.STALE):
            return []
        terminal.warning_line(error.message)
        return end_hung(control.project)
    name = follower.mirror.system.name
    ending = Ending(control, follower)
    begun = time.monotonic()
    try:
        with Interrupts() as interrupts, Progress(f"stopping {name}") as progress:
            _watch(ending, progress, interrupts, begun + timeout)
    finally:
        follower.close()
    if not ending.wait_gone() and control.project.presence() is Presence.MUTE:
        return end_hung(control.project)
    return [f"{name} is down{_HOW[ending.urgency]} ({time.monotonic() - begun:.1f} s)"]


def _watch(ending: Ending, progress: Progress, interrupts: Interrupts, deadline: float) -> None:
    """Show who blocks until the stream ends; kill what is left when the time is over."""
    while not ending.follower.ended:
        if interrupts.presses > KILL - GRACEFUL:
            raise KeyboardInterrupt
        ending.press(GRACEFUL + interrupts.presses)
        try:
            _look(ending, progress)
        except MeshdevError:
            return  # it went without a word, and is gone all the same
        if time.monotonic() > deadline:
            if ending.urgency == KILL:
                blockers = ", ".join(ending.outcome().pending) or "the daemon"
                raise ServiceError(
                    f"still there after SIGKILL: {blockers}", hint="`meshdev down` again sweeps"
                )
            progress.say("the time is over: killing what is left", "yellow")
            ending.press(KILL)
            deadline = time.monotonic() + _LAST


def _look(ending: Ending, progress: Progress) -> None:
    before = ending.follower.mirror
    events = ending.follower.poll(_POLL)
    for line in narrate.news(events, before, ending.follower.mirror):
        progress.tell(line)
    outcome = ending.outcome()
    progress.update(len(outcome.reached), len(outcome.reached) + len(outcome.pending), outcome.pending)
