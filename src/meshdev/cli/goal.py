"""What a command waits for, and whether the read model shows it. Pure.

`ready`: every wanted service serves and its probe does not say otherwise, or it was a one-off and has completed. A
service that gave up, ended badly, was stopped by somebody, or cannot be published on its port fails the goal at once:
waiting on would not help. One without a probe counts when it has stayed up for `SETTLED` seconds, since most that
crash do so at once.
`down`: every wanted service is stopped.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from meshdev.cli.states import clean, exit_text, last_exit
from meshdev.client.mirror import Mirror
from meshdev.wire.control import InstanceView, ServiceView

SETTLED = 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who has reached the goal, who not yet, and who never will; the values say why."""

    reached: tuple[str, ...] = ()
    pending: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)


def ready(
    mirror: Mirror, names: frozenset[str], *, now: float, newer_than: Mapping[str, int] | None = None
) -> Outcome:
    """Whether ``names`` (none: all that are wanted up) serve, by incarnations above the given generations.

    ``now`` is seconds since the epoch.
    """
    wanted = names or frozenset(name for name, view in mirror.services.items() if view.desired == "up")
    reached, pending, failed = [], {}, {}
    for name in sorted(wanted):
        view = mirror.services.get(name)
        if view is None:
            failed[name] = "it has left the topology"
        elif (reason := _failure(view)) is not None:
            failed[name] = reason
        elif (reason := _obstacle(view, (newer_than or {}).get(name, 0), now)) is not None:
            pending[name] = reason
        else:
            reached.append(name)
    return Outcome(tuple(reached), pending, failed)


def swapped(mirror: Mirror, name: str, *, since: float) -> Outcome:
    """Whether who was to play ``name`` does, by a reload that began after ``since`` (seconds since the epoch)."""
    view = mirror.services.get(name)
    if view is None:
        return Outcome(failed={name: "it has left the topology"})
    reload = view.last_reload
    if reload is None or reload.at <= since:
        return Outcome(pending={name: "asked for"})
    match reload.outcome:
        case "running":
            return Outcome(pending={name: view.why or "the new one starts, the old one goes on"})
        case "done":
            return Outcome((name,))
        case "rolled back":
            return Outcome(failed={name: f"whoever played before goes on: {reload.detail}"})
        case outcome:
            return Outcome(failed={name: f"{outcome}: {reload.detail}"})


def down(mirror: Mirror, names: frozenset[str]) -> Outcome:
    """Whether ``names`` (none: all) are stopped."""
    wanted = names or frozenset(mirror.services)
    reached, pending, failed = [], {}, {}
    for name in sorted(wanted):
        view = mirror.services.get(name)
        if view is not None and view.desired == "up" and names:
            failed[name] = "somebody wants it up again"
        elif view is not None and any(instance.pid for instance in view.instances):
            pending[name] = view.why or view.phase
        else:
            reached.append(name)
    return Outcome(tuple(reached), pending, failed)


def generations(mirror: Mirror, names: Iterable[str]) -> dict[str, int]:
    """The newest generation of each service, to tell its next incarnations from these."""
    return {
        name: max((one.generation for one in mirror.services[name].instances), default=0)
        for name in names
        if name in mirror.services
    }


def _failure(view: ServiceView) -> str | None:
    if view.desired != "up":
        return "it was stopped"
    match view.phase:
        case "gave-up":
            return view.why or "it gave up"
        case "exited":
            exit_ = last_exit(view)
            if exit_ is not None and not clean(exit_):
                return view.why or exit_text(exit_)
    return view.trouble or None


def _obstacle(view: ServiceView, generation: int, now: float) -> str | None:
    """What stands between a service and the goal; None when nothing does."""
    if view.phase == "exited":
        return None
    if view.phase != "running":
        return view.why or f"it is {view.phase}"
    serving = [one for one in view.instances if one.role == "serving" and one.phase == "running"]
    if view.health == "unhealthy":
        return view.why or "its probe fails"
    if len(serving) < view.replicas:
        return f"{len(serving)} of {view.replicas} instances run"
    return next((reason for one in serving if (reason := _immature(one, view, generation, now))), None)


def _immature(one: InstanceView, view: ServiceView, generation: int, now: float) -> str | None:
    """Why an incarnation that serves does not count yet."""
    if one.generation <= generation:
        return view.why or "the old incarnation still serves"
    if one.last_probe is None and abs(now - one.since) < SETTLED:  # abs: the daemon reads its own clock
        return "has no probe, so it has to stay up for a moment"
    return None
