"""What can be done with one run: admit, launch, ready, stop, kill, retire, and what its end leads to.

Each function takes the ledger first and leaves the books consistent; whether it is called is decided elsewhere.
"""

from math import inf
from typing import cast

from meshdev.lifecycle import reasons
from meshdev.lifecycle.ledger import Ledger
from meshdev.lifecycle.model import (
    Build,
    Drain,
    Health,
    Incarnation,
    Kill,
    Launch,
    Level,
    Phase,
    Role,
    Signal,
    StartProbing,
    StopProbing,
    Urgency,
)
from meshdev.lifecycle.records import Node, Run, Slot
from meshdev.lifecycle.restarts import verdict
from meshdev.lifecycle.table import Cause, transition
from meshdev.topology.model import RestartPolicy

# Whoever presses Ctrl-C a second time gets everything down within this many seconds.
HURRY = 1.0
# A run that nobody serves beside drains for at most this many seconds: calls are held meanwhile.
HASTE = 1.5
# A candidate without a healthcheck has to stay up this long before traffic moves to it: a typo shows at once.
SETTLE = 1.0


def admit(ledger: Ledger, node: Node, slot: Slot) -> Run:
    """A new run takes the slot's place; the former one is over."""
    former = slot.current
    phase = transition(Phase.STOPPED if former is None else former.phase, Cause.ADMIT, former)
    if former is not None:
        former.deadline = None
    run = slot.current = _new(ledger, node, slot, phase, Role.SERVING)
    run.attempt = slot.failures + 1
    return run


def admit_candidate(ledger: Ledger, node: Node, slot: Slot) -> Run:
    """A new run is to be tried beside the one in charge."""
    phase = transition(Phase.STOPPED, Cause.ADMIT)
    run = slot.candidate = _new(ledger, node, slot, phase, Role.CANDIDATE)
    return run


def _new(ledger: Ledger, node: Node, slot: Slot, phase: Phase, role: Role) -> Run:
    node.generation += 1
    ledger.changed(node)
    return Run(
        ref=Incarnation(node.name, slot.index, node.generation),
        spec=node.spec,
        phase=phase,
        since=ledger.now,
        epoch=node.epoch,
        code=node.code,
        role=role,
    )


def start(ledger: Ledger, node: Node, run: Run) -> None:
    """Build first if that is needed, else launch; the run is waiting or building, and nothing else is in its way."""
    run.spec = node.spec
    run.code = node.code
    run.epoch = node.epoch
    if node.builds and node.built < node.code:
        if node.building is None:
            node.building = node.code
            ledger.out.append(Build(node.name))
        if run.phase is Phase.WAITING:
            ledger.move(run, Cause.BUILD)
        return
    ledger.move(run, Cause.LAUNCH)
    ledger.out.append(Launch(run.ref, run.attempt))


def ready(ledger: Ledger, slot: Slot, run: Run) -> None:
    """It is up and healthy for the first time."""
    ledger.move(run, Cause.READY)
    run.health = Health.HEALTHY
    slot.unready = ""
    steady(ledger, slot, run)


def steady(ledger: Ledger, slot: Slot, run: Run) -> None:
    """It is healthy from now on: after a while its slot's failures are forgotten."""
    if slot.failures and run.role is Role.SERVING:
        ledger.agenda.set(run, ledger.now + run.spec.restart.healthy_after)


def stop(ledger: Ledger, run: Run, *, asked: bool) -> None:
    """Ask a starting or running run to end; ``asked`` by a wish, else because it failed."""
    ledger.move(run, Cause.STOP)
    run.asked = asked
    run.health = Health.UNKNOWN
    quiet(ledger, run)
    terminate(ledger, run)


def leader_gone(ledger: Ledger, run: Run) -> None:
    """The leader ended by itself."""
    ledger.move(run, Cause.EXIT)
    run.health = Health.UNKNOWN
    quiet(ledger, run)


def terminate(ledger: Ledger, run: Run) -> None:
    """Send the stop signal, or, when the launch is still in flight, see to it that it is sent then."""
    if ledger.urgency is Urgency.KILL:
        kill(ledger, run)
        return
    run.grace = run.spec.stop.grace
    if ledger.urgency is Urgency.HURRY:
        run.grace = min(run.grace, HURRY)
    if run.launched or run.exit is not None:
        run.signalled = True
        ledger.out.append(Signal(run.ref, run.spec.stop.signal))
    ledger.agenda.set(run, ledger.now + run.grace)


def kill(ledger: Ledger, run: Run) -> None:
    """End whatever is left, now."""
    run.killed = True
    run.deadline = None
    ledger.out.append(Kill(run.ref))
    ledger.changed(ledger.nodes[run.ref.service])


def probe(ledger: Ledger, run: Run) -> None:
    """Have its health asked."""
    ledger.out.append(StartProbing(run.ref))


def quiet(ledger: Ledger, run: Run) -> None:
    """Have its health asked no more."""
    if run.probing is not None and run.launched:
        ledger.out.append(StopProbing(run.ref))


def make_room(ledger: Ledger, slot: Slot, run: Run) -> None:
    """End a run that another shall follow: what it is answering may be finished, shortly, since callers wait."""
    if run.phase is Phase.RUNNING and run.spec.endpoints and ledger.drain > 0:
        retire(ledger, slot, run, most=HASTE)
    else:
        stop(ledger, run, asked=True)


def retire(ledger: Ledger, slot: Slot, run: Run, *, most: float = inf) -> None:
    """Take a run out of its place in the slot; what lives of it is drained and stopped beside what follows.

    ``most`` is how many seconds draining may take.
    """
    if run is slot.candidate:
        slot.candidate = None
    elif run is slot.current:
        slot.current = None
    drained = run.role is Role.SERVING and run.phase is Phase.RUNNING and ledger.drain > 0
    run.role = Role.RETIRING
    if not run.live:
        ledger.move(run, Cause.CANCEL)
        return
    slot.retiring.append(run)
    ledger.changed(ledger.nodes[run.ref.service])
    if drained and ledger.urgency is None:
        ledger.out.append(Drain(run.ref))
        ledger.agenda.set(run, ledger.now + min(ledger.drain, most))
    elif run.phase is not Phase.STOPPING:
        stop(ledger, run, asked=True)


def promote(ledger: Ledger, slot: Slot, candidate: Run) -> None:
    """The candidate takes charge; the run beside it, which was in charge, retires."""
    former = cast("Run", slot.current)
    candidate.role = Role.SERVING
    candidate.attempt = slot.failures + 1
    slot.current, slot.candidate = candidate, None
    retire(ledger, slot, former)
    if candidate.phase is Phase.RUNNING:
        steady(ledger, slot, candidate)


def over(ledger: Ledger, node: Node, slot: Slot, run: Run) -> None:
    """Nothing of this run is left: one that was retiring makes room, one in charge leads to what its policy says."""
    if run is not slot.current:
        ledger.move(run, Cause.END)
        slot.retiring.remove(run)
    elif run.asked or run.epoch < node.epoch or not node.wants(slot):
        ledger.move(run, Cause.END)
    else:
        _judge(ledger, node, slot, run)


def _judge(ledger: Ledger, node: Node, slot: Slot, run: Run) -> None:
    cause, run.delay = verdict(slot, run, ledger.now, ledger.draw())
    ledger.move(run, cause)
    end = reasons.end_text(run)
    if cause is Cause.RETRY:
        ledger.agenda.set(run, ledger.now + run.delay)
        text = f"{end}; starts again in {reasons.seconds(run.delay)} (try {slot.failures + 1})"
        ledger.notice(node, text, Level.WARNING, run)
    elif cause is Cause.GIVE_UP:
        retried = run.spec.restart.policy is not RestartPolicy.NO
        run.verdict = reasons.gave_up_text(run) if retried else reasons.exited_text(run)
        ledger.notice(node, run.verdict, Level.ERROR, run)
    elif run.failed:
        ledger.notice(node, reasons.exited_text(run), Level.ERROR, run)
    else:
        ledger.notice(node, reasons.exited_text(run), Level.INFO, run)


def give_up(ledger: Ledger, node: Node, run: Run, why: str) -> None:
    """A run that is being built can't be launched at all."""
    run.failure = run.verdict = why
    ledger.move(run, Cause.GIVE_UP)
    ledger.notice(node, why, Level.ERROR, run)
