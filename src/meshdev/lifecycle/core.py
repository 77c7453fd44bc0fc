"""The lifecycle core: events in, commands out, nothing else. No await, no IO, no clock of its own.

How an event is handled: `wishes` or `facts` change the books; then every service that this concerns is settled, until
nothing changes any more; the commands of all that are given back in the order in which they are to be carried out, with
routes first, so that traffic leaves an incarnation before it is asked to end.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import assert_never

from meshdev.lifecycle import facts, wishes
from meshdev.lifecycle.apply import apply
from meshdev.lifecycle.ledger import Ledger
from meshdev.lifecycle.model import (
    Applied,
    BuildMoved,
    Built,
    Called,
    Command,
    Drained,
    Event,
    Exited,
    Gone,
    Launched,
    LaunchFailed,
    LifecycleState,
    LogMatched,
    Probed,
    ReloadWanted,
    RestartWanted,
    Route,
    ScaleWanted,
    ServiceState,
    ShutdownWanted,
    Sidelined,
    StartWanted,
    StopWanted,
    Ticked,
)
from meshdev.lifecycle.picture import chain, picture
from meshdev.lifecycle.settle import settle
from meshdev.topology.model import System

# Traffic moves off an incarnation, and when the last request to it is answered, that one is asked to end; after so many
# seconds it is asked in any case, and has its grace for what is still under way.
DRAIN = 5.0


class Lifecycle:
    """The lifecycle of one system.

    ``rng`` draws uniformly from [0, 1); ``drain`` is the most seconds that are waited for `Drained`, 0 for none. Times
    are monotonic seconds and never go back.
    """

    def __init__(self, system: System, *, rng: Callable[[], float], drain: float = DRAIN) -> None:
        self._ledger = Ledger(system, rng, drain)
        self._pictures: dict[str, ServiceState] = {}
        self._changed: set[str] = set()
        self._state = LifecycleState()
        self._refresh()
        self._changed.clear()

    def handle(self, event: Event, now: float) -> list[Command]:
        """Take in one event at ``now``; the commands are to be carried out in their order."""
        ledger = self._ledger
        ledger.now = max(now, ledger.now)
        ledger.out = []
        self._dispatch(event)
        while ledger.touched:
            name = next(iter(ledger.touched))
            del ledger.touched[name]
            node = ledger.nodes.get(name)
            if node is not None:
                settle(ledger, node)
        commands = ledger.out
        routes = [command for command in commands if isinstance(command, Route)]
        if routes:
            commands = [*routes, *(command for command in commands if not isinstance(command, Route))]
        return commands

    def next_deadline(self) -> float | None:
        """When `Ticked` is to be sent, if nothing else comes before."""
        return self._ledger.agenda.next()

    @property
    def state(self) -> LifecycleState:
        """An immutable picture; only services that changed are made anew."""
        self._refresh()
        return self._state

    @property
    def all_gone(self) -> bool:
        """Whether nothing lives: after a shutdown was wanted, the end."""
        return not any(node.live for node in self._ledger.nodes.values())

    def changed(self) -> frozenset[str]:
        """Services whose state differs from when this was last asked; those that left are among them."""
        self._refresh()
        changed = frozenset(self._changed)
        self._changed.clear()
        return changed

    def why(self, service: str) -> tuple[tuple[str, str], ...]:
        """The service and its reason, then what it waits for and that one's reason, down to the root cause."""
        return chain(self._ledger, service)

    def _refresh(self) -> None:
        ledger = self._ledger
        fresh = ledger.urgency is not self._state.shutting_down
        for name in ledger.stale:
            node = ledger.nodes.get(name)
            former = self._pictures.get(name)
            if node is None:
                if former is not None:
                    del self._pictures[name]
                    self._changed.add(name)
                    fresh = True
                continue
            new = picture(ledger, node, former)
            if new != former:
                self._pictures[name] = new
                self._changed.add(name)
                fresh = True
        ledger.stale.clear()
        if fresh:
            self._state = LifecycleState(MappingProxyType(dict(self._pictures)), ledger.urgency)

    def _dispatch(self, event: Event) -> None:  # noqa: C901, PLR0912 -- one line for each sort of event
        ledger = self._ledger
        match event:
            case StartWanted():
                wishes.start(ledger, event)
            case Called():
                wishes.called(ledger, event)
            case StopWanted():
                wishes.stop(ledger, event)
            case RestartWanted():
                wishes.restart(ledger, event)
            case ReloadWanted():
                wishes.reload(ledger, event)
            case ScaleWanted():
                wishes.scale(ledger, event)
            case Applied():
                apply(ledger, event)
            case ShutdownWanted():
                wishes.shutdown(ledger, event)
            case Sidelined():
                wishes.sideline(ledger, event)
            case Launched():
                facts.launched(ledger, event)
            case LaunchFailed():
                facts.launch_failed(ledger, event)
            case Exited():
                facts.exited(ledger, event)
            case Gone():
                facts.gone(ledger, event)
            case Probed():
                facts.probed(ledger, event)
            case LogMatched():
                facts.log_matched(ledger, event)
            case Drained():
                facts.drained(ledger, event)
            case BuildMoved():
                facts.build_moved(ledger, event)
            case Built():
                facts.built(ledger, event)
            case Ticked():
                facts.ticked(ledger)
            case _:
                assert_never(event)
