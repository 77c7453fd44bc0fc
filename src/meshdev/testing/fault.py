"""A fault that lasts as long as a block: ``with mesh.fault("orders -> payments", latency="2s"): …``."""

from types import TracebackType
from typing import Self

from meshdev.client import calls, fault_calls
from meshdev.client.control import Control
from meshdev.testing.keeper import LeaseKeeper
from meshdev.wire.fault_views import FaultRequest, FaultSwitch, FaultView


class Fault:
    """In force from ``with`` to its end; ``table`` is what would stand in ``[faults.NAME]``, None a named toggle."""

    def __init__(
        self, control: Control, lease: LeaseKeeper, name: str, table: dict[str, object] | None
    ) -> None:
        self._control = control
        self._lease = lease
        self._table = table
        self._last: FaultView | None = None
        self.name = name

    def __enter__(self) -> Self:
        """Switch it on; every worker acts by it when this returns. Raises MeshdevError."""
        lease = self._lease.id
        if self._table is None:
            self._last = self._control.send(fault_calls.switch_on(self.name, FaultSwitch(lease=lease)))
        else:
            request = FaultRequest(fault=self._table, name=self.name, lease=lease)
            self._last = self._control.send(fault_calls.add(request))
            self.name = self._last.name
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Switch it off; one that is over already may be."""
        now = self._now()
        if now is not None:
            self._last = now
            self._control.send(fault_calls.remove(self.name))

    @property
    def view(self) -> FaultView | None:
        """Everything about it; as it was last when it is over, None before it was on."""
        return self._now() or self._last

    @property
    def hits(self) -> int:
        """What it has done so far."""
        view = self.view
        return view.hits if view is not None else 0

    def _now(self) -> FaultView | None:
        if self._last is None:
            return None
        self._control.send(calls.edges(settled=True))  # so that what it has done is counted in
        found = (
            view for view in self._control.send(fault_calls.faults()) if view.name == self.name and view.on
        )
        return next(found, None)
