"""The read model: an immutable picture of the system, moved on by the event stream.

``Mirror.of(snapshot)`` begins it, ``mirror.apply(event)`` gives the next one; nothing is changed in place, so a picture
may be handed to any thread or widget and compared by identity. Rules:

- an event that the picture already contains (``seq`` not above its own) changes nothing, so a replay is harmless;
- ``usage`` is merged into the instances it names (``orders-0``, or one incarnation: ``orders-0@3``), and survives a
  service event that carries none;
- ``reset`` cannot be applied: whoever follows the stream takes a new snapshot (`client.stream` does).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self

from msgspec import structs

from meshdev.wire.control import (
    EdgeSignalsView,
    EdgeView,
    InstanceView,
    ServiceView,
    Snapshot,
    StreamEvent,
    SystemView,
)
from meshdev.wire.fault_views import FaultView
from meshdev.wire.recording_views import RecordingView
from meshdev.wire.topic_views import TopicView

NOTICES_KEPT = 200

EdgeName = tuple[str, str, str]
"""Caller, callee, endpoint."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """The system as of event ``seq``; ``connected`` is False while the stream is being reconnected.

    ``notices`` are the latest `NOTICES_KEPT` events of kind ``notice``, oldest first. ``edges`` are the declared ones,
    ``signals`` what each edge of the mesh carries, ``faults`` all that are known, on or off, ``recordings``
    those that are being made, ``topics`` those of the brokers.
    """

    seq: int
    system: SystemView
    services: Mapping[str, ServiceView]
    edges: tuple[EdgeView, ...] = ()
    signals: Mapping[EdgeName, EdgeSignalsView] = field(default_factory=lambda: MappingProxyType({}))
    faults: tuple[FaultView, ...] = ()
    recordings: tuple[RecordingView, ...] = ()
    topics: tuple[TopicView, ...] = ()
    notices: tuple[StreamEvent, ...] = field(default=(), repr=False)
    connected: bool = True

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """The picture that a snapshot gives."""
        return cls(
            seq=snapshot.seq,
            system=snapshot.system,
            services=MappingProxyType({service.name: service for service in snapshot.services}),
            edges=tuple(snapshot.edges),
            signals=MappingProxyType({_name(signals): signals for signals in snapshot.signals}),
            faults=tuple(snapshot.faults),
            recordings=tuple(snapshot.recordings),
            topics=tuple(snapshot.topics),
        )

    def apply(self, event: StreamEvent) -> "Mirror":
        """The picture after ``event``; itself when the event says nothing new."""
        if event.seq <= self.seq:
            return self
        services, system, notices = self.services, self.system, self.notices
        edges, signals, faults, recordings = self.edges, self.signals, self.faults, self.recordings
        topics = self.topics
        match event.kind:
            case "service" if event.service is not None:
                view = _with_known_usage(event.service, services.get(event.service.name))
                services = MappingProxyType({**services, view.name: view})
            case "removed":
                kept = {name: view for name, view in services.items() if name != event.name}
                services = MappingProxyType(kept)
            case "usage" if event.usage is not None:
                measured = {name: _with_usage(view, event.usage) for name, view in services.items()}
                services = MappingProxyType(measured)
            case "system" if event.system is not None:
                system = event.system
            case "notice":
                notices = (*notices, event)[-NOTICES_KEPT:]
            case "edges" if event.edges is not None:
                signals = MappingProxyType({**signals, **{_name(moved): moved for moved in event.edges}})
            case "topology" if event.declared is not None:
                edges = tuple(event.declared)
            case "faults" if event.faults is not None:
                faults = tuple(event.faults)
            case "recordings" if event.recordings is not None:
                recordings = tuple(event.recordings)
            case "topics" if event.topics is not None:
                topics = tuple(event.topics)
            case _:  # a kind of a newer daemon
                pass
        return replace(
            self,
            seq=event.seq,
            services=services,
            system=system,
            notices=notices,
            edges=edges,
            signals=signals,
            faults=faults,
            recordings=recordings,
            topics=topics,
        )

    def renewed(self, snapshot: Snapshot) -> "Mirror":
        """The picture of a fresh snapshot, with the notices that were seen before."""
        return replace(Mirror.of(snapshot), notices=self.notices)

    def disconnected(self) -> "Mirror":
        """The same picture, marked as possibly old."""
        return replace(self, connected=False)

    def reconnected(self) -> "Mirror":
        """The same picture, marked as live."""
        return replace(self, connected=True)


def _name(signals: EdgeSignalsView) -> EdgeName:
    return signals.caller, signals.callee, signals.endpoint


def _with_usage(view: ServiceView, usage: Mapping[str, tuple[float, int]]) -> ServiceView:
    instances = [_measured(instance, usage) for instance in view.instances]
    return view if instances == view.instances else structs.replace(view, instances=instances)


def _measured(instance: InstanceView, usage: Mapping[str, tuple[float, int]]) -> InstanceView:
    figures = usage.get(f"{instance.id}@{instance.generation}")
    if figures is None and instance.role == "serving":  # beside it, a candidate bears the same id
        figures = usage.get(instance.id)
    if figures is None:
        return instance
    cpu_percent, rss_bytes = figures
    return structs.replace(instance, cpu_percent=cpu_percent, rss_bytes=rss_bytes)


def _with_known_usage(view: ServiceView, before: ServiceView | None) -> ServiceView:
    """``view``, where an instance without figures has those of the same run from ``before``."""
    if before is None or all(instance.rss_bytes is not None for instance in view.instances):
        return view
    known = {(instance.id, instance.generation): instance for instance in before.instances}
    instances = []
    for instance in view.instances:
        old = known.get((instance.id, instance.generation))
        if instance.rss_bytes is None and old is not None and instance.pid is not None:
            figures = {"cpu_percent": old.cpu_percent, "rss_bytes": old.rss_bytes}
            instances.append(structs.replace(instance, **figures))
        else:
            instances.append(instance)
    return structs.replace(view, instances=instances)
