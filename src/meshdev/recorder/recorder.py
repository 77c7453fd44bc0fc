"""The recorder: workers' streams in, recordings out, as the daemon says.

Rules: an exchange is understood once, whoever wants it · those that came together go through each step together
(understood, without secrets, written), which keeps a step's code and data in the caches · a recording ends when every
worker that was there has said the mark of its end, or is gone, or for `PATIENCE` seconds has not · what is not over by
then is kept as far as it came · an exchange that is recalled goes back without secrets, and on no disk.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Final, assert_never

from meshdev.errors import MeshdevError
from meshdev.mesh.channel import Channel
from meshdev.recorder.recall import Wanted
from meshdev.recorder.session import Redact, Session
from meshdev.recorder.worker_stream import WorkerStream
from meshdev.recording.assembly.exchange import Raw, assemble
from meshdev.wire.capture import (
    Attach,
    Begin,
    Describe,
    Finish,
    Finished,
    FromRecorder,
    Recall,
    Secrets,
    decode_batch,
    decode_to_recorder,
    encode,
)

FLUSH_SECONDS: Final = 0.2
PATIENCE: Final = 5.0

MakeRedact = Callable[[Secrets], Redact]


class Recorder:
    """Lives until the daemon's channel breaks (`finished`)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket, redacting: MakeRedact) -> None:
        self._loop = loop
        self._redacting = redacting
        self._redact: Redact | None = None
        self.finished = asyncio.Event()
        self._sessions: dict[str, Session] = {}
        self._workers: dict[WorkerStream, Channel] = {}
        self._wanted: dict[int, Wanted] = {}
        self._ending: dict[int, tuple[str, set[WorkerStream]]] = {}
        self._unasked: dict[int, list[Raw]] = {}
        self._early: dict[int, set[WorkerStream]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._came: list[tuple[Raw, int]] = []
        self._channel = Channel(loop, sock, received=self._received, closed=self._end)

    def _say(self, message: FromRecorder) -> None:
        self._channel.send(encode(message))

    def _end(self) -> None:
        """The daemon is gone: keep what there is."""
        for session in self._sessions.values():
            session.finish()
        self._sessions.clear()
        for worker in self._workers.values():
            worker.close()
        self._workers.clear()
        if self._timer is not None:
            self._timer.cancel()
        self.finished.set()

    # --- what the daemon says ---------------------------------------------------------------------

    def _received(self, body: bytes) -> None:
        message = decode_to_recorder(body)
        match message:
            case Attach():
                self._attach(socket.socket(fileno=self._channel.take_descriptor()))
            case Secrets():
                self._redact = self._redacting(message)
            case Begin():
                self._begin(message)
            case Describe():
                session = self._sessions.get(message.name)
                if session is not None:
                    session.describe(message.described)
            case Finish():
                self._await_marks(message.token, message.name)
            case Recall():
                self._wanted[message.token] = wanted = Wanted(message, self._redact)
                for raw in self._unasked.pop(message.token, ()):
                    wanted.add(raw)
                self._await_marks(message.token, "")
            case _:
                assert_never(message)

    def _attach(self, sock: socket.socket) -> None:
        stream = WorkerStream(self._exchanged, self._lost, self._marked)
        self._workers[stream] = Channel(
            self._loop,
            sock,
            received=lambda body: self._heard(stream, body),
            closed=lambda: self._detached(stream),
        )

    def _detached(self, stream: WorkerStream) -> None:
        self._workers.pop(stream, None)
        stream.close()
        self._work()
        for token in list(self._ending):
            self._marked(stream, token)

    def _begin(self, begin: Begin) -> None:
        if self._redact is None:
            self._say(Finished(begin.name, 0, 0, 0, "the recorder was not told what is secret"))
            return
        try:
            self._sessions[begin.name] = Session(begin, self._redact)
        except MeshdevError as error:
            self._say(Finished(begin.name, 0, 0, 0, error.message))
        self._came += [(raw, begin.token) for raw in self._unasked.pop(begin.token, ())]
        self._work()

    # --- what the workers say ---------------------------------------------------------------------

    def _heard(self, stream: WorkerStream, body: bytes) -> None:
        stream.feed(decode_batch(body))
        self._work()

    def _exchanged(self, raw: Raw, token: int) -> None:
        if token in self._wanted:
            self._wanted[token].add(raw)
        elif token and all(session.begin.token != token for session in self._sessions.values()):
            self._unasked.setdefault(token, []).append(raw)  # the daemon's word for it is still on its way
        else:
            self._came.append((raw, token))

    def _work(self) -> None:
        """What came, into the recordings that want it."""
        came, self._came = self._came, []
        meant = [
            (raw, wanted)
            for raw, token in came
            if (wanted := tuple(one for one in self._sessions.values() if one.wants(raw.key, token)))
        ]
        understood = [
            (exchange, wanted) for raw, wanted in meant if (exchange := assemble(raw, "")) is not None
        ]
        for session in {session: None for _, wanted in understood for session in wanted}:
            session.add([exchange for exchange, wanted in understood if session in wanted])
        if understood and self._timer is None:
            self._timer = self._loop.call_later(FLUSH_SECONDS, self._flush)

    def _lost(self, exchanges: int) -> None:
        for session in self._sessions.values():
            session.lose(exchanges)
        if self._timer is None:
            self._timer = self._loop.call_later(FLUSH_SECONDS, self._flush)

    def _await_marks(self, token: int, name: str) -> None:
        marked = self._early.pop(token, set())
        self._ending[token] = (name, set(self._workers) - marked)
        self._loop.call_later(PATIENCE, self._finish_now, token)
        self._finish_if_all(token)

    def _marked(self, stream: WorkerStream, token: int) -> None:
        self._work()
        if token not in self._ending:  # the daemon's word for it is still on its way
            self._early.setdefault(token, set()).add(stream)
            return
        self._ending[token][1].discard(stream)
        self._finish_if_all(token)

    def _flush(self) -> None:
        self._timer = None
        for session in self._sessions.values():
            session.flush()
            progress = session.progress()
            if progress is not None:
                self._say(progress)

    def _finish_if_all(self, token: int) -> None:
        if not self._ending[token][1]:
            self._finish_now(token)

    def _finish_now(self, token: int) -> None:
        """Close it; a worker that has not said its mark by now was started too late to hear of it."""
        ended = self._ending.pop(token, None)
        if ended is None:
            return
        name, _ = ended
        self._unasked.pop(token, None)
        wanted = self._wanted.pop(token, None)
        if wanted is not None:
            self._say(wanted.told())
            return
        session = self._sessions.pop(name, None)
        if session is None:
            self._say(Finished(name, 0, 0, 0, "it was not being recorded"))
            return
        for stream in self._workers:
            for raw in stream.unfinished():
                if session.wants(raw.key, 0) and (exchange := assemble(raw, "")) is not None:
                    session.add([exchange])
        self._say(session.finish())
