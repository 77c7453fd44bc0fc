"""How a state looks: a shape, a word and a tone, so that no state is told by colour alone.

| shape | meaning |
|---|---|
| ● | serving, or running without a probe |
| ▲ | running, but its probe fails |
| ◐ | on its way up |
| ◌ | waits for others |
| ↻ | will be started again |
| ◑ | on its way down |
| ○ | stopped |
| ✓ | finished its work |
| ✕ | failed; it stays down until somebody acts |
"""

from dataclasses import dataclass

from meshdev.tui.tone import Tone
from meshdev.wire.control import ExitView, InstanceView, ServiceView


@dataclass(frozen=True, slots=True)
class State:
    """A state as it is shown; ``rank`` sorts what needs attention first."""

    shape: str
    word: str
    tone: Tone
    rank: int

    def __str__(self) -> str:
        return f"{self.shape} {self.word}"


HEALTHY = State("●", "healthy", Tone.OK, 7)
RUNNING = State("●", "running", Tone.OK, 7)
UNHEALTHY = State("▲", "unhealthy", Tone.BAD, 1)
STARTING = State("◐", "starting", Tone.BUSY, 4)
BUILDING = State("◐", "building", Tone.BUSY, 4)
WAITING = State("◌", "waiting", Tone.BUSY, 5)
BACKOFF = State("↻", "backoff", Tone.WARN, 2)
STOPPING = State("◑", "stopping", Tone.BUSY, 3)
STOPPED = State("○", "stopped", Tone.MUTED, 9)
DONE = State("✓", "done", Tone.OK, 8)
FAILED = State("✕", "failed", Tone.BAD, 0)
GAVE_UP = State("✕", "gave up", Tone.BAD, 0)

_BY_PHASE = {
    "stopped": STOPPED,
    "waiting": WAITING,
    "building": BUILDING,
    "starting": STARTING,
    "stopping": STOPPING,
    "backoff": BACKOFF,
    "gave-up": GAVE_UP,
}
_BY_HEALTH = {"healthy": HEALTHY, "unhealthy": UNHEALTHY}


def state_of(service: ServiceView) -> State:
    """How the service looks as a whole."""
    if service.phase == "exited":
        return _ended([instance.exit for instance in service.instances])
    probed = any(instance.last_probe is not None for instance in service.instances)
    return _by_axes(service.phase, service.health, probed=probed)


def state_of_instance(instance: InstanceView) -> State:
    """How one incarnation looks."""
    if instance.phase == "exited":
        return _ended([instance.exit])
    return _by_axes(instance.phase, instance.health, probed=instance.last_probe is not None)


def _by_axes(phase: str, health: str, *, probed: bool) -> State:
    if phase == "running":
        # The daemon calls healthy what it lets others depend on; that nobody asked it is less than that.
        return RUNNING if health == "healthy" and not probed else _BY_HEALTH.get(health, RUNNING)
    # A word of a newer daemon is shown as it is rather than hidden.
    return _BY_PHASE.get(phase) or State("?", phase, Tone.WARN, 6)


def _ended(exits: list[ExitView | None]) -> State:
    clean = all(end is None or end.code == 0 for end in exits)
    return DONE if clean else FAILED
