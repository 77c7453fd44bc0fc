"""The daemon's side of the recorder: it is started with the first recording, linked to every worker, and missed aloud.

Rules: a recorder that ends is not started again by itself, since what it was making is over: the next recording starts
another one · a worker that is started later is linked, too.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping
from typing import Final

from meshdev.errors import ServiceError
from meshdev.mesh.channel import Channel
from meshdev.mesh.fleet import Fleet
from meshdev.mesh.offspring import Offspring
from meshdev.wire.capture import Attach, FromRecorder, Secrets, ToRecorder, decode_from_recorder, encode

ROLE: Final = "recorder"
CLOSE_SECONDS: Final = 5.0
REAP_SECONDS: Final = 0.01


class RecorderProcess:
    """``told`` hears what it says, ``died`` that it is gone."""

    def __init__(
        self,
        fleet: Fleet,
        environment: Mapping[str, str],
        told: Callable[[FromRecorder], None],
        died: Callable[[], None],
    ) -> None:
        self._fleet = fleet
        self._offspring = Offspring("meshdev.recorder", environment)
        self._told = told
        self._died = died
        self._channel: Channel | None = None

    @property
    def pid(self) -> int:
        """The recorder's, 0 when there is none."""
        return self._offspring.pid if self._channel is not None else 0

    def ensure(self, secrets: Secrets) -> None:
        """Have a recorder. Raises ServiceError."""
        if self._channel is not None:
            return
        self._offspring.reaped()
        try:
            sock = self._offspring.start()
        except OSError as error:
            raise ServiceError(f"the recorder cannot be started: {error.strerror}") from error
        self._channel = Channel(
            asyncio.get_running_loop(),
            sock,
            received=lambda body: self._told(decode_from_recorder(body)),
            closed=self._lost,
        )
        self.say(secrets)
        self._fleet.record_by(self._attach)

    def say(self, message: ToRecorder) -> None:
        """Tell it something; nobody hears it when there is none."""
        if self._channel is not None:
            self._channel.send(encode(message))

    async def close(self) -> None:
        """End it: by breaking the channel, and by force if that is not enough."""
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + CLOSE_SECONDS
        while not self._offspring.reaped():
            if loop.time() > deadline:
                self._offspring.kill()
            await asyncio.sleep(REAP_SECONDS)

    def _attach(self, sock: socket.socket) -> None:
        if self._channel is not None:
            self._channel.send(encode(Attach()), sock.fileno())

    def _lost(self) -> None:
        self._channel = None
        self._offspring.kill()
        self._died()
