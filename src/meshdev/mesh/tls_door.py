"""Where callers come in by TLS: the handshake is ours, what they say then is the edge's business like any other.

Rules: callers see the certificate that the policy names, and are offered by ALPN what the callee itself chooses
(`tls_choice`), so they wait here while a callee starts ·
behind the handshake stands the protocol that the edge has for plain callers; it hears of nothing but bytes · a
half-close does not exist over TLS · what goes wrong in a handshake is counted, and told once with the way out.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from meshdev.mesh.relay import Start
from meshdev.mesh.tls_choice import Choice
from meshdev.wire.mesh import EdgeError, EdgeTls

if TYPE_CHECKING:
    from meshdev.mesh.edge import Edge
    from meshdev.mesh.http_relay import HttpRelay
    from meshdev.mesh.relay import Relay

HANDSHAKE_SECONDS: Final = 10.0
ACCEPT_PAUSE: Final = 0.1
SHUTDOWN_SECONDS: Final = 2.0  # for the other side to say goodbye, too
_DISTRUST: Final = frozenset(
    {
        "TLSV1_ALERT_UNKNOWN_CA",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "TLSV1_ALERT_DECRYPT_ERROR",
    }
)
_PLAIN: Final = frozenset({"HTTP_REQUEST", "WRONG_VERSION_NUMBER"})
_GREETED: Final[ContextVar[list[str]]] = ContextVar("greeted")
"""Of the handshake that is under way in this context: who was meant, once its caller has said hello."""
Shake = Callable[[ssl.SSLContext], Awaitable[None]]


class TlsDoor:
    """The TLS side of an edge towards its callers; ``relay`` serves them behind it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        relay: "Relay | HttpRelay",
        start: Start,
        complain: Callable[[str], None],
    ) -> None:
        self.edge: Edge = relay.edge
        self._loop = loop
        self._relay = relay
        self._start = start
        self._complain = complain
        self._admitting: set[asyncio.Task[None]] = set()
        self._contexts: dict[tuple[str, ...], ssl.SSLContext] = {}
        self._tls: EdgeTls | None = None
        self._choice = Choice(relay.edge, start)

    def listen(self, sock: socket.socket) -> "DoorListener":
        """Accept there; nothing is read of a caller before its handshake can begin."""
        return DoorListener(self._start(self._accept(sock)))

    def put_out(self) -> None:
        """Let go of everybody who is still on the way in."""
        for task in tuple(self._admitting):
            task.cancel()

    def enter(self, transport: asyncio.Transport) -> None:
        """Take in a caller that is connected already, and has said nothing that was not heard."""
        arrival = Arrival()
        transport.pause_reading()
        transport.set_protocol(arrival)
        self._keep(self._admit(partial(self._upgraded, transport, arrival), transport.abort))

    # --- callers ----------------------------------------------------------------------------------

    async def _accept(self, listening: socket.socket) -> None:
        with listening:
            while True:
                try:
                    sock, _ = await self._loop.sock_accept(listening)
                except ConnectionError:  # it went before we came
                    continue
                except OSError:  # no more descriptors, for now
                    await asyncio.sleep(ACCEPT_PAUSE)
                    continue
                self._keep(self._admit(partial(self._secured, sock), sock.close))

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._start(work)
        self._admitting.add(task)
        task.add_done_callback(self._admitting.discard)

    async def _admit(self, shake: Shake, drop: Callable[[], None]) -> None:
        kind: EdgeError | None = None
        greeted: list[str] = []
        _GREETED.set(greeted)
        try:
            offered = await self._choice.offered()
            if offered is not None:
                await shake(self._context(offered))
                return
            kind = self._choice.unasked
        except ssl.SSLError as error:
            kind = EdgeError.TLS
            self._refused(error)
        except OSError:  # gone, or silent for too long; who has said nothing need not have meant us
            if greeted:
                kind = EdgeError.TLS
                self._distrusted("broke off its handshake when it saw the certificate of this edge; maybe it")
        except asyncio.CancelledError:
            drop()
            raise
        drop()
        edge = self.edge
        edge.opened += 1
        edge.closed += 1
        if kind is not None:
            edge.count_error(kind)
        edge.touch()

    async def _secured(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        await self._loop.connect_accepted_socket(
            self._relay.accept,
            sock,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=SHUTDOWN_SECONDS,
        )

    async def _upgraded(
        self, transport: asyncio.Transport, arrival: "Arrival", context: ssl.SSLContext
    ) -> None:
        secure = await self._loop.start_tls(
            transport,
            arrival,
            context,
            server_side=True,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=SHUTDOWN_SECONDS,
        )
        if secure is not None:
            arrival.hand_over(secure, self._relay.accept())

    def _context(self, offered: tuple[str, ...]) -> ssl.SSLContext:
        tls = self.edge.policy.tls or self._tls
        if tls is None:
            raise ssl.SSLError(ssl.SSL_ERROR_SSL, "the edge is not terminated any more")
        if tls != self._tls:
            self._contexts.clear()
            self._tls = tls
        context = self._contexts.get(offered)
        if context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            try:
                context.load_cert_chain(tls.certificate, tls.key)
            except OSError as error:
                self._complain(f"callers cannot be let in: {tls.certificate} cannot be read ({error})")
                raise
            context.sni_callback = _note_greeting
            if offered:
                context.set_alpn_protocols(list(offered))
            self._contexts[offered] = context
        return context

    def _refused(self, error: ssl.SSLError) -> None:
        reason, caller = error.reason or str(error), self.edge.key.caller
        if reason in _DISTRUST:
            self._distrusted(f"says {_said(reason)} to the certificate of this edge: it")
        elif reason in _PLAIN:
            self._complain(f"{caller} does not speak TLS, and this edge terminates it: call it by https://")
        else:
            self._complain(f"the TLS handshake with {caller} failed: {_said(reason)}")

    def _distrusted(self, what: str) -> None:
        """``what`` it did, as the beginning of the sentence's predicate."""
        authority = self._tls.authority if self._tls is not None else ""
        self._complain(
            f"{self.edge.key.caller} {what} does not trust it. Have it trust {authority}: meshdev sets SSL_CERT_FILE, "
            "NODE_EXTRA_CA_CERTS and their like for declared callers, and a program that reads none of these "
            "(Java), or has its own, needs it in its trust store"
        )


class DoorListener:
    """Accepts callers until it is closed."""

    __slots__ = ("_task",)

    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task = task

    def close(self) -> None:
        """Accept nobody any more; the socket is closed when the task ends."""
        self._task.cancel()


class Arrival(asyncio.Protocol):
    """A caller between its handshake and who serves it; what it says in between is kept."""

    __slots__ = ("_early", "_ended", "_lost")

    def __init__(self) -> None:
        self._early: list[bytes] = []
        self._ended = False
        self._lost: list[Exception | None] = []

    def data_received(self, data: bytes) -> None:
        """Keep it."""
        self._early.append(data)

    def eof_received(self) -> None:
        """Remember it."""
        self._ended = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember it."""
        self._lost.append(exc)

    def hand_over(self, transport: asyncio.Transport, protocol: asyncio.Protocol) -> None:
        """From here on ``protocol`` has the connection."""
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        if self._early:
            protocol.data_received(b"".join(self._early))
        if self._ended:
            protocol.eof_received()
        for exc in self._lost:
            protocol.connection_lost(exc)


def _note_greeting(_: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> None:
    """A caller has said hello: from here on it knows whom it talks to."""
    greeted = _GREETED.get(None)
    if greeted is not None:
        greeted.append(name or "")


def _said(reason: str) -> str:
    """``unknown ca`` for ``TLSV1_ALERT_UNKNOWN_CA``."""
    return reason.partition("_ALERT_")[2].replace("_", " ").lower() or reason.replace("_", " ").lower()
