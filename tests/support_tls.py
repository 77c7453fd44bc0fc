"""A certificate authority for tests, and a certificate for localhost: made by openssl, thrown away afterwards."""

import ssl
import subprocess
from pathlib import Path
from typing import NamedTuple


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
