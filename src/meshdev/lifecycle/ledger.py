"""The desk at which an event is handled: the books, the agenda, the commands so far, and who is still to be settled.

Handlers change records only through it (`move`, `changed`), so that nobody forgets to settle those whom a change
concerns: the service itself, dependents that wait for it, and what waits for it to be down.
"""

from collections.abc import Callable

from meshdev.lifecycle.agenda import Agenda
from meshdev.lifecycle.model import (
    Command,
    Level,
    Notice,
    Phase,
    Urgency,
)
from meshdev.lifecycle.order import Graph
from meshdev.lifecycle.records import Node, Run
from meshdev.lifecycle.table import Cause, transition
from meshdev.topology.model import Service, System


class Ledger:
    """Everything that one core knows, and the work of the event in hand."""

    __slots__ = (
        "_generations",
        "agenda",
        "all_wanted",
        "drain",
        "draw",
        "graph",
        "nodes",
        "now",
        "out",
        "stale",
        "system",
        "touched",
        "urgency",
    )

    def __init__(self, system: System, draw: Callable[[], float], drain: float) -> None:
        self.system = system
        self.draw = draw
        self.drain = drain
        self.nodes: dict[str, Node] = {}
        self.agenda: Agenda[Run | Node] = Agenda()
        self.now = 0.0
        self.urgency: Urgency | None = None
        self.all_wanted = False  # the last start was for the whole system, so what is new in it starts too
        self.out: list[Command] = []
        self.touched: dict[str, None] = {}
        self.stale: set[str] = set()
        self._generations: dict[str, int] = {}  # of services that have left, should they come back
        for spec in system.services.values():
            self.add(spec)
        self.graph = Graph({})
        self.regraph()

    def add(self, spec: Service) -> Node:
        """A service joins the system; `regraph` when all have."""
        node = Node(name=spec.name, spec=spec, replicas=spec.replicas)
        node.generation = self._generations.get(spec.name, 0)
        self.nodes[spec.name] = node
        self.stale.add(spec.name)
        return node

    def forget(self, node: Node) -> None:
        """A service that has left the topology is down: its name is free, its generations are not."""
        self.changed(node)  # whoever waits for it waits in vain
        node.deadline = None
        self._generations[node.name] = node.generation
        del self.nodes[node.name]
        self.regraph()

    def regraph(self) -> None:
        """Work out the order anew from what the services say now."""
        self.graph = Graph({name: node.spec for name, node in self.nodes.items()})

    def move(self, run: Run, cause: Cause) -> None:
        """Change a run's phase by the table; its alarm belonged to the former phase."""
        run.phase = transition(run.phase, cause, run.ref)
        run.since = self.now
        run.deadline = None
        self.changed(self.nodes[run.ref.service])

    def changed(self, node: Node) -> None:
        """Something of this service is different now: settle it, and those who wait for it."""
        self.touched[node.name] = None
        self.stale.add(node.name)
        for name in self._waiting_for(node.name):
            self.touched[name] = None
            self._outdate(name)
        for name in self.graph.stops_after.get(node.name, ()):
            target = self.nodes[name]
            if not target.up and target.live:
                self.touched[name] = None
                self.stale.add(name)

    def _waiting_for(self, name: str) -> list[str]:
        dependents = self.graph.dependents.get(name, ())
        return [one for one in dependents if any(is_waiting(slot.current) for slot in self.nodes[one].slots)]

    def _outdate(self, name: str) -> None:
        """The words of whoever waits, directly or not, name what is at the root."""
        if name not in self.stale:
            self.stale.add(name)
            for dependent in self._waiting_for(name):
                self._outdate(dependent)

    def notice(self, node: Node, text: str, level: Level = Level.INFO, run: Run | None = None) -> None:
        """Tell people."""
        self.out.append(Notice(node.name, text, level, run.ref if run is not None else None))


def is_waiting(run: Run | None) -> bool:
    """Whether it waits for what it depends on, or has given up because of that."""
    return run is not None and (run.phase is Phase.WAITING or run.blocked)
