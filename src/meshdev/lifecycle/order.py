"""Who needs whom: what a start pulls in, whom a change concerns, and who must be down before whom.

``depends_on`` orders starts and stops. What a service ``uses`` (brokers, databases) is started with it and stopped
after it, but not waited for: the edge holds early calls. ``calls`` order nothing.
"""

from collections.abc import Iterable, Mapping

from meshdev.topology.model import Service
from meshdev.topology.recordings import Stub


def needs(service: Service) -> tuple[str, ...]:
    """What has to be up for this service to do its work: required dependencies, and what it uses; a stand-in none."""
    if isinstance(service.run, Stub):
        return ()
    return (*(dep.target for dep in service.depends_on if dep.required), *service.uses)


class Graph:
    """The system's order. Everything is by name; names that the system lacks are left out."""

    __slots__ = ("_specs", "dependents", "followers", "stop_first", "stops_after")

    def __init__(self, specs: Mapping[str, Service]) -> None:
        self._specs = specs
        dependents: dict[str, list[str]] = {name: [] for name in specs}
        followers: dict[str, list[str]] = {name: [] for name in specs}
        stop_first: dict[str, list[str]] = {name: [] for name in specs}
        stops_after: dict[str, list[str]] = {name: [] for name in specs}
        rank = self._ranks()
        for name, spec in specs.items():
            for dep in spec.depends_on:
                if dep.target in specs:
                    dependents[dep.target].append(name)
                    if dep.restart:
                        followers[dep.target].append(name)
            for target in dict.fromkeys((*(dep.target for dep in spec.depends_on), *spec.uses)):
                # Against the ranks runs only what closes a circle (a broker that depends on its user, say). It is
                # left out, or both would wait for each other for ever.
                if target in specs and rank[target] < rank[name]:
                    stop_first[target].append(name)
                    stops_after[name].append(target)
        self.dependents = dependents  # who waits for it before starting
        self.followers = followers  # who is restarted with it (``restart: true``)
        self.stop_first = stop_first  # who has to be down before it stops
        self.stops_after = stops_after  # the same, seen from the other side

    def _ranks(self) -> dict[str, int]:
        """A number for each name: what a service needs comes before it, as far as there is no circle."""
        rank: dict[str, int] = {}
        entered: set[str] = set()
        for root in self._specs:
            stack = [(root, False)]
            while stack:
                name, left = stack.pop()
                if left:
                    rank[name] = len(rank)
                elif name not in entered and name in self._specs:
                    entered.add(name)
                    spec = self._specs[name]
                    stack.append((name, True))
                    stack.extend((target, False) for target in spec.uses)
                    stack.extend((dep.target, False) for dep in spec.depends_on)
        return rank

    def closure(self, names: Iterable[str]) -> list[str]:
        """These services and all that they need, directly or not."""
        found: dict[str, None] = {}
        stack = list(names)
        while stack:
            name = stack.pop()
            if name not in found and name in self._specs:
                found[name] = None
                stack.extend(needs(self._specs[name]))
        return list(found)

    def cascade(self, name: str) -> list[str]:
        """Who is restarted when ``name`` is, directly or not; without ``name`` itself."""
        found: dict[str, None] = {}
        stack = list(self.followers[name])
        while stack:
            follower = stack.pop()
            if follower not in found and follower != name:
                found[follower] = None
                stack.extend(self.followers[follower])
        return list(found)
