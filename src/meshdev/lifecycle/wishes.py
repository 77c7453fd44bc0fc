"""Wishes: what the user (or a file, or a first call) wants. They change what is wanted; settling does the rest.

- A wish to have a service up (start, restart) is a wish to have what it needs up, too; and it is a fresh try: failures
  are forgotten, whatever had given up starts again.
- A start named for a service that is done (exited) runs it again; one for the whole system leaves what completed alone.
- A call is a wish, too, but only for what starts on demand and was not stopped by a wish: `stop` means that callers are
  turned away until it is started by name, or the whole system is.
- Once a shutdown is wanted, no other wish is heard: the daemon is about to go.
"""

from collections.abc import Iterable

from meshdev.lifecycle import reloads, runs
from meshdev.lifecycle.ledger import Ledger
from meshdev.lifecycle.model import (
    Called,
    Desired,
    Level,
    Notice,
    Phase,
    ReloadWanted,
    RestartWanted,
    ScaleWanted,
    ShutdownWanted,
    Sidelined,
    StartWanted,
    StopWanted,
    Urgency,
)
from meshdev.lifecycle.records import Node, Slot
from meshdev.lifecycle.table import IDLE
from meshdev.topology.model import StartMode

OUTDATED = -1  # older than any epoch: a new run takes this one's place


def refuse(ledger: Ledger) -> bool:
    """Whether wishes come too late; says so."""
    if ledger.urgency is not None:
        ledger.out.append(
            Notice("", "the system is shutting down: nothing is started or changed any more", Level.WARNING)
        )
    return ledger.urgency is not None


def known(ledger: Ledger, names: Iterable[str]) -> list[Node]:
    """The services of these names; a notice for each that is not there."""
    found = []
    for name in sorted(names):
        node = ledger.nodes.get(name)
        if node is None or node.removed:
            ledger.out.append(Notice(name, f"there is no service {name!r}", Level.WARNING))
        else:
            found.append(node)
    return found


def start(ledger: Ledger, event: StartWanted) -> None:
    """Up, with all that is needed."""
    if refuse(ledger):
        return
    named = [node.name for node in known(ledger, event.services)]
    wanted = named
    if not event.services:
        ledger.all_wanted = True
        wanted = [node.name for node in ledger.nodes.values() if starts_with_system(node)]
        for node in ledger.nodes.values():
            if node.stopped and node.spec.start is StartMode.ON_DEMAND:
                node.stopped = False
                ledger.changed(node)
    want_up(ledger, wanted, again=named)


def called(ledger: Ledger, event: Called) -> None:
    """Up, if calls start it."""
    node = ledger.nodes.get(event.service)
    if node is not None and node.wakes and ledger.urgency is None:
        ledger.notice(node, "starts: it is called")
        want_up(ledger, [node.name], again=[node.name])


def starts_with_system(node: Node) -> bool:
    """Whether a start of the whole system means this service."""
    return node.spec.start is StartMode.EAGER and not node.removed


def want_up(ledger: Ledger, names: Iterable[str], *, again: Iterable[str] = ()) -> None:
    """Want these and what they need; those in ``again`` run again even if they had completed."""
    again = set(again)
    for name in ledger.graph.closure(names):
        node = ledger.nodes[name]
        if not node.removed:
            node.desired = Desired.UP
            node.stopped = False
            for slot in node.slots:
                _try_anew(slot, again=name in again)
            ledger.changed(node)


def _try_anew(slot: Slot, *, again: bool) -> None:
    run = slot.current
    if run is None:
        return
    if run.phase in IDLE and (again or run.blocked or run.failed):
        run.epoch = OUTDATED
        slot.forgive()
    elif run.phase is Phase.STOPPING and run.failed:
        run.asked = True  # it is about to be tried again or to give up: start anew instead
        slot.forgive()


def stop(ledger: Ledger, event: StopWanted) -> None:
    """Down."""
    nodes = known(ledger, event.services)
    for node in nodes:
        want_down(ledger, node)
    for node in nodes:
        ledger.changed(node)


def want_down(ledger: Ledger, node: Node) -> None:
    """Not wanted any more; failures, suspension and a reload in hand are forgotten."""
    node.desired = Desired.DOWN
    node.stopped = True
    reloads.cancel(ledger, node, "stopped")
    reloads.lift(node)
    for slot in node.slots:
        slot.forgive()


def restart(ledger: Ledger, event: RestartWanted) -> None:
    """Fresh runs, whatever they are doing."""
    if refuse(ledger):
        return
    nodes = known(ledger, event.services)
    want_up(ledger, [node.name for node in nodes])
    for node in nodes:
        reloads.renew(ledger, node)
        ledger.notice(node, f"restarts: {event.cause}")
    for node in nodes:
        reloads.cascade(ledger, node)


def reload(ledger: Ledger, event: ReloadWanted) -> None:
    """New code."""
    if ledger.urgency is None:
        for node in known(ledger, [event.service]):
            reloads.request(ledger, node, event.files)


def scale(ledger: Ledger, event: ScaleWanted) -> None:
    """More or fewer slots; the highest go first."""
    if refuse(ledger):
        return
    for node in known(ledger, [event.service]):
        if event.replicas < 0:
            ledger.notice(node, f"cannot be scaled to {event.replicas}", Level.WARNING)
        else:
            node.replicas = event.replicas
            ledger.changed(node)


def sideline(ledger: Ledger, event: Sidelined) -> None:
    """Who counts as not ready, from now on."""
    for node in ledger.nodes.values():
        aside = node.name in event.services
        if aside is not node.sidelined:
            node.sidelined = aside
            ledger.changed(node)


def shutdown(ledger: Ledger, event: ShutdownWanted) -> None:
    """Everything down, harder than before if that is wanted."""
    if ledger.urgency is not None and event.urgency <= ledger.urgency:
        return
    ledger.urgency = event.urgency
    nodes = list(ledger.nodes.values())
    for node in nodes:
        want_down(ledger, node)
    for node in nodes:
        ledger.changed(node)
        for slot in node.slots:
            _press(ledger, slot)


def _press(ledger: Ledger, slot: Slot) -> None:
    for run in slot.runs():
        if run.phase is not Phase.STOPPING or run.killed:
            continue  # settling stops what is not stopping yet, as hard as is wanted
        if ledger.urgency is Urgency.KILL:
            runs.kill(ledger, run)
        elif ledger.urgency is Urgency.HURRY and run.deadline is not None:
            run.grace = min(run.grace, runs.HURRY)
            ledger.agenda.set(run, min(run.deadline, ledger.now + runs.HURRY))
