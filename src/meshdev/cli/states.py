"""States as people read them: one word, one mark, one colour for phase and health together. Pure."""

from dataclasses import dataclass

from meshdev.wire.control import ExitView, InstanceView, ServiceView


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown: never by colour alone."""

    word: str
    mark: str
    plain_mark: str
    colour: str


_LOOKS = {
    "healthy": Look("healthy", "●", "*", "green"),
    "running": Look("running", "●", "*", "green"),
    "unhealthy": Look("unhealthy", "▲", "!", "red"),
    "starting": Look("starting", "◐", "~", "yellow"),
    "building": Look("building", "◐", "~", "yellow"),
    "waiting": Look("waiting", "◌", ".", "yellow"),
    "stopping": Look("stopping", "◑", "~", "yellow"),
    "backoff": Look("backoff", "↻", "@", "yellow"),
    "completed": Look("completed", "✓", "+", "cyan"),
    "failed": Look("failed", "✕", "x", "red"),
    "gave-up": Look("gave up", "✕", "x", "red"),
    "stopped": Look("stopped", "○", "o", "bright_black"),
}


def look(phase: str, health: str, exit_: ExitView | None = None) -> Look:
    """The look of a phase and a health; an exit tells whether ``exited`` is a success."""
    match phase:
        case "running":
            return _LOOKS[health if health in ("healthy", "unhealthy") else "running"]
        case "exited":
            return _LOOKS["failed" if exit_ is not None and not clean(exit_) else "completed"]
        case _:
            return _LOOKS.get(phase) or Look(phase, "?", "?", "magenta")


def service_look(view: ServiceView) -> Look:
    """The look of a service as a whole; one that nobody probes runs, which is less than being healthy."""
    probed = any(instance.last_probe is not None for instance in view.instances)
    return look(view.phase, view.health if probed or view.health != "healthy" else "unknown", last_exit(view))


def instance_look(view: InstanceView) -> Look:
    """The look of one instance."""
    return look(view.phase, view.health, view.exit)


def played_by(view: ServiceView, *, unicode: bool = True) -> str:
    """The mark of a stand-in and whom it plays from: ``◫ recording:checkout``; empty for a service that runs itself."""
    return f"{'◫' if unicode else '='} {view.stand_in}" if view.stand_in else ""


def last_exit(view: ServiceView) -> ExitView | None:
    """How the service's latest run ended, when one has."""
    exits = [instance.exit for instance in view.instances if instance.exit is not None]
    return max(exits, key=lambda one: one.at, default=None)


def clean(exit_: ExitView) -> bool:
    """Whether it ended by itself with code 0."""
    return exit_.signal is None and exit_.code == 0


def exit_text(exit_: ExitView) -> str:
    """``exit code 3`` or ``killed by SIGSEGV``."""
    return f"killed by {exit_.signal}" if exit_.signal else f"exit code {exit_.code}"


def is_up(view: ServiceView) -> bool:
    """Whether it counts as healthy in ``8/9 healthy``: serving, or completed."""
    return service_look(view).word in ("healthy", "running", "completed")


def age(seconds: float) -> str:
    """A span in one unit, or two small ones: ``4s``, ``2m 5s``, ``3h 12m``, ``5d``."""
    whole = max(0, int(seconds))
    minute, hour, day = 60, 3600, 86400
    if whole < minute:
        return f"{whole}s"
    if whole < hour:
        return f"{whole // minute}m {whole % minute}s"
    if whole < day:
        return f"{whole // hour}h {whole % hour // minute}m"
    return f"{whole // day}d {whole % day // hour}h"
