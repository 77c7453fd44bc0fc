"""From the core's state to what the control API shows. Pure; ``wall`` turns monotonic seconds into epoch seconds."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from meshdev.lifecycle.model import (
    Exit,
    InstanceState,
    ProbeOutcome,
    ReloadState,
    ServiceState,
)
from meshdev.topology.diff import Change
from meshdev.topology.graph import edges
from meshdev.topology.model import Service, System
from meshdev.topology.recordings import Stub
from meshdev.wire.control import (
    EdgeView,
    ExitView,
    InstanceView,
    NoteView,
    PlanStep,
    ProbeView,
    ReloadView,
    ServiceView,
    WhyStep,
)

Wall = Callable[[float], float]
Usage = Mapping[str, tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Renders states; ``url_of`` names where a person reaches a service, ``trouble_of`` what keeps people from it.

    ``stand_in_of`` names who plays a service, ``is_swapped`` tells whether that was asked for at run time.

    ``usage`` is by instance id.
    """

    wall: Wall
    url_of: Callable[[Service], str]
    trouble_of: Callable[[str], str]
    stand_in_of: Callable[[Service], str] = lambda _: ""
    is_swapped: Callable[[str], bool] = lambda _: False

    def service(self, node: Service, state: ServiceState, usage: Usage) -> ServiceView:
        """One service with its incarnations, the serving one of each slot first."""
        instances = sorted(state.instances, key=lambda one: (one.ref.slot, one.role != "serving"))
        return ServiceView(
            name=state.name,
            phase=state.phase,
            health=state.health,
            desired=state.desired,
            why=state.why,
            restarts=state.restarts,
            instances=[self.instance(one, usage) for one in instances],
            kind=node.kind,
            team=node.team,
            description=node.description,
            replicas=state.replicas,
            since=self.wall(state.since) if state.since else 0.0,
            url=self.url_of(node),
            ports=[f"{published.port}:{published.endpoint}" for published in node.ports],
            trouble=self.trouble_of(node.name),
            last_reload=self.reload(state.last_reload),
            unready=state.unready,
            stand_in=self.stand_in_of(node),
            swapped=self.is_swapped(node.name),
            tls=_speaks_tls(node),
        )

    def instance(self, state: InstanceState, usage: Usage) -> InstanceView:
        """One incarnation."""
        cpu, rss = usage.get(str(state.ref), (None, None)) if state.pid else (None, None)
        return InstanceView(
            id=state.ref.id,
            generation=state.ref.generation,
            pid=state.pid or None,
            port=state.port or None,
            phase=state.phase,
            health=state.health,
            since=self.wall(state.since),
            cpu_percent=cpu,
            rss_bytes=rss,
            role=state.role,
            why=state.why,
            exit=self.exit(state.exit),
            last_probe=self.probe(state.last_probe),
        )

    def exit(self, exit_: Exit | None) -> ExitView | None:
        """How a leader ended, the signal by its name."""
        if exit_ is None:
            return None
        return ExitView(at=self.wall(exit_.at), code=exit_.code, signal=_signal_name(exit_.signal))

    def probe(self, outcome: ProbeOutcome | None) -> ProbeView | None:
        """The last answer of a probe."""
        if outcome is None:
            return None
        return ProbeView(at=self.wall(outcome.at), ok=outcome.ok, detail=outcome.detail, tries=outcome.tries)

    def reload(self, reload: ReloadState | None) -> ReloadView | None:
        """The last reload."""
        if reload is None:
            return None
        return ReloadView(
            at=self.wall(reload.at), files=list(reload.files), outcome=reload.outcome, detail=reload.detail
        )


def _speaks_tls(node: Service) -> bool:
    """Whether its instances do, on their first port."""
    first = next(iter(node.endpoints), None)
    return (
        first is not None and first.tls is not None and first.tls.to_callee and not isinstance(node.run, Stub)
    )


def why_step(view: ServiceView, text: str, depth: int) -> WhyStep:
    """One link of the chain of reasons: the core's ``text``, and what keeps people from a service that runs."""
    exits = [one.exit for one in view.instances if one.exit is not None]
    return WhyStep(
        service=view.name,
        phase=view.phase,
        health=view.health,
        why="; ".join(filter(None, (text, view.trouble))),
        depth=depth,
        exit=max(exits, key=lambda one: one.at, default=None),
        trouble=view.trouble,
    )


def edge_views(system: System) -> list[EdgeView]:
    """Every declared dependency of the system."""
    return [EdgeView(caller=arrow.caller, callee=arrow.callee, kind=arrow.kind) for arrow in edges(system)]


def note_views(system: System) -> list[NoteView]:
    """What its file says without effect, as `meshdev check` tells it."""
    found = (*system.warnings, *system.notes)
    return [NoteView(where=str(note.where), text=note.message, hint=note.hint) for note in found]


def step_view(change: Change) -> PlanStep:
    """What becomes of one service."""
    return PlanStep(service=change.service, action=change.action, reason=change.reason)


def _signal_name(number: int | None) -> str | None:
    if number is None:
        return None
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"
