"""Instances that run elsewhere: HTTP to a URL, over TLS if the URL says so.

The one exception to "bytes pass unchanged": the callee must be called by its own name. So in the head of every request
that goes there the target is put below the URL's path and in origin form, and Host becomes the URL's authority; nothing
else is touched, neither in requests nor in responses (redirects, cookies and links are the callee's own). An edge may
lead to such an instance and to one of ours, one after the other: what a request needs is known when it is sent. TLS is
ours: the caller speaks plain HTTP to the edge, the callee's certificate is verified by the system's authorities (or by
``SSL_CERT_FILE``).
"""

import asyncio
import ssl
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from meshdev.mesh.edge import CONNECT_TIMEOUT, UnconnectedError
from meshdev.traffic.http1 import HEAD_END
from meshdev.traffic.http1_head import RequestHead
from meshdev.traffic.readdress import below, readdressed
from meshdev.wire.mesh import EdgeError, Remote, Upstream

P = TypeVar("P", bound=asyncio.BaseProtocol)


async def dial_by_tls(
    loop: asyncio.AbstractEventLoop,
    upstream: Upstream,
    protocol: Callable[[], P],
    explain: Callable[[str], None],
) -> P:
    """Connect over verified TLS; ``explain`` gets a sentence when that fails: the error's kind alone helps nobody.

    Raises UnconnectedError.
    """
    try:
        _, made = await loop.create_connection(
            protocol,
            upstream.host,
            upstream.port,
            ssl=_verifying(),
            server_hostname=upstream.host,
            ssl_handshake_timeout=CONNECT_TIMEOUT,
        )
    except ssl.SSLError as error:
        explain(
            f"TLS with {upstream.remote.authority if upstream.remote else upstream.host} failed: {_reason(error)}"
        )
        raise UnconnectedError(EdgeError.TLS) from error
    except (
        TimeoutError,
        ConnectionAbortedError,
    ) as error:  # asyncio's way to say that the handshake took too long
        raise UnconnectedError(EdgeError.CONNECT_TIMEOUT) from error
    except OSError as error:
        refused = isinstance(error, ConnectionError)
        raise UnconnectedError(EdgeError.REFUSED if refused else EdgeError.UNREACHABLE) from error
    return made


def made_out_to(remote: Remote, said: bytes, head: RequestHead) -> bytes:
    """``said``, which begins with the request's head, as ``remote`` must get it."""
    end = said.index(HEAD_END) + len(HEAD_END)
    target = head.target if head.method == "CONNECT" else below(head.target, remote.base.encode("latin-1"))
    return readdressed(said[:end], target, remote.authority.encode("latin-1")) + said[end:]


@cache
def _verifying() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _reason(error: ssl.SSLError) -> str:
    return getattr(error, "verify_message", "") or error.reason or str(error)
