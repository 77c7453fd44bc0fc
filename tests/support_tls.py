"""A certificate authority for tests, and a certificate for localhost: made by openssl, thrown away afterwards."""

import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from meshdev.identity.authority import issue, new_authority


class Authority(NamedTuple):
    """Where the authority's certificate is, and what a server on localhost needs."""

    certificate: Path
    server: ssl.SSLContext


def authority(folder: Path) -> Authority:
    """A new authority and a server's context with a certificate for localhost, valid for a day."""
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    own, key = folder / "own.pem", folder / "own.key"
    _openssl(folder, "-x509", "-subj", "/CN=test authority", "-keyout", str(ca_key), "-out", str(ca))
    _openssl(
        folder,
        *("-x509", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        *("-addext", "basicConstraints=critical,CA:FALSE"),
        *("-CA", str(ca), "-CAkey", str(ca_key), "-keyout", str(key), "-out", str(own)),
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(own, key)
    return Authority(ca, server)


def _openssl(folder: Path, *arguments: str) -> None:
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1")
    subprocess.run(["openssl", "req", *curve, *arguments], cwd=folder, check=True, capture_output=True)


class Issued(NamedTuple):
    """Files of a local authority, as the daemon keeps them: the authority's own, and one for a name."""

    authority: Path
    certificate: Path


def issued(folder: Path, *names: str, stem: str = "payments", days_ago: int = 0) -> Issued:
    """A certificate for ``names`` (payments, localhost and 127.0.0.1, if none are given) by the folder's authority."""
    now = datetime.now(UTC) - timedelta(days=days_ago)
    place = folder / f"{stem}-ca.pem"
    pair = new_authority("test", now)
    place.write_bytes(pair.certificate)
    own = issue(pair, names or ("payments", "localhost", "127.0.0.1"), now)
    (folder / f"{stem}.pem").write_bytes(own.certificate + own.key)
    return Issued(place, folder / f"{stem}.pem")


def speaking(certificate: Path, *alpn: str) -> ssl.SSLContext:
    """A server's context with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def trusting(authority: Path, *alpn: str) -> ssl.SSLContext:
    """A client's context that trusts this authority and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context
