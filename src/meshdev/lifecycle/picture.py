"""Pictures: the books of a service as immutable state, its phase, health and why summed up from its runs.

The phase is that of the slot which is furthest from running, so `running` means all of them; a service that is not
wanted shows what still lives. Health is healthy when every wanted slot is, unhealthy when any is.
"""

from meshdev.lifecycle import conditions, reasons, settle
from meshdev.lifecycle.ledger import Ledger, is_waiting
from meshdev.lifecycle.model import Health, InstanceState, Phase, ServiceState
from meshdev.lifecycle.records import Node, Run, Slot
from meshdev.topology.model import Dependency, StartMode

# Which phase speaks for a service whose slots differ.
PRECEDENCE = (
    Phase.GAVE_UP,
    Phase.BACKOFF,
    Phase.STOPPING,
    Phase.BUILDING,
    Phase.WAITING,
    Phase.STARTING,
    Phase.EXITED,
    Phase.RUNNING,
    Phase.STOPPED,
)


def picture(ledger: Ledger, node: Node, former: ServiceState | None) -> ServiceState:
    """The state of one service now; ``since`` goes on if phase and desired are what they were."""
    phase, spokesman = _phase(node)
    same = former is not None and former.phase is phase and former.desired is node.desired
    since = ledger.now if spokesman is None else spokesman[1].since
    return ServiceState(
        name=node.name,
        desired=node.desired,
        phase=phase,
        health=_health(node),
        why=_why(ledger, node, spokesman),
        restarts=node.restarts,
        replicas=node.replicas,
        since=former.since if same and former is not None else since,
        instances=tuple(_instance(ledger, node, slot, run) for slot in node.slots for run in slot.runs()),
        last_reload=node.reload,
        unready=next((slot.unready for slot in node.slots if slot.unready), ""),
        wakes=node.wakes,
    )


def _phase(node: Node) -> tuple[Phase, tuple[Slot, Run] | None]:
    """The phase that speaks for the service, and the run that it is of."""
    if node.up:
        pairs = [(slot, slot.current) for slot in node.wanted_slots() if slot.current is not None]
    else:
        pairs = [(slot, run) for slot in node.slots for run in slot.runs()]
    if not pairs:
        return Phase.STOPPED, None
    slot, run = min(pairs, key=lambda pair: PRECEDENCE.index(pair[1].phase))
    return run.phase, (slot, run)


def _health(node: Node) -> Health:
    if node.sidelined and any(_aside(node, slot.current) for slot in node.wanted_slots()):
        return Health.UNHEALTHY
    found = {
        slot.current.health if slot.current is not None else Health.UNKNOWN for slot in node.wanted_slots()
    }
    if Health.UNHEALTHY in found:
        return Health.UNHEALTHY
    return Health.HEALTHY if found == {Health.HEALTHY} else Health.UNKNOWN


def _aside(node: Node, run: Run | None) -> bool:
    """Whether it would serve, but is not let."""
    return node.sidelined and run is not None and run.phase is Phase.RUNNING


def _instance(ledger: Ledger, node: Node, slot: Slot, run: Run) -> InstanceState:
    return InstanceState(
        ref=run.ref,
        role=run.role,
        phase=run.phase,
        health=Health.UNHEALTHY if _aside(node, run) else run.health,
        since=run.since,
        why=why(ledger, node, slot, run),
        attempt=run.attempt,
        pid=run.pid if run.live else 0,
        port=run.port if run.live else 0,
        exit=run.exit,
        last_probe=run.probe,
    )


def _why(ledger: Ledger, node: Node, spokesman: tuple[Slot, Run] | None) -> str:
    if spokesman is None and node.up:
        return "scaled to 0"
    if spokesman is None or spokesman[1].phase is Phase.STOPPED:
        if node.spec.start is not StartMode.ON_DEMAND:
            return ""
        return "starts with the first call" if node.wakes else "was stopped, so calls do not start it"
    slot, run = spokesman
    text = why(ledger, node, slot, run)
    if node.up and node.wakes:
        text = f"{text}; starts again with the next call"
    return f"{run.ref.id}: {text}" if text and node.replicas > 1 else text


def why(ledger: Ledger, node: Node, slot: Slot, run: Run) -> str:  # noqa: PLR0911 -- one line for each phase
    """What one run is waiting for, or how it ended; empty when all is well."""
    match run.phase:
        case Phase.WAITING:
            return waiting(ledger, node, slot, run)
        case Phase.BUILDING:
            return node.progress or "is being built"
        case Phase.STARTING:
            return reasons.starting_text(run)
        case Phase.RUNNING:
            return running(ledger, node, run)
        case Phase.STOPPING:
            return reasons.stop_text(run)
        case Phase.BACKOFF:
            return reasons.backoff_text(run)
        case Phase.EXITED:
            return reasons.exited_text(run)
        case Phase.GAVE_UP:
            dep = _waits_for(ledger, node, run)
            return run.verdict if dep is None else conditions.blocked_text(ledger.nodes, dep)
        case _:  # stopped
            return ""


def waiting(ledger: Ledger, node: Node, slot: Slot, run: Run) -> str:
    """What has to happen before it is launched."""
    living = [str(other.ref) for other in slot.runs() if other.live and other is not run]
    if run is slot.candidate:
        return f"waiting for one of {', '.join(living)} to be gone"
    if living:
        return f"waiting for {', '.join(living)} to be gone"
    dep = _waits_for(ledger, node, run)
    return "" if dep is None else conditions.waiting_text(ledger.nodes, dep)


def _waits_for(ledger: Ledger, node: Node, run: Run) -> Dependency | None:
    """The dependency that holds a run up, or has failed it."""
    return conditions.blocker(ledger.nodes, node)[0] if is_waiting(run) else None


def running(ledger: Ledger, node: Node, run: Run) -> str:
    """What there is to say of a run that goes on."""
    if node.sidelined and node.up:
        return "counts as not ready because of a fault, and gets no traffic"
    text = reasons.running_text(run)
    if not text and not node.up:
        return f"stops when {', '.join(settle.holders(ledger, node))} is down"
    return text


def chain(ledger: Ledger, name: str) -> tuple[tuple[str, str], ...]:
    """A service and what it waits for, down to the root cause, each with its reason."""
    steps: dict[str, str] = {}
    following: str | None = name
    while following is not None and following not in steps:
        node = ledger.nodes.get(following)
        if node is None:
            steps[following] = "is not part of the system"
            break
        _, spokesman = _phase(node)
        steps[following] = _why(ledger, node, spokesman) or _fine(node)
        following = _cause(ledger, node, spokesman)
    return tuple(steps.items())


def _fine(node: Node) -> str:
    phase, _ = _phase(node)
    health = _health(node)
    return str(phase) if health is Health.UNKNOWN else f"{phase}, {health}"


def _cause(ledger: Ledger, node: Node, spokesman: tuple[Slot, Run] | None) -> str | None:
    """Whom this service waits for."""
    if spokesman is None:
        return None
    _, run = spokesman
    dep = _waits_for(ledger, node, run)
    if dep is not None:
        return dep.target
    held = run.phase is Phase.RUNNING and not node.up
    return next(iter(settle.holders(ledger, node)), None) if held else None
