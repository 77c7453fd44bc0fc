"""depends_on: whether what a service waits for is there, may still come, or has failed.

- `started`, `healthy` and `log` are met as soon as one incarnation of the target meets them (that one can serve),
  and by one that ended with exit code 0 if the target is one-shot. `completed` asks exit code 0 of every slot.
- An incarnation that is about to be replaced by a wish (its epoch is old) meets nothing.
- Failed is what will not come by itself: the target gave up, ended for good, or was not ready in time. A target that
  will be tried again is waited for, except after a readiness time-out: a minute is long enough to tell the
  dependents, and when the target does become ready later, they go on by themselves.
- A target that nobody wants up is waited for (the user may start it), unless the dependency is optional: optional ones
  are waited for only while they are on their way.
"""

from collections.abc import Mapping
from enum import Enum, auto

from meshdev.lifecycle import reasons
from meshdev.lifecycle.model import Health, Phase
from meshdev.lifecycle.records import Node, Run, Slot
from meshdev.topology.model import Condition, Dependency


class Standing(Enum):
    """How a dependency stands."""

    MET = auto()
    PENDING = auto()
    FAILED = auto()


Nodes = Mapping[str, Node]


def blocker(nodes: Nodes, node: Node) -> tuple[Dependency | None, Standing]:
    """The first dependency that failed, else the first that is not there yet, else (None, MET)."""
    pending: Dependency | None = None
    for dep in node.spec.depends_on:
        standing = stand(nodes, dep)
        if standing is Standing.FAILED:
            return dep, standing
        if standing is Standing.PENDING and pending is None:
            pending = dep
    return pending, Standing.MET if pending is None else Standing.PENDING


def stand(nodes: Nodes, dep: Dependency) -> Standing:
    """How one dependency stands."""
    target = nodes.get(dep.target)
    if target is None:
        return Standing.FAILED if dep.required else Standing.MET
    if not target.up or not target.replicas:
        return Standing.PENDING if dep.required else Standing.MET
    slots = target.wanted_slots()
    if len(slots) < target.replicas:
        return Standing.PENDING  # wanted just now, and not settled yet
    standings = [_slot(target, slot, dep) for slot in slots]
    if dep.condition is Condition.COMPLETED:
        met = all(standing is Standing.MET for standing in standings)
        failed = any(standing is Standing.FAILED for standing in standings)
    else:
        met = any(standing is Standing.MET for standing in standings)
        failed = all(standing is Standing.FAILED for standing in standings)
    if met:
        return Standing.MET
    if failed:
        return Standing.FAILED if dep.required else Standing.MET
    return Standing.PENDING


def _slot(target: Node, slot: Slot, dep: Dependency) -> Standing:
    run = slot.current
    if run is None or run.epoch < target.epoch:
        return Standing.PENDING
    if run.phase is Phase.GAVE_UP:
        return Standing.FAILED
    if run.phase is Phase.EXITED:
        good = not run.failed and (target.spec.one_shot or dep.condition is Condition.COMPLETED)
        return Standing.MET if good else Standing.FAILED
    if slot.unready:
        return Standing.FAILED
    if target.sidelined and dep.condition is Condition.HEALTHY:
        return Standing.PENDING
    return Standing.MET if _live(run, dep) else Standing.PENDING


def _live(run: Run, dep: Dependency) -> bool:
    if not run.launched or run.phase not in {Phase.STARTING, Phase.RUNNING}:
        return False
    if dep.condition is Condition.HEALTHY:
        return run.health is Health.HEALTHY
    if dep.condition is Condition.LOG:
        return dep.log in run.logs
    return dep.condition is Condition.STARTED


def condition_text(dep: Dependency) -> str:
    """``payments to be healthy``."""
    wanted = f'log "{dep.log}"' if dep.condition is Condition.LOG else f"be {dep.condition}"
    return f"{dep.target} to {wanted}"


def detail_text(nodes: Nodes, dep: Dependency) -> str:
    """What a target that is not there yet is at, in a few words; empty when there is nothing to add."""
    target = nodes[dep.target]
    if not target.up:
        return "it is stopped"
    if not target.replicas:
        return "it is scaled to 0"
    slot = target.slots[0]
    return "" if slot.current is None else run_text(nodes, target, slot, slot.current)


def run_text(nodes: Nodes, target: Node, slot: Slot, run: Run) -> str:
    """What one run of a target is at, short enough for brackets."""
    match run.phase:
        case Phase.WAITING:
            dep, _ = blocker(nodes, target)
            return f"it waits for {condition_text(dep)}" if dep is not None else ""
        case Phase.STARTING if not run.launched:
            return "it is being launched"
        case Phase.STARTING | Phase.RUNNING if (
            run.spec.healthcheck is not None and run.health is not Health.HEALTHY
        ):
            text = f"probe {reasons.probe_text(run.spec.healthcheck, run.probe)}"
            return f"{slot.unready}; now {text}" if slot.unready else text
        case Phase.BACKOFF:
            return reasons.backoff_text(run)
        case Phase.STOPPING:
            return reasons.stop_text(run)
        case _:
            return str(run.phase)


def waiting_text(nodes: Nodes, dep: Dependency) -> str:
    """``waiting for payments to be healthy (probe GET /healthz: connection refused, 3 tries)``."""
    detail = detail_text(nodes, dep)
    return f"waiting for {condition_text(dep)}" + (f" ({detail})" if detail else "")


def root(nodes: Nodes, dep: Dependency) -> tuple[list[str], str]:
    """The chain of names from a failed dependency down to the one that is to blame, and what that one suffers from."""
    names: list[str] = []
    following: Dependency | None = dep
    while following is not None and following.target not in names:
        names.append(following.target)
        target = nodes.get(following.target)
        if target is None:
            return names, "there is no such service"
        faults = [fault for slot in target.slots if (fault := _fault(slot))]
        if faults:
            return names, faults[0]
        following, _ = blocker(nodes, target)
    return names, "it waits in a circle"


def _fault(slot: Slot) -> str:
    run = slot.current
    if run is not None and run.phase is Phase.GAVE_UP:
        return run.verdict  # empty for one that is blocked itself
    if run is not None and run.phase is Phase.EXITED:
        return reasons.exited_text(run)
    return slot.unready


def blocked_text(nodes: Nodes, dep: Dependency) -> str:
    """``cannot start because of db: gave up after … (needed by payments)``: the root cause, and the way to it."""
    names, text = root(nodes, dep)
    head = f"cannot start because of {names[-1]}: {text}"
    return head if len(names) == 1 else f"{head} (needed by {', '.join(reversed(names[:-1]))})"
