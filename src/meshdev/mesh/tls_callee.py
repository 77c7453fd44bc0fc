"""The way to callees by TLS: those of ours, by the policy of the edge, and those that run elsewhere (`remote`).

Rules: a callee is told by ALPN what is going to be spoken, by SNI under which name it is wanted, and is verified under
that name: by the authorities that the policy names, else by the system's (or ``SSL_CERT_FILE``) · one that does not
hold is told once with what its certificate says of itself and with the way out, and no connection is used.
"""

import asyncio
import ssl
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeVar

from meshdev.mesh.edge import CONNECT_TIMEOUT, Edge, UnconnectedError
from meshdev.wire.mesh import EdgeError, EdgeTls, Upstream

P = TypeVar("P", bound=asyncio.BaseProtocol)

SHUTDOWN_SECONDS: Final = 2.0
_NO_WISHES: Final = EdgeTls()


async def dial_by_tls(
    loop: asyncio.AbstractEventLoop,
    edge: Edge,
    upstream: Upstream,
    protocol: Callable[[], P],
    alpn: tuple[str, ...],
) -> P:
    """Connect and shake hands; ``edge.explain`` gets a sentence when that fails: the error's kind alone helps nobody.

    Raises UnconnectedError.
    """
    tls = edge.policy.tls or _NO_WISHES
    try:
        context = _context(tls.verified_by, alpn, tls.stamp, verify=tls.verify)
    except OSError as error:
        edge.explain(f"no callee can be verified: {tls.verified_by} cannot be read ({error})")
        raise UnconnectedError(EdgeError.TLS) from error
    secure: dict[str, Any] = {
        "ssl": context,
        "server_hostname": tls.server_name or upstream.host,
        "ssl_handshake_timeout": CONNECT_TIMEOUT,
        "ssl_shutdown_timeout": SHUTDOWN_SECONDS,
    }
    try:
        if upstream.net and edge.pods is not None:
            sock = await edge.pods.dialled(loop, upstream.net, (upstream.host, upstream.port))
            _, made = await loop.create_connection(protocol, sock=sock, **secure)
        else:
            _, made = await loop.create_connection(protocol, upstream.host, upstream.port, **secure)
    except ssl.SSLError as error:
        edge.explain(await _explained(loop, edge, upstream, tls, error))
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


@lru_cache(maxsize=64)
def _context(authorities: str, alpn: tuple[str, ...], stamp: str, *, verify: bool) -> ssl.SSLContext:
    del stamp  # other files by the same names
    if not verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif authorities:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(authorities)
    else:
        context = ssl.create_default_context()
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


async def _explained(
    loop: asyncio.AbstractEventLoop, edge: Edge, upstream: Upstream, tls: EdgeTls, error: ssl.SSLError
) -> str:
    """What went wrong, as its reader can act on it."""
    called = upstream.remote.authority if upstream.remote else upstream.instance or str(upstream)
    text = f"TLS with {called} failed: {_reason(error)}"
    if error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST"}:
        return f'{text}: it does not speak TLS; write upstream = "plain" in its tls'
    if not isinstance(error, ssl.SSLCertVerificationError) or upstream.net:
        return text
    shown = await _shown(loop, upstream, tls)
    name = tls.server_name or upstream.host
    out = f'(wanted: {name}) give its tls a ca = "FILE" that signed it, a server_name, or verify = false'
    if upstream.remote is None:
        out += f"; or let {edge.key.callee} use $TLS_CERT_FILE and $TLS_KEY_FILE, which meshdev makes for it"
    return f"{text}; {shown}{out}"


async def _shown(loop: asyncio.AbstractEventLoop, upstream: Upstream, tls: EdgeTls) -> str:
    """What the callee's certificate says of itself: it is asked once more, and not believed."""
    try:
        from meshdev.identity.authority import outlook  # noqa: PLC0415 - only when something is wrong
    except ImportError:
        return ""
    try:
        transport, _ = await loop.create_connection(
            asyncio.Protocol,
            upstream.host,
            upstream.port,
            ssl=_context("", (), "", verify=False),
            server_hostname=tls.server_name or upstream.host,
            ssl_handshake_timeout=CONNECT_TIMEOUT,
        )
    except OSError:
        return ""
    der = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
    transport.abort()
    try:
        told = outlook(der)
    except ValueError:
        return ""
    names = ", ".join(told.names) or "no name"
    return f"its certificate is for {names}, by {told.issuer}, until {told.ends:%Y-%m-%d} "


def _reason(error: ssl.SSLError) -> str:
    return getattr(error, "verify_message", "") or error.reason or str(error)
