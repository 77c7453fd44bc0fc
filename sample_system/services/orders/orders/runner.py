"""The saga's runner: carries out what the rules say is due, for every open order, until each has ended.

It keeps nothing that matters in memory. After `kill -9` the next incarnation finds the open orders in the store and
goes on where the facts end. One incarnation at a time runs it (a lease), though two would do no harm.
"""

import asyncio
import logging
import random
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from orders import saga
from orders.desk import Desk
from orders.event_store import EventStore
from orders.order import Order
from orders.saga import Step
from shopkit import lease, trace
from shopkit.calls import Callee, CalleeError

_log = logging.getLogger("saga")
_AT_ONCE = 8
_POLL_SECONDS = 0.5
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
_FEWEST_TRIES = 3


class Attempt(msgspec.Struct):
    """What an order is waiting for: told to whoever asks for the order, and forgotten. `began` is on no calendar."""

    step: Step
    service: str
    began: float
    tries: int = 0
    error: str = ""


class Runner:
    """Drives open orders with `patience` seconds for each step that may be given up."""

    def __init__(self, store: EventStore, desk: Desk, callees: Mapping[str, Callee], patience: float) -> None:
        self._store = store
        self._desk = desk
        self._callees = callees
        self._patience = patience
        self._nudged = asyncio.Event()
        self._driven: set[str] = set()
        self._attempts: dict[str, dict[Step, Attempt]] = {}
        # Jitter keeps orders that failed together from retrying together.
        self._random = random.Random()

    def nudge(self) -> None:
        """A new order is there."""
        self._nudged.set()

    def waiting(self, order: str) -> list[Attempt]:
        """The order's steps that are being tried, with what went wrong so far."""
        return list(self._attempts.get(order, {}).values())

    async def run(self, lease_file: Path) -> None:
        """Drive orders for ever."""
        slots = asyncio.Semaphore(_AT_ONCE)
        async with lease.held(lease_file), asyncio.TaskGroup() as group:
            while True:
                for order in self._store.open_streams():
                    if order not in self._driven:
                        self._driven.add(order)
                        group.create_task(self._drive(order, slots))
                self._nudged.clear()
                try:
                    async with asyncio.timeout(_POLL_SECONDS):
                        await self._nudged.wait()
                except TimeoutError:
                    continue

    async def _drive(self, order_id: str, slots: asyncio.Semaphore) -> None:
        pause = _FIRST_PAUSE
        try:
            while (order := self._desk.find(order_id)) is not None and not order.finished:
                async with slots:
                    progressed = await self._advance(order)
                if progressed:
                    pause = _FIRST_PAUSE
                    continue
                await asyncio.sleep(pause * self._random.uniform(0.5, 1.5))
                pause = min(pause * 2, _LONGEST_PAUSE)
        except Exception:  # noqa: BLE001 one order must not stop the others
            _log.exception("order %s is stuck, will be tried again", order_id)
            await asyncio.sleep(_LONGEST_PAUSE)
        finally:
            self._attempts.pop(order_id, None)
            self._driven.discard(order_id)

    async def _advance(self, order: Order) -> bool:
        """Take every step that is due; says whether the order got any further."""
        with trace.joined(order.trace):
            outcomes = await asyncio.gather(*(self._take(order, step) for step in saga.due(order)))
        return any(outcomes)

    async def _take(self, order: Order, step: Step) -> bool:
        call = saga.call(order, step)
        attempt = self._attempts.setdefault(order.id, {}).setdefault(
            step, Attempt(step, call.service, time.monotonic())
        )
        headers = {"Idempotency-Key": call.idempotency_key} if call.idempotency_key else {}
        try:
            answer = await self._callees[call.service].request(
                call.method, call.path, json=call.json, headers=headers
            )
            fact = saga.answered(step, answer.status_code, _object(answer.content))
            error = (
                "" if fact else f"{call.service}: answered {answer.status_code}, which makes no sense here"
            )
        except CalleeError as failure:
            fact, error = None, str(failure)
        attempt.tries += 1
        if error:
            attempt.error = error
            fact = self._lose_patience(order, attempt)
            _log.warning("%s: %s failed (%s)", order.id, step, error, extra={"order": order.id, "step": step})
        if fact is None:
            return False
        self._desk.record(order, fact)
        self._attempts.get(order.id, {}).pop(step, None)
        _log.info("%s: %s", order.id, fact[0], extra={"order": order.id, "fact": str(fact[0]), **fact[1]})
        return True

    def _lose_patience(self, order: Order, attempt: Attempt) -> saga.FactData | None:
        # The calendar, so that patience survives a restart, and a clock that nobody can set back; a few tries at
        # least, so that an order that slept through an outage of this service gets a fair chance.
        waited = max(
            time.time() - datetime.fromisoformat(order.changed_at).timestamp(),
            time.monotonic() - attempt.began,
        )
        if waited < self._patience or attempt.tries < _FEWEST_TRIES:
            return None
        return saga.given_up(attempt.step, f"{attempt.error}, {attempt.tries} tries in {waited:.0f} s")


def _object(content: bytes) -> dict[str, object]:
    try:
        return msgspec.json.decode(content, type=dict[str, object])
    except msgspec.MsgspecError:
        return {}
