"""Settling: compare what a service is with what is wanted of it, and take the next steps.

Wishes and facts only change the books; this is the one place that decides what follows, always from the books as they
are, never from the way they came about. So a wish that comes in the middle of anything needs no special case: the last
one is what is settled for.
"""

from meshdev.lifecycle import reloads, runs
from meshdev.lifecycle.conditions import Standing, blocked_text, blocker
from meshdev.lifecycle.ledger import Ledger
from meshdev.lifecycle.model import Health, Level, Phase, Route, Urgency
from meshdev.lifecycle.records import Node, Run, Slot
from meshdev.lifecycle.table import IDLE, Cause


def settle(ledger: Ledger, node: Node) -> None:
    """Take this service as far towards what is wanted as it goes without further facts."""
    while node.up and len(node.slots) < node.replicas:
        node.slots.append(Slot(len(node.slots)))
    for slot in node.slots:
        if node.wants(slot):
            _forward(ledger, node, slot)
        else:
            _backward(ledger, node, slot)
    reloads.advance(ledger, node)
    while len(node.slots) > node.replicas and not node.slots[-1].live:
        node.slots.pop()
    _route(ledger, node)
    if node.removed and not node.live and node.building is None:
        ledger.forget(node)


def _forward(ledger: Ledger, node: Node, slot: Slot) -> None:
    """Towards one ready run of this epoch."""
    if slot.candidate is not None and node.reloading is None:
        runs.retire(ledger, slot, slot.candidate)
    run = slot.current
    if run is not None and run.live:
        if run.epoch == node.epoch or run.phase is Phase.STOPPING:
            return
        runs.make_room(ledger, slot, run)
        run = slot.current
        if run is not None:
            return
    outdated = run is not None and run.phase in IDLE and run.epoch < node.epoch
    if run is None or run.phase is Phase.STOPPED or outdated:
        run = runs.admit(ledger, node, slot)
    if run.phase is Phase.WAITING or run.blocked:
        _await(ledger, node, slot, run)
    elif run.phase is Phase.BUILDING and node.building is None and not slot.live:
        runs.start(ledger, node, run)


def _await(ledger: Ledger, node: Node, slot: Slot, run: Run) -> None:
    """Launch as soon as its dependencies are there and the slot is free."""
    dep, standing = blocker(ledger.nodes, node)
    if dep is not None and standing is Standing.FAILED:
        if not run.blocked:
            ledger.move(run, Cause.BLOCK)
            run.blocked = True
            ledger.notice(node, blocked_text(ledger.nodes, dep), Level.ERROR, run)
        return
    if run.blocked:
        run.blocked = False
        ledger.move(run, Cause.UNBLOCK)
    if standing is Standing.MET and not slot.live:
        runs.start(ledger, node, run)


def _backward(ledger: Ledger, node: Node, slot: Slot) -> None:
    """Towards nothing."""
    if slot.candidate is not None:
        runs.retire(ledger, slot, slot.candidate)
    if not node.up:
        for retiring in slot.retiring:
            if retiring.phase is Phase.RUNNING:
                runs.stop(ledger, retiring, asked=True)
    run = slot.current
    if run is None or run.phase in {Phase.STOPPED, Phase.STOPPING}:
        return
    if not run.live:
        run.blocked = False
        ledger.move(run, Cause.CANCEL)
    elif node.up:
        runs.retire(ledger, slot, run)
    elif not holders(ledger, node):
        runs.stop(ledger, run, asked=True)


def holders(ledger: Ledger, node: Node) -> list[str]:
    """Who has to be down before this service stops: what needs it, as long as that is on its way down itself."""
    if ledger.urgency is not None and ledger.urgency >= Urgency.HURRY:
        return []
    found = (ledger.nodes[name] for name in ledger.graph.stop_first[node.name])
    return [other.name for other in found if not other.up and other.live]


def _route(ledger: Ledger, node: Node) -> None:
    """Traffic goes to what is healthy; if nothing is, to what runs, whose own answers tell more than a refusal.

    A service that is sidelined gets none.
    """
    running = [slot.current for slot in node.slots if slot.current is not None]
    running = [run for run in running if run.phase is Phase.RUNNING]
    healthy = [run for run in running if run.health is Health.HEALTHY]
    refs = () if node.sidelined else tuple(run.ref for run in healthy or running)
    if refs != node.routed:
        node.routed = refs
        ledger.out.append(Route(node.name, refs))
