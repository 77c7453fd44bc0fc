"""The event broker (NATS JetStream) as a service meets it: absent, present, gone again.

A `session` lasts as long as one connection. Whoever uses it simply fails when the broker goes away and asks for
the next session, which waits (with backoff) until there is one. Nothing here stops a service from starting.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
import nats.errors
from nats.aio.client import Client
from nats.js import api
from nats.js.client import JetStreamContext
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from shopkit.deliveries import Deliveries
from shopkit.events import STREAM, SUBJECTS

_log = logging.getLogger("broker")
_CONNECT_SECONDS = 2
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0
_REQUEST_SECONDS = 2.0
_REDELIVER_SECONDS = 2.0
_LOST = (nats.errors.Error, JetStreamError, OSError, TimeoutError)


class Session:
    """One connection to the broker, with the shop's stream known to exist.

    `stream_identity` is the moment of the stream's creation: it changes when the broker has lost its store.
    """

    def __init__(self, client: Client, stream: JetStreamContext, identity: str) -> None:
        self._client = client
        self._jetstream = stream
        self.stream_identity = identity

    @property
    def alive(self) -> bool:
        """Whether the connection still stands, as far as anybody knows."""
        return bool(self._client.is_connected)

    async def publish(self, subject: str, body: bytes, message_id: str, traceparent: str = "") -> None:
        """Publish and wait for the broker's word that the message is stored (or was stored before)."""
        headers = {api.Header.MSG_ID.value: message_id}
        if traceparent:
            headers["traceparent"] = traceparent
        await self._jetstream.publish(subject, body, timeout=_REQUEST_SECONDS, stream=STREAM, headers=headers)

    async def last_sequence(self) -> int:
        """The sequence number of the newest message of the stream."""
        return int((await self._jetstream.stream_info(STREAM)).state.last_seq)

    async def durable(self, name: str) -> Deliveries:
        """Deliveries to the durable consumer `name`: what was not acknowledged comes again."""
        config = api.ConsumerConfig(
            durable_name=name,
            deliver_policy=api.DeliverPolicy.ALL,
            ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=_REDELIVER_SECONDS,
        )
        return await self._deliveries(config)

    async def replay(self, first: int) -> Deliveries:
        """Deliveries of every message from sequence number `first` on, in order; nothing is acknowledged."""
        config = api.ConsumerConfig(
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=first,
            ack_policy=api.AckPolicy.NONE,
            inactive_threshold=30,
        )
        return await self._deliveries(config)

    async def _deliveries(self, config: api.ConsumerConfig) -> Deliveries:
        info = await self._jetstream.add_consumer(STREAM, config, timeout=_REQUEST_SECONDS)
        return await Deliveries.begin(self._client, STREAM, info.name)


class Broker:
    """Where the broker is, and what became of the last attempt to reach it."""

    def __init__(self, service: str, url: str | None = None) -> None:
        self._service = service
        self._url = url or os.environ.get("EVENTS_URL", "")
        if not self._url:
            message = 'EVENTS_URL is not set: declare the edge in meshdev.toml (uses = ["brokers.events"])'
            raise RuntimeError(message)
        self.state = "not connected yet"

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Wait for the broker, then lend a session; losing the broker inside the block ends the block quietly."""
        client, session = await self._connect()
        try:
            yield session
        except _LOST as error:
            _give_way()
            self._note(f"lost: {_explain(error)}")
        finally:
            await _close(client)

    async def _connect(self) -> tuple[Client, Session]:
        pause = _FIRST_PAUSE
        while True:
            client = Client()
            try:
                async with asyncio.timeout(_CONNECT_SECONDS * 2):
                    await _connect(client, self._url, self._service)
                    session = await _open_stream(client)
            except _LOST as error:
                await _close(client)
                _give_way()
                self._note(_explain(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except BaseException:
                await _close(client)
                raise
            else:
                self._note("connected")
                return client, session

    def _note(self, state: str) -> None:
        if state != self.state:
            self.state = state
            _log.info("broker: %s", state)


async def _connect(client: Client, url: str, name: str) -> None:
    connecting = True

    async def stop_trying(error: Exception) -> None:
        # While it connects, the client would try again by itself, with pauses of its own, and say nothing; once
        # connected, it repeats here what it also raises.
        if connecting:
            raise error

    # Reconnecting is ours to do, too: after a pause of unknown length a consumer starts from what it knows.
    await client.connect(
        url,
        name=name,
        allow_reconnect=False,
        connect_timeout=_CONNECT_SECONDS,
        ping_interval=5,
        error_cb=stop_trying,
    )
    connecting = False


async def _open_stream(client: Client) -> Session:
    stream = client.jetstream(timeout=_REQUEST_SECONDS)
    try:
        info = await stream.stream_info(STREAM)
    except NotFoundError:
        # Two services may get here at once: creating the same stream twice is no error.
        info = await stream.add_stream(
            api.StreamConfig(name=STREAM, subjects=list(SUBJECTS), duplicate_window=600, max_msg_size=1 << 20)
        )
    return Session(client, stream, str(info.created))


async def _close(client: Client) -> None:
    """Close to the end, even when this task is cancelled meanwhile: a client half-closed leaves tasks behind."""
    closing = asyncio.get_running_loop().create_task(client.close())
    try:
        await asyncio.shield(closing)
    except _LOST:
        return
    except asyncio.CancelledError:
        await asyncio.wait([closing], timeout=_CONNECT_SECONDS)
        if closing.done() and not closing.cancelled():
            closing.exception()  # looked at, so that nobody complains that it wasn't
        raise


def _give_way() -> None:
    """End here if that was asked for: the client's waits (asyncio.wait_for before Python 3.12) may swallow it."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _explain(error: BaseException) -> str:
    return str(error) or type(error).__name__
