"""Doing what a timeline says, and undoing it: every fault is under a lease that ends with this process."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from meshdev.chaos.observe import run_command
from meshdev.chaos.outcome import Done
from meshdev.client import calls, fault_calls
from meshdev.client.aio import AsyncControl
from meshdev.errors import MeshdevError, ServiceError
from meshdev.topology.experiment import Action
from meshdev.wire.fault_views import FaultRequest, FaultSwitch, FaultView, LeaseRequest

LEASE = 10.0
RENEW = 3.0
_COMMAND_TIMEOUT = 60.0


@dataclass(slots=True)
class Hand:
    """What has been done to the system and not been undone yet; ``names`` are faults by the action that they are of."""

    control: AsyncControl
    holder: str
    root: Path
    clock: Callable[[], float] = time.time
    lease: str = ""
    _names: dict[int, tuple[str, Done, bool]] = field(default_factory=dict)

    async def keep_lease(self) -> None:
        """Renew the lease until it is given back. Raises MeshdevError."""
        while self.lease:
            await self.control.send(fault_calls.renew_lease(self.lease))
            await asyncio.sleep(RENEW)

    async def take_lease(self) -> None:
        """From now on this process answers for what it does. Raises MeshdevError."""
        view = await self.control.send(
            fault_calls.take_lease(LeaseRequest(seconds=LEASE, holder=self.holder))
        )
        self.lease = view.id

    async def do(self, number: int, action: Action) -> Done:
        """Do it; what it fails with is in the answer."""
        done = Done(action.words, self.clock())
        try:
            await self._do(number, action, done)
        except MeshdevError as error:
            done.error = error.message
            done.until = self.clock()
        return done

    async def _do(self, number: int, action: Action, done: Done) -> None:
        if action.restart:
            await self.control.send(calls.restart([action.restart]))
            done.services = (action.restart,)
            done.until = self.clock()
        elif action.command:
            code, output = await run_command(action.command, self.root, _COMMAND_TIMEOUT)
            done.until = self.clock()
            if code != 0:
                how = "was not over in time" if code is None else f"ended with {code}"
                raise ServiceError(f"{how}: {output.strip()[-200:]}")
        else:
            view = await self._fault(number, action)
            done.edges = tuple(dict.fromkeys(edge_name(edge) for edge in view.edges))
            done.services = tuple(view.services)
            done.at = self.clock()
            self._names[number] = (view.name, done, not action.fault)

    async def _fault(self, number: int, action: Action) -> FaultView:
        if action.fault:
            return await self.control.send(fault_calls.switch_on(action.fault, FaultSwitch(lease=self.lease)))
        name = f"{self.holder.replace(' ', '-')}-{number + 1}"
        request = FaultRequest(fault=dict(action.table or {}), name=name, lease=self.lease, replace=True)
        return await self.control.send(fault_calls.add(request))

    async def undo(self, number: int) -> None:
        """End the fault of that action, if it is one that acts. Raises MeshdevError."""
        if number not in self._names:
            return
        name, done, ours = self._names[number]
        with suppress(MeshdevError):
            done.hits = (await self.control.send(fault_calls.fault(name))).hits
        if ours:
            await self.control.send(fault_calls.remove(name))
        else:
            await self.control.send(fault_calls.switch_off(name))
        done.until = self.clock()
        del self._names[number]

    async def undo_all(self) -> None:
        """End everything, and give the lease back: whatever of it fails, the lease ends by itself."""
        for number in list(self._names):
            with suppress(MeshdevError):
                await self.undo(number)
        if self.lease:
            with suppress(MeshdevError):
                await self.control.send(fault_calls.end_lease(self.lease))
            self.lease = ""


def edge_name(text: str) -> str:
    """An edge without its endpoint: ``a -> b:admin`` is ``a -> b``."""
    caller, arrow, callee = text.partition(" -> ")
    return f"{caller}{arrow}{callee.partition(':')[0]}"
