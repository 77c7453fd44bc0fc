"""Facts: what the shells observed. A fact about a run that is over, or one told twice, changes nothing."""

from meshdev.lifecycle import readiness, reasons, reloads, runs
from meshdev.lifecycle.ledger import Ledger
from meshdev.lifecycle.model import (
    BuildMoved,
    Built,
    Drained,
    Exit,
    Exited,
    Gone,
    Incarnation,
    Launched,
    LaunchFailed,
    LogMatched,
    Phase,
    Probed,
    Role,
)
from meshdev.lifecycle.records import Node, Run, Slot
from meshdev.topology.model import ProbeKind


def _find(ledger: Ledger, ref: Incarnation) -> tuple[Node, Slot, Run] | None:
    node = ledger.nodes.get(ref.service)
    found = node.find(ref) if node is not None else None
    if node is None or found is None or not found[1].live:
        return None
    return node, *found


def launched(ledger: Ledger, event: Launched) -> None:
    """The leader runs."""
    found = _find(ledger, event.ref)
    if found is None or found[2].launched:
        return
    node, slot, run = found
    run.launched = True
    run.launched_at = ledger.now
    run.pid, run.port = event.pid, event.port
    ledger.changed(node)
    if run.phase is Phase.STOPPING:
        if run.killed:
            runs.kill(ledger, run)  # whoever heard the first one may have found nothing to kill
        elif run.exit is None:
            runs.terminate(ledger, run)
        return
    check = run.spec.healthcheck
    if check is not None:
        ledger.agenda.set(run, ledger.now + check.ready_timeout)
        if run.probing is not None:
            runs.probe(ledger, run)
        elif check.target in run.logs:
            readiness.became_ready(ledger, slot, run)
    elif run.role is Role.CANDIDATE:
        ledger.agenda.set(run, ledger.now + runs.SETTLE)
    else:
        readiness.became_ready(ledger, slot, run)


def launch_failed(ledger: Ledger, event: LaunchFailed) -> None:
    """The leader could not be started; nothing of it is left."""
    found = _find(ledger, event.ref)
    if found is None or found[2].launched:
        return
    node, slot, run = found
    run.failure = run.failure or event.reason
    if run.role is Role.CANDIDATE:
        reloads.roll_back(ledger, node, slot, run, event.reason)
    _over(ledger, node, slot, run)


def exited(ledger: Ledger, event: Exited) -> None:
    """The leader ended. What is left of its group is asked to end as well."""
    found = _find(ledger, event.ref)
    if found is None or found[2].exit is not None:
        return
    by_itself = found[2].phase is not Phase.STOPPING
    _exit(ledger, *found, Exit(ledger.now, event.code, event.signal))
    if by_itself:
        runs.terminate(ledger, found[2])


def _exit(ledger: Ledger, node: Node, slot: Slot, run: Run, end: Exit) -> None:
    run.exit = end
    ledger.changed(node)
    if run.phase is Phase.STOPPING:
        return
    runs.leader_gone(ledger, run)
    if run.role is Role.CANDIDATE:
        reloads.roll_back(ledger, node, slot, run, reasons.end_text(run))
    elif run is slot.current and slot.candidate is not None:
        runs.promote(ledger, slot, slot.candidate)  # as it is: there is nobody left beside it


def gone(ledger: Ledger, event: Gone) -> None:
    """Nothing of it is left, whether or not its end was told."""
    found = _find(ledger, event.ref)
    if found is None:
        return
    node, slot, run = found
    if run.exit is None:
        _exit(ledger, node, slot, run, Exit(ledger.now))
    _over(ledger, node, slot, run)


def _over(ledger: Ledger, node: Node, slot: Slot, run: Run) -> None:
    runs.over(ledger, node, slot, run)
    if run is slot.current and run.phase in {Phase.BACKOFF, Phase.GAVE_UP, Phase.EXITED} and run.failed:
        reloads.fail(ledger, node, run, reasons.end_text(run))


def probed(ledger: Ledger, event: Probed) -> None:
    """A probe answered; the last answers of one that is stopping or on its way out don't matter any more."""
    found = _find(ledger, event.ref)
    if found is None:
        return
    node, slot, run = found
    check = run.probing
    if (
        check is not None
        and run.launched
        and run.phase is not Phase.STOPPING
        and run.role is not Role.RETIRING
    ):
        readiness.judge(ledger, node, slot, run, check, event)


def log_matched(ledger: Ledger, event: LogMatched) -> None:
    """A line that somebody waits for was seen."""
    found = _find(ledger, event.ref)
    if found is None or event.pattern in found[2].logs:
        return
    node, slot, run = found
    run.logs.add(event.pattern)
    ledger.changed(node)
    check = run.spec.healthcheck
    awaited = check is not None and check.kind is ProbeKind.LOG and check.target == event.pattern
    if awaited and run.launched and run.phase is Phase.STARTING:
        readiness.became_ready(ledger, slot, run)


def drained(ledger: Ledger, event: Drained) -> None:
    """Nothing is under way to it any more: it can be asked to end."""
    found = _find(ledger, event.ref)
    if found is not None and found[2].role is Role.RETIRING and found[2].phase is Phase.RUNNING:
        runs.stop(ledger, found[2], asked=True)


def build_moved(ledger: Ledger, event: BuildMoved) -> None:
    """A build tells how far it is."""
    node = ledger.nodes.get(event.service)
    if node is not None and node.building is not None and node.progress != event.detail:
        node.progress = event.detail
        ledger.changed(node)


def built(ledger: Ledger, event: Built) -> None:
    """A build ended; if the code has changed since, another one follows."""
    node = ledger.nodes.get(event.service)
    if node is None or node.building is None:
        return
    code, node.building, node.progress = node.building, None, ""
    ledger.changed(node)
    if event.ok:
        node.built = code
    if event.ok or code < node.code:
        return  # settling launches, or has the newer code built
    why = event.detail or "build failed"
    building = [(slot, run) for slot in node.slots for run in slot.runs() if run.phase is Phase.BUILDING]
    for slot, run in building:
        if run.role is Role.CANDIDATE:
            reloads.roll_back(ledger, node, slot, run, why)
        else:
            runs.give_up(ledger, node, run, why)
            reloads.fail(ledger, node, run, why)


def ticked(ledger: Ledger) -> None:
    """Time has passed: everything that is due now."""
    for holder in ledger.agenda.due(ledger.now):
        if isinstance(holder, Node):
            reloads.resume(ledger, holder)
            continue
        node = ledger.nodes[holder.ref.service]
        _alarm(ledger, node, node.slots[holder.ref.slot], holder)


def _alarm(ledger: Ledger, node: Node, slot: Slot, run: Run) -> None:
    check = run.spec.healthcheck
    match run.phase:
        case Phase.STARTING:
            if check is None:
                readiness.became_ready(ledger, slot, run)
            else:
                readiness.too_late(ledger, node, slot, run, check)
        case Phase.RUNNING if run.role is Role.RETIRING:
            runs.stop(ledger, run, asked=True)
        case Phase.RUNNING:
            slot.forgive()
        case Phase.STOPPING:
            runs.kill(ledger, run)
        case _:  # backoff: phases without an alarm have none
            node.restarts += 1
            runs.admit(ledger, node, slot)
