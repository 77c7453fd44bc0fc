"""An edge to what runs elsewhere: HTTP to a URL, over TLS if the URL says so.

The one exception to "bytes pass unchanged": the callee must be called by its own name. So in every request's head the
target is put below the URL's path and in origin form, and Host becomes the URL's authority; nothing else is touched,
neither in requests nor in responses (redirects, cookies and links are the callee's own). TLS is ours: the caller speaks
plain HTTP to the edge, the callee's certificate is verified by the system's authorities (or by ``SSL_CERT_FILE``).
"""

import asyncio
import ssl
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from meshdev.mesh.edge import CONNECT_TIMEOUT, Edge, UnconnectedError
from meshdev.mesh.http_relay import HttpRelay
from meshdev.traffic.http1_head import RequestHead
from meshdev.traffic.readdress import below, readdressed
from meshdev.wire.mesh import EdgeError, Remote, Upstream

P = TypeVar("P", bound=asyncio.BaseProtocol)


class RemoteEdge(Edge):
    """Dials the URL's host; ``explain`` gets a sentence when TLS fails, since the error's kind alone helps nobody."""

    __slots__ = ("explain",)

    explain: Callable[[str], None]

    async def _dial(self, upstream: Upstream, protocol: Callable[[Upstream], P]) -> P:
        remote = self.policy.remote
        if remote is None or not remote.tls:
            return await super()._dial(upstream, protocol)
        try:
            _, made = await self._loop.create_connection(
                lambda: protocol(upstream),
                upstream.host,
                upstream.port,
                ssl=_verifying(),
                server_hostname=upstream.host,
                ssl_handshake_timeout=CONNECT_TIMEOUT,
            )
        except ssl.SSLError as error:
            self.explain(f"TLS with {remote.authority} failed: {_reason(error)}")
            raise UnconnectedError(EdgeError.TLS) from error
        except (
            TimeoutError,
            ConnectionAbortedError,
        ) as error:  # asyncio's way to say that the handshake took too long
            raise UnconnectedError(EdgeError.CONNECT_TIMEOUT) from error
        except OSError as error:
            refused = isinstance(error, ConnectionError)
            raise UnconnectedError(EdgeError.REFUSED if refused else EdgeError.UNREACHABLE) from error
        self._proven.add(upstream)
        return made


def call_by_url(relay: HttpRelay) -> None:
    """Have ``relay`` call its callee by the URL that the policy tells."""
    trace = relay.spliced

    def spliced(head: RequestHead) -> tuple[bytes, bytes]:
        raw, ids = trace(head)
        remote = relay.edge.policy.remote
        if remote is None:
            return raw, ids
        return _made_out_to(remote, raw, head), ids

    relay.spliced = spliced


def _made_out_to(remote: Remote, raw: bytes, head: RequestHead) -> bytes:
    target = head.target if head.method == "CONNECT" else below(head.target, remote.base.encode("latin-1"))
    return readdressed(raw, target, remote.authority.encode("latin-1"))


@cache
def _verifying() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _reason(error: ssl.SSLError) -> str:
    return getattr(error, "verify_message", "") or error.reason or str(error)
