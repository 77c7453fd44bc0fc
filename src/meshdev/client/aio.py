"""The client for those who live in an event loop: the dashboard.

``AsyncControl.send`` takes the same `calls` as the synchronous client; `follow` yields the read model whenever it has
changed. Both belong to their caller's task: nothing runs on after a cancellation except, for at most a call's own
timeout, the thread of a call that was under way.
"""

import asyncio
import os
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import Future
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TypeAlias, TypeVar

from meshdev.client import calls
from meshdev.client.calls import Call
from meshdev.client.control import Control, trouble
from meshdev.client.feed import EventFeed, ExchangeFeed, Feed
from meshdev.client.mirror import Mirror
from meshdev.client.project import Project
from meshdev.errors import DaemonError
from meshdev.kernel.backoff import Backoff
from meshdev.wire.control import ExchangeView, Snapshot, StreamEvent

T = TypeVar("T")

Ahead: TypeAlias = Future[Snapshot]
"""An answer that is on its way."""

_CHUNK = 65536
_RETRY = Backoff(first=0.1, most=2.0, jitter=0.0)


class AsyncControl:
    """`Control` for an event loop: a call's exchange happens in a thread, so nothing blocks."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._control = Control(project)

    async def send(self, call: Call[T], *, timeout: float | None = None) -> T:  # noqa: ASYNC109 -- the exchange's own
        """The answer to ``call``; raises MeshdevError."""
        return await asyncio.to_thread(self._control.send, call, timeout=timeout)


async def events(project: Project, after: int) -> AsyncGenerator[list[StreamEvent]]:
    """Batches of events after the number ``after``, until the stream ends; raises DaemonError when it cannot be had."""
    async with aclosing(_batches(project, EventFeed(after))) as batches:
        async for batch in batches:
            yield batch


async def exchanges(project: Project, after: int) -> AsyncGenerator[list[ExchangeView]]:
    """Batches of calls over edges after the number ``after``, likewise."""
    async with aclosing(_batches(project, ExchangeFeed(after))) as batches:
        async for batch in batches:
            yield batch


async def _batches(project: Project, feed: Feed[T]) -> AsyncGenerator[list[T]]:
    async with _connection(project) as (reader, writer):
        try:
            writer.write(feed.outgoing)
            while not feed.ended:
                batch = feed.receive(await reader.read(_CHUNK))
                if batch:
                    yield batch
        except OSError as error:
            raise await asyncio.to_thread(trouble, project, error, calls.QUICK) from None


def ask_ahead(project: Project) -> Ahead:
    """Ask for the state of the system in a thread: for those who have other things to do before they `follow`."""
    answer: Ahead = Future()
    answer.set_running_or_notify_cancel()  # nobody can take it back

    def ask() -> None:
        try:
            answer.set_result(Control(project).send(calls.snapshot()))
        except Exception as error:  # noqa: BLE001 -- it is raised where the answer is waited for
            answer.set_exception(error)

    threading.Thread(target=ask, name="meshdev-ask-ahead", daemon=True).start()
    return answer


async def follow(
    project: Project, *, patience: float | None = None, first: Ahead | None = None
) -> AsyncGenerator[Mirror]:
    """The read model, anew after each batch of events; marked ``connected=False`` while the daemon is away.

    Returns when the system has gone down in order. Raises DaemonError when no daemon answers at first, or when it
    has been away for longer than ``patience`` seconds (None: goes on trying). ``first``: what `ask_ahead` has returned.
    """
    control = AsyncControl(project)
    asked = control.send(calls.snapshot()) if first is None else asyncio.wrap_future(first)
    mirror = Mirror.of(await asked)
    yield mirror
    while True:
        try:
            async for batch in events(project, mirror.seq):
                for event in batch:
                    if event.kind == "reset":
                        mirror = mirror.renewed(await control.send(calls.snapshot()))
                    else:
                        mirror = mirror.apply(event)
                yield mirror
        except DaemonError:
            pass  # what to do about it is the same as at an orderly end of the stream
        if mirror.system.shutting_down is not None:
            return
        mirror = mirror.disconnected()
        yield mirror
        mirror = await _taken_up(control, mirror, patience)
        yield mirror


async def _taken_up(control: AsyncControl, mirror: Mirror, patience: float | None) -> Mirror:
    """The read model once a daemon answers again: the same if it is the same run, else from a snapshot."""
    lost_at = time.monotonic()
    attempt = 0
    while True:
        attempt += 1
        try:
            same = (await control.send(calls.version())).run_id == mirror.system.run_id
            if same:
                return mirror.reconnected()
            return mirror.renewed(await control.send(calls.snapshot()))
        except DaemonError as error:
            if patience is not None and time.monotonic() - lost_at >= patience:
                message = f"the daemon of {control.project.root} has gone away"
                hint = f"`meshdev up` starts it again; its own log: {control.project.daemon_log}"
                raise DaemonError(message, hint=hint) from error
        await asyncio.sleep(_RETRY.delay(attempt, 0.0))


@asynccontextmanager
async def _connection(project: Project) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    path = project.socket()
    try:
        _refuse_foreign(path)
        reader, writer = await asyncio.open_unix_connection(path)
    except OSError as error:
        raise await asyncio.to_thread(trouble, project, error, calls.QUICK) from None
    try:
        yield reader, writer
    finally:
        writer.close()


def _refuse_foreign(path: Path) -> None:
    if os.stat(path).st_uid != os.getuid():  # noqa: PTH116 -- as in `knock`
        raise PermissionError(f"{path} belongs to another user")
