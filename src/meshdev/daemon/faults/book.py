"""Which faults there are, which of them are on, and for whom. No IO; times are monotonic seconds.

| | is off | is on | after its end |
|---|---|---|---|
| of the topology | yes, at first | when switched on | off |
| added (``ad hoc``) | when switched off | when added, as a rule | gone |
| added under a lease | | when added | gone, and with the lease |

A fault of the topology that was switched on under a lease is off when that ends.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from msgspec import structs

from meshdev.daemon.faults.instances.table import AFFLICTIONS
from meshdev.daemon.faults.leases import Leases
from meshdev.errors import UsageError
from meshdev.kernel.nearest import did_you_mean
from meshdev.traffic.faults.catalogue import CATALOGUE
from meshdev.traffic.faults.kinds import Layer
from meshdev.traffic.faults.reading import Toggle, read_toggle
from meshdev.traffic.faults.schedule import acts, next_change, over, remaining
from meshdev.traffic.faults.target import Targets, is_host, means
from meshdev.wire.fault_views import FaultRequest, FaultSwitch
from meshdev.wire.faults import EdgePattern, FaultSpec
from meshdev.wire.mesh import EdgeKey, OutsideFaults

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
MOST = 1000
"""Faults that may be added; a script in a loop shall not fill the daemon."""


class Origin(StrEnum):
    """Where a fault comes from, as `FaultView.origin` says it."""

    TOPOLOGY = "topology"
    AD_HOC = "ad hoc"
    LEASE = "lease"


@dataclass(slots=True)
class Entry:
    """A toggle and what has become of it; ``since`` is None while it is off."""

    toggle: Toggle
    origin: Origin
    since: float | None = None
    lease: str = ""
    specs: tuple[FaultSpec, ...] = ()
    before: Mapping[str, int] = field(default_factory=dict)

    def acting(self, now: float) -> bool:
        """Whether any of its faults acts."""
        since = self.since
        return since is not None and any(acts(spec.schedule, now - since) for spec in self.specs)

    def over(self, now: float) -> bool:
        """Whether it was on and will never act again."""
        since = self.since
        return since is not None and all(over(spec.schedule, now - since) for spec in self.specs)

    def remaining(self, now: float) -> float | None:
        """Seconds until it is over by itself; None if it is off, or has no end."""
        if self.since is None:
            return None
        left = [remaining(spec.schedule, now - self.since) for spec in self.specs]
        return None if None in left else max((one for one in left if one is not None), default=None)


class FaultBook:
    """See the module.

    ``edges`` and ``teams`` (by service) are those of the running system, ``hits`` counts so far by `key`, ``proxied``
    are the services whose calls out of the system are seen, ``boxed`` those that are containers.
    """

    def __init__(
        self,
        *,
        edges: Callable[[], Iterable[EdgeKey]],
        teams: Callable[[], Mapping[str, str]],
        hits: Callable[[], Mapping[str, int]],
        proxied: Callable[[], Iterable[str]] = tuple,
        boxed: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._edges = edges
        self._teams = teams
        self._hits = hits
        self._proxied = proxied
        self._boxed = boxed
        self._entries: dict[str, Entry] = {}
        self.leases = Leases()

    # --- what there is ----------------------------------------------------------------------------

    @property
    def entries(self) -> Mapping[str, Entry]:
        """All faults, those of the topology first."""
        return self._entries

    def entry(self, name: str) -> Entry:
        """The fault of that name. Raises UsageError with the one that was probably meant."""
        found = self._entries.get(name)
        if found is None:
            hint = did_you_mean(name, self._entries, what="faults") or "`meshdev fault list` shows all"
            raise UsageError(f"no fault is called {name!r}", hint=hint)
        return found

    def adopt(self, toggles: Mapping[str, Toggle]) -> None:
        """The topology's faults from now on; what is on stays on as long as it is the same."""
        added = {name: one for name, one in self._entries.items() if one.origin is not Origin.TOPOLOGY}
        entries: dict[str, Entry] = {}
        for name, toggle in toggles.items():
            known = self._entries.get(name)
            same = known is not None and known.origin is Origin.TOPOLOGY and known.toggle == toggle
            entries[name] = known if known is not None and same else Entry(toggle, Origin.TOPOLOGY)
        self._entries = {**entries, **{name: one for name, one in added.items() if name not in entries}}

    # --- wishes -----------------------------------------------------------------------------------

    def add(self, request: FaultRequest, now: float) -> Entry:
        """Add a fault. Raises UsageError when it makes no sense, meets nobody, or its name is taken."""
        if request.name and _NAME.fullmatch(request.name) is None:
            raise UsageError(
                f"{request.name!r} is no name for a fault", hint="letters, digits, and - _ . between them"
            )
        known = self._entries.get(request.name)
        if known is not None and not (request.replace and known.origin is not Origin.TOPOLOGY):
            whose = "is the topology's" if known.origin is Origin.TOPOLOGY else "is there already"
            raise UsageError(f"a fault {request.name!r} {whose}", hint="another name, or `meshdev fault on`")
        if request.lease:
            self.leases.held(request.lease)
        if known is None and len(self._entries) >= MOST:
            raise UsageError(f"there are {len(self._entries)} faults", hint="`meshdev fault clear` ends all")
        toggle = read_toggle(request.name or self._name_for(request.fault), request.fault)
        self._possible(Entry(toggle, Origin.AD_HOC))
        self._meets_somebody(toggle)
        entry = Entry(toggle, Origin.LEASE if request.lease else Origin.AD_HOC, lease=request.lease)
        self._entries[toggle.name] = entry
        if request.on:
            self._on(entry, FaultSwitch(lease=request.lease), now)
        return entry

    def put(self, toggle: Toggle, now: float) -> Entry:
        """Have this fault on, as it is; one that was added under its name is changed, and keeps place and draws.

        Raises UsageError when there are too many, or the name is the topology's.
        """
        known = self._entries.get(toggle.name)
        if known is not None and known.origin is Origin.TOPOLOGY:
            raise UsageError(f"a fault {toggle.name!r} is the topology's", hint="another name")
        if known is None and len(self._entries) >= MOST:
            raise UsageError(f"there are {len(self._entries)} faults", hint="`meshdev fault clear` ends all")
        if known is None or known.since is None:
            self._entries[toggle.name] = entry = Entry(toggle, Origin.AD_HOC)
            self._on(entry, FaultSwitch(), now)
            return entry
        known.toggle = toggle
        known.specs = tuple(_switched(spec, FaultSwitch(), known.since) for spec in toggle.specs)
        return known

    def switch_on(self, name: str, switch: FaultSwitch, now: float) -> Entry:
        """Switch on; one that is on begins anew."""
        entry = self.entry(name)
        if switch.lease:
            self.leases.held(switch.lease)
        self._possible(entry)
        if switch.duration is not None and switch.duration <= 0:
            raise UsageError(f"a fault cannot be on for {switch.duration:g} s", hint="more than 0")
        self._on(entry, switch, now)
        return entry

    def switch_off(self, name: str) -> Entry:
        """Switch off; one that was added stays in the list."""
        entry = self.entry(name)
        entry.since = None
        return entry

    def remove(self, name: str) -> None:
        """Switch off, and forget one that was added."""
        if self.switch_off(name).origin is not Origin.TOPOLOGY:
            del self._entries[name]

    def clear(self) -> list[str]:
        """Everything is off, and what was added is gone; the names of those that were on."""
        on = [name for name, entry in self._entries.items() if entry.since is not None]
        for name in list(self._entries):
            self.remove(name)
        return on

    def end_lease(self, lease: str) -> list[str]:
        """A lease is given back; the names of the faults that end with it."""
        self.leases.end(lease)
        return self._end_unheld()

    def expire(self, now: float) -> list[str]:
        """End what is over; the names."""
        self.leases.expire(now)
        ended = self._end_unheld()
        for name in [name for name, entry in self._entries.items() if entry.over(now)]:
            self.remove(name)
            ended.append(name)
        return ended

    def next_change(self, now: float) -> float | None:
        """When a fault begins, ends, or loses its lease next."""
        times = [
            entry.since + age
            for entry in self._entries.values()
            if entry.since is not None
            for spec in entry.specs
            if (age := next_change(spec.schedule, now - entry.since)) is not None
        ]
        end = self.leases.next_end()
        return min((*times, end) if end is not None else times, default=None)

    # --- for whom ---------------------------------------------------------------------------------

    def targets(self, entry: Entry) -> Targets:
        """Whom a fault means, now."""
        return Targets(entry.toggle.target, self._teams())

    def on_edges(self) -> Callable[[EdgeKey], tuple[FaultSpec, ...]]:
        """What acts, or will, on an edge, in the order in which it was switched on."""
        meant = [(self.targets(entry), _of_edges(entry.specs)) for entry in self._on_in_order()]

        def specs(key: EdgeKey) -> tuple[FaultSpec, ...]:
            return tuple(
                spec
                for targets, specs in meant
                if specs and targets.has_edge(key.caller, key.callee, key.endpoint)
                for spec in specs
            )

        return specs

    def on_hosts(self) -> Callable[[str], tuple[OutsideFaults, ...]]:
        """What acts, or will, on a caller's calls out of the system, in the order in which it was switched on."""
        meant = [(entry.toggle.target.edges, _of_edges(entry.specs)) for entry in self._on_in_order()]

        def faults(caller: str) -> tuple[OutsideFaults, ...]:
            return tuple(
                OutsideFaults(pattern.callee, pattern.endpoint, specs)
                for patterns, specs in meant
                for pattern in patterns
                if specs
                and is_host(pattern.callee)
                and means(pattern, caller, pattern.callee, pattern.endpoint)
            )

        return faults

    def on_services(self, now: float) -> Mapping[str, tuple[FaultSpec, ...]]:
        """The faults of instances that act now, by service."""
        found: dict[str, tuple[FaultSpec, ...]] = {}
        for entry in self._entries.values():
            since = entry.since
            if since is None:
                continue
            specs = tuple(spec for spec in _of_instances(entry.specs) if acts(spec.schedule, now - since))
            for name in self.services_of(entry) if specs else ():
                found[name] = (*found.get(name, ()), *specs)
        return found

    def edges_of(self, entry: Entry) -> list[EdgeKey]:
        """The edges on which it acts, or would."""
        if not _of_edges(entry.toggle.specs):
            return []
        targets = self.targets(entry)
        return [key for key in self._edges() if targets.has_edge(key.caller, key.callee, key.endpoint)]

    def hosts_of(self, entry: Entry) -> list[EdgePattern]:
        """The calls out of the system on which it acts, or would: by caller."""
        if not _of_edges(entry.toggle.specs):
            return []
        return [
            EdgePattern(caller, pattern.callee, pattern.endpoint)
            for pattern in entry.toggle.target.edges
            if is_host(pattern.callee)
            for caller in self._proxied()
            if means(pattern, caller, pattern.callee, pattern.endpoint)
        ]

    def services_of(self, entry: Entry) -> list[str]:
        """The services on whose instances it acts, or would."""
        if not _of_instances(entry.toggle.specs):
            return []
        targets = self.targets(entry)
        return [name for name in self._teams() if targets.has_service(name)]

    def met(self, entry: Entry) -> list[str]:
        """The services that it meets: those of the instances, and of both ends of the edges."""
        ends = {name for key in self.edges_of(entry) for name in (key.caller, key.callee)}
        met = ends.union(self.services_of(entry), (host.caller for host in self.hosts_of(entry)))
        return [name for name in self._teams() if name in met]

    def hits(self) -> Mapping[str, int]:
        """How often each fault that is on has hit since then."""
        hits = self._hits()
        return {
            name: sum(hits.get(spec.key, 0) - entry.before.get(spec.key, 0) for spec in entry.specs)
            for name, entry in self._entries.items()
            if entry.since is not None
        }

    # --- parts ------------------------------------------------------------------------------------

    def _on_in_order(self) -> list[Entry]:
        on = [(entry.since, entry) for entry in self._entries.values() if entry.since is not None]
        return [entry for _, entry in sorted(on, key=lambda pair: pair[0])]

    def _on(self, entry: Entry, switch: FaultSwitch, now: float) -> None:
        entry.since = now
        entry.lease = switch.lease
        entry.before = {
            key: count for key, count in self._hits().items() if key.startswith(f"{entry.toggle.name}/")
        }
        entry.specs = tuple(_switched(spec, switch, now) for spec in entry.toggle.specs)

    def _end_unheld(self) -> list[str]:
        ended = [
            name for name, entry in self._entries.items() if entry.lease and entry.lease not in self.leases
        ]
        for name in ended:
            self.remove(name)
            if name in self._entries:
                self._entries[name].lease = ""
        return ended

    def _name_for(self, fault: Mapping[str, object]) -> str:
        kind = next(
            (name.replace("_", "-") for name in fault if name.replace("_", "-") in CATALOGUE), "fault"
        )
        return next(
            f"{kind}-{number}" for number in range(1, MOST + 2) if f"{kind}-{number}" not in self._entries
        )

    def _possible(self, entry: Entry) -> None:
        boxed = sorted({*self._boxed()} & {*self.services_of(entry)})
        for spec in _of_instances(entry.toggle.specs):
            affliction = AFFLICTIONS[spec.kind]
            affliction.check(spec)
            if boxed and affliction.not_in_containers:
                names = ", ".join(boxed)
                raise UsageError(
                    f"{spec.kind} cannot act on containers ({names}): {affliction.not_in_containers}",
                    hint="name services that are processes; `meshdev swap SERVICE --with process` makes one of it, "
                    "if the file has it so",
                )

    def _meets_somebody(self, toggle: Toggle) -> None:
        entry = Entry(toggle, Origin.AD_HOC)
        if self.edges_of(entry) or self.services_of(entry) or self.hosts_of(entry):
            return
        edges = sorted({f"{key.caller} -> {key.callee}" for key in self._edges()})
        for pattern in toggle.target.edges:
            if is_host(pattern.callee):
                hint = f"services.{pattern.caller}: proxy_env = true, and calls out of the system are seen"
                raise UsageError(
                    f"{pattern.caller} has no name proxy that leads to {pattern.callee}", hint=hint
                )
            wanted = f"{pattern.caller} -> {pattern.callee}"
            hint = did_you_mean(wanted, edges, what="edges")
            if pattern.callee.startswith("databases."):
                hint = (
                    "databases that are files (`meshdev databases`) have none: services open them themselves"
                )
            raise UsageError(f"no edge is called {wanted!r}", hint=hint or "`meshdev edges` shows all")
        for name in toggle.target.services:
            hint = did_you_mean(name, self._teams(), what="services")
            raise UsageError(f"nothing of what {name!r} could mean can have this fault", hint=hint)
        raise UsageError(f"fault {toggle.name!r} meets no edge and no service")


def _switched(spec: FaultSpec, switch: FaultSwitch, now: float) -> FaultSpec:
    schedule = spec.schedule
    if switch.duration is not None:
        schedule = structs.replace(schedule, duration=switch.duration, repeat=None, times=0)
    seed = spec.seed if switch.seed is None else switch.seed
    return structs.replace(spec, schedule=schedule, seed=seed, since=now)


def _of_edges(specs: Iterable[FaultSpec]) -> tuple[FaultSpec, ...]:
    return tuple(spec for spec in specs if CATALOGUE[spec.kind].layer is not Layer.INSTANCE)


def _of_instances(specs: Iterable[FaultSpec]) -> tuple[FaultSpec, ...]:
    return tuple(spec for spec in specs if CATALOGUE[spec.kind].layer is Layer.INSTANCE)
