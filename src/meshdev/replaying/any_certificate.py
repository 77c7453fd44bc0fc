"""Credentials for gRPC with a service on this machine, whatever its certificate; grpcio cannot leave verifying out.

What the service shows is taken for an authority, and asked for by a name that stands in it. So the one thing that
is still refused is a certificate out of its time.
"""

import asyncio
import ssl
from typing import Final, NamedTuple

_PATIENCE: Final = 10.0


class Shown(NamedTuple):
    """A server's certificate in PEM, and a name that it is for; "" when it is for nobody in particular."""

    certificate: bytes
    name: str


async def shown_by(host: str, port: int) -> Shown:
    """Ask it. Raises OSError: nobody listens or speaks TLS, or its certificate is out of its time."""
    certificate, _ = await _greeted(host, port, None)
    pem = ssl.DER_cert_to_PEM_cert(certificate)
    _, names = await _greeted(host, port, pem)  # parsed only where it is verified
    return Shown(pem.encode(), names[0].replace("*", "any") if names else "")


async def _greeted(host: str, port: int, trusted: str | None) -> tuple[bytes, list[str]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.set_alpn_protocols(["h2"])
    if trusted is None:
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(cadata=trusted)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    async with asyncio.timeout(_PATIENCE):
        _, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        met: ssl.SSLObject = writer.get_extra_info("ssl_object")
        told = met.getpeercert() or {}
        names = [*told.get("subjectAltName", ()), *(pair for rdn in told.get("subject", ()) for pair in rdn)]
        return met.getpeercert(binary_form=True) or b"", [
            str(name) for kind, name in names if kind in {"DNS", "IP Address", "commonName"}
        ]
    finally:
        writer.transport.abort()
