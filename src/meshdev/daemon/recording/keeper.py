"""The book of recordings under way: edges are recorded for them, what is safe is told, ends are kept.

Rules: `start` answers when every worker acts by it, so each call from then on is in the recording · `stop` answers when
everything from before is on the disk · what the recorder has not acknowledged may be lost with it, nothing else · a
recording whose recorder ended is over, and a person is told.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from meshdev.daemon.recording.asked import Asked, asked
from meshdev.daemon.recording.describing import SPOKEN, Describing
from meshdev.daemon.recording.process import RecorderProcess
from meshdev.daemon.recording.provenance import provenance
from meshdev.daemon.recording.recalling import Recalls
from meshdev.errors import MeshdevError, ServiceError, UsageError
from meshdev.kernel.nearest import did_you_mean
from meshdev.lifecycle.model import Level
from meshdev.recording.model import Meta
from meshdev.storage.recordings.key import redaction_key
from meshdev.storage.recordings.library import Library, Totals
from meshdev.topology.model import System
from meshdev.topology.recordings import RecordingRules
from meshdev.wire.capture import Begin, Describe, Finish, Finished, FromRecorder, Progress, Recalled, Secrets
from meshdev.wire.mesh import Dump, EdgeKey, EdgePolicy, Upstream
from meshdev.wire.recording_views import (
    RecalledView,
    RecordingsView,
    RecordingView,
    RecordRequest,
    SaveLastRequest,
)

ACK_SECONDS = 2.0
DESCRIBE_SECONDS = 1.0
MOST_AT_ONCE = 4 << 20  # bytes of descriptors in one message
FINISH_SECONDS = 10.0


class Capture(NamedTuple):
    """What the mesh keeps of an edge's traffic, and whether it tells the recorder."""

    keep: int
    recorded: bool
    body_cap: int


class Ground(Protocol):
    """What the keeper needs of the daemon."""

    def system(self) -> System:
        """The system that runs."""
        ...

    def edges(self) -> list[EdgeKey]:
        """Its edges."""
        ...

    def policy(self, key: EdgeKey) -> EdgePolicy | None:
        """What the mesh does on one of them."""
        ...

    def publish(self) -> int:
        """Hand the mesh its policy anew; the version that says so."""
        ...

    def wait_acked(self, version: int) -> Awaitable[None]:
        """Until that version acts everywhere."""
        ...

    def dump(self, dump: Dump) -> None:
        """Ask every worker for what it has kept, then for a mark."""
        ...

    def announce(self, recordings: list[RecordingView]) -> None:
        """Tell whoever follows the stream."""
        ...

    def notice(self, text: str, level: Level) -> None:
        """Something that a person should read."""
        ...


@dataclass(slots=True)
class _Entry:
    """A recording under way."""

    meta: Meta
    asked: Asked
    view: RecordingView
    done: asyncio.Future[Finished]
    live: bool = True  # of what passes, not of what has passed
    stopping: bool = field(default=False)


class RecordingKeeper:
    """See the module. Methods raise MeshdevError."""

    def __init__(self, ground: Ground, key_file: Path, process: Callable[..., RecorderProcess]) -> None:
        self._ground = ground
        self._key_file = key_file
        self._broken: dict[str, str] = {}  # whose recorder ended, and what was told of it
        self._process = process(told=self._told, died=self._died)
        self._recalls = Recalls(self._process.say, ground.dump)
        self._describing = Describing()
        self._entries: dict[str, _Entry] = {}
        self._rules = RecordingRules()
        self._tokens = 0
        self._wake = asyncio.Event()
        self._closing = False

    # --- questions --------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """The recorder's, 0 when there is none."""
        return self._process.pid

    def views(self) -> RecordingsView:
        """Where recordings are, and those under way."""
        return RecordingsView(folder=str(self._rules.folder), active=self.active())

    def active(self) -> list[RecordingView]:
        """Those under way."""
        return [entry.view for entry in self._entries.values()]

    def capture(self, key: EdgeKey) -> Capture:
        """What the mesh shall keep of an edge."""
        recorded = any(
            entry.live and not entry.stopping and entry.asked.means(key) for entry in self._entries.values()
        )
        return Capture(self._rules.keep, recorded, self._rules.body_cap)

    # --- wishes -----------------------------------------------------------------------------------

    def adopt(self, rules: RecordingRules) -> None:
        """The topology's rules from now on; whoever calls publishes."""
        self._rules = rules

    async def start(self, request: RecordRequest) -> RecordingView:
        """Record from now on. Raises UsageError, StorageError, ServiceError."""
        entry = await self._begin(request, token=0)
        await self._publish()
        self._announce()
        self._wake.set()
        return entry.view

    async def stop(self, name: str) -> RecordingView:
        """Close one; everything from before is in it. Raises UsageError."""
        entry = self._entries.get(name)
        if entry is None:
            if name in self._broken:
                raise UsageError(
                    f"{name} is over: {self._broken[name]}",
                    hint=f"`meshdev record show {name}` tells what it has",
                )
            hint = did_you_mean(name, self._entries, what="being recorded")
            raise UsageError(f"nothing called {name} is being recorded", hint=hint)
        if not entry.stopping:
            entry.stopping = True
            await self._publish()
            self._finish(name, seconds=0.0)
        return await self._end(entry)

    async def save_last(self, request: SaveLastRequest) -> RecordingView:
        """Save what the mesh still has of the last seconds. Raises UsageError, StorageError, ServiceError."""
        if request.seconds <= 0:
            raise UsageError("of how long?", hint="save-last 5m")
        self._tokens += 1
        token = self._tokens
        entry = await self._begin(request, token=token)
        self._finish(entry.meta.name, seconds=request.seconds, token=token)
        return await self._end(entry)

    async def recall(self, span: str, since: float | None) -> RecalledView:
        """A call whole, while the mesh still has it; ``since``: when it began. Raises UsageError, ServiceError."""
        await self._have_recorder()
        self._tokens += 1
        return await self._recalls.one(self._tokens, span, since)

    async def run(self) -> None:
        """Close what came to its end by itself, until `stop_running`."""
        while not self._closing:
            with suppress(TimeoutError):
                async with asyncio.timeout(DESCRIBE_SECONDS if self._entries else None):
                    await self._wake.wait()
            self._wake.clear()
            await self._describe_newcomers()
            for entry in list(self._entries.values()):
                if entry.view.trouble:
                    with suppress(MeshdevError):
                        await self.stop(entry.meta.name)

    def stop_running(self) -> None:
        """End `run`."""
        self._closing = True
        self._wake.set()

    async def close(self) -> None:
        """The system is down: close what is being recorded, then the recorder."""
        for name in list(self._entries):
            with suppress(MeshdevError):
                await self.stop(name)
        await self._process.close()

    # --- on the way -------------------------------------------------------------------------------

    async def _begin(self, request: RecordRequest, token: int) -> _Entry:
        system, rules = self._ground.system(), self._rules
        wanted = asked(request, system, self._ground.edges())
        name = request.name or time.strftime("%Y%m%d-%H%M%S")
        if name in self._entries:
            raise UsageError(f"{name} is being recorded already", hint=f"meshdev record stop {name}")
        protos = {service.name: service.protos for service in system.services.values() if service.protos}
        made, described = await asyncio.gather(
            asyncio.to_thread(provenance, system.name, system.root),
            self._describing.known(self._places(wanted), protos),
        )
        notes = self._describing.notes
        meta = Meta(
            name=name,
            created=time.time(),
            provenance=made,
            edges=tuple(wanted.words),
            match=" ".join(f"{key}={value}" for key, value in wanted.match_table.items()),
            redacted=wanted.redact,
        )
        folder = await asyncio.to_thread(Library(rules.folder).begin, meta)
        await self._have_recorder()
        view = RecordingView(
            name=name,
            folder=str(folder),
            since=meta.created,
            edges=wanted.words,
            match=dict(wanted.match_table),
            redacted=wanted.redact,
            notes=notes,
        )
        done: asyncio.Future[Finished] = asyncio.get_running_loop().create_future()
        self._broken.pop(name, None)
        entry = self._entries[name] = _Entry(meta, wanted, view, done, live=not token)
        small = described if sum(len(one.data) for one in described) <= MOST_AT_ONCE else ()
        self._process.say(Begin(name, str(folder), wanted.edges, wanted.match, wanted.redact, token, small))
        for one in described[len(small) :]:
            self._process.say(Describe(name, one))
        return entry

    def _places(self, wanted: Asked) -> dict[tuple[str, str], Upstream | None]:
        """The endpoints of which calls may be recorded, with one that serves each."""
        services = self._ground.system().services
        found: dict[tuple[str, str], Upstream | None] = {}
        for key in self._ground.edges():
            policy = self._ground.policy(key)
            if policy is None or not wanted.means(key):
                continue
            callee = services.get(key.callee)
            if policy.protocol in SPOKEN or (callee is not None and callee.protos):
                found.setdefault((key.callee, key.endpoint), next(iter(policy.upstreams), None))
        return found

    async def _describe_newcomers(self) -> None:
        """Ask those that run only now, or anew."""
        services = self._ground.system().services
        live = [
            (entry.meta.name, self._places(entry.asked))
            for entry in self._entries.values()
            if entry.live and not entry.stopping
        ]
        places = self._describing.unasked({at: it for _, places in live for at, it in places.items()})
        untold = {at: it for at, it in places.items() if at[0] not in services or not services[at[0]].protos}
        for one in await self._describing.known(untold, {}) if untold else ():
            for name, wanted in live:
                if (one.callee, one.endpoint) in wanted:
                    self._process.say(Describe(name, one))

    async def _have_recorder(self) -> None:
        key = await asyncio.to_thread(redaction_key, self._key_file)
        redact = self._rules.redact
        self._process.ensure(Secrets(key, redact.headers, redact.fields, redact.patterns, redact.keep))

    def _finish(self, name: str, *, seconds: float, token: int = 0) -> None:
        if not token:
            self._tokens += 1
            token = self._tokens
        self._process.say(Finish(name, token))
        self._ground.dump(Dump(token, seconds))

    async def _end(self, entry: _Entry) -> RecordingView:
        """Until it is closed; its last view."""
        try:
            async with asyncio.timeout(FINISH_SECONDS):
                finished = await asyncio.shield(entry.done)
        except TimeoutError as error:
            raise ServiceError(
                f"the recorder does not close {entry.meta.name}",
                hint="what it has acknowledged is on the disk; `meshdev record show` tells what",
            ) from error
        await self._close(entry, finished)
        return entry.view

    async def _close(self, entry: _Entry, finished: Finished) -> None:
        if self._entries.pop(entry.meta.name, None) is None:
            return  # somebody else waited for it, too
        entry.view = _with(entry.view, finished, ended=time.time())
        if entry.meta.name in self._broken:
            self._announce()
            return  # not closed in order; what is in it is for its journal to say
        meta = msgspec.structs.replace(entry.meta, ended=entry.view.ended)
        totals = Totals(exchanges=finished.exchanges, lost=finished.lost)
        await asyncio.to_thread(Library(Path(entry.view.folder).parent).describe, meta, totals)
        self._announce()

    async def _publish(self) -> None:
        version = self._ground.publish()
        with suppress(TimeoutError):
            async with asyncio.timeout(ACK_SECONDS):
                await self._ground.wait_acked(version)

    def _announce(self) -> None:
        self._ground.announce(self.active())

    # --- what the recorder says -------------------------------------------------------------------

    def _told(self, message: FromRecorder) -> None:
        if isinstance(message, Recalled):
            self._recalls.told(message)
            return
        entry = self._entries.get(message.name)
        if entry is None:
            return
        if message.trouble and message.trouble != entry.view.trouble:
            self._ground.notice(f"recording {message.name}: {message.trouble}", Level.ERROR)
        if isinstance(message, Finished) and not entry.done.done():
            entry.done.set_result(message)
        entry.view = _with(entry.view, message)
        if entry.view.trouble:
            self._wake.set()
        self._announce()

    def _died(self) -> None:
        """Everything under way is over; what was acknowledged is on the disk."""
        self._recalls.died()
        for entry in list(self._entries.values()):
            trouble = f"the recorder ended; {entry.view.exchanges} exchanges are safe"
            self._ground.notice(f"recording {entry.meta.name}: {trouble}", Level.ERROR)
            view = entry.view
            if not entry.done.done():
                self._broken[entry.meta.name] = trouble
                entry.done.set_result(
                    Finished(entry.meta.name, view.exchanges, view.bytes, view.lost, trouble)
                )
            entry.stopping = True
            entry.view = msgspec.structs.replace(view, trouble=trouble)
        self._ground.publish()
        self._wake.set()
        self._announce()


def _with(view: RecordingView, told: Progress | Finished, ended: float | None = None) -> RecordingView:
    return msgspec.structs.replace(
        view,
        exchanges=told.exchanges,
        bytes=told.bytes,
        lost=told.lost,
        trouble=told.trouble or view.trouble,
        ended=ended,
    )
