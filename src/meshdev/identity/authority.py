"""A local certificate authority: makes itself, signs certificates for services, says when one must be renewed.

Rules: nothing is read, written or timed here; ``now`` is an aware `datetime`, keys and serial numbers are drawn by
the crypto library · certificates are valid from an hour ago (clocks differ), for `LEAF_DAYS` or `AUTHORITY_DAYS`, and
are due for renewal when a third of that is left · keys are P-256, in PEM without a pass phrase: who keeps them, keeps
them readable for one user only · a leaf serves both ends of TLS (server and client).
"""

import ipaddress
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS: Final = 1825
LEAF_DAYS: Final = 90  # far below the 825 days that the strictest clients (Apple's) accept
_EARLY: Final = timedelta(hours=1)
_LEFT: Final = 3  # due when a third is left
_COMMON_NAME_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, both in PEM."""

    certificate: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a certificate says of itself: for whom it is, by whom, and how long it is good for."""

    names: tuple[str, ...]
    issuer: str
    begins: datetime
    ends: datetime

    def is_due(self, now: datetime) -> bool:
        """Whether it has to be renewed: little is left of its time, or the clock was set back before it."""
        return now < self.begins or self.ends - now < (self.ends - self.begins) / _LEFT


def new_authority(name: str, now: datetime) -> Pair:
    """An authority called ``name`` that signs nothing but leaves."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _called(name)
    builder = (
        _builder(subject, subject, key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
    )
    return Pair(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), _pem(key))


def issue(authority: Pair, names: Iterable[str], now: datetime) -> Pair:
    """A certificate for ``names`` (host names and addresses, the first is the subject's) and its key."""
    wanted = tuple(dict.fromkeys(names))
    issuer = x509.load_pem_x509_certificate(authority.certificate)
    signing = _private(authority.key)
    key = ec.generate_private_key(ec.SECP256R1())
    point = x509.SubjectKeyIdentifier.from_public_key(issuer.public_key())
    builder = (
        _builder(_called(wanted[0]), issuer.subject, key, now, LEAF_DAYS)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in wanted]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(point), critical=False)
    )
    signed = builder.sign(signing, hashes.SHA256())
    return Pair(signed.public_bytes(serialization.Encoding.PEM), _pem(key))


def outlook(certificate: bytes) -> Outlook:
    """What ``certificate`` (PEM, or DER as a handshake has it) says. Raises ValueError."""
    pem = certificate.lstrip().startswith(b"-----")
    read = x509.load_pem_x509_certificate(certificate) if pem else x509.load_der_x509_certificate(certificate)
    try:
        names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        told = tuple(str(name.value) for name in names if isinstance(name, x509.DNSName | x509.IPAddress))
    except x509.ExtensionNotFound:
        told = ()
    return Outlook(told, _words(read.issuer), read.not_valid_before_utc, read.not_valid_after_utc)


def is_of(certificate: bytes, authority: Pair) -> bool:
    """Whether ``authority`` signed ``certificate`` (PEM)."""
    try:
        signer = x509.load_pem_x509_certificate(authority.certificate)
        x509.load_pem_x509_certificate(certificate).verify_directly_issued_by(signer)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is none of ours
        return False
    return True


def fits(pair: Pair, authority: Pair, names: Collection[str], now: datetime) -> bool:
    """Whether ``pair`` can go on being used for ``names``: ours, for all of them, and with time left."""
    try:
        told = outlook(pair.certificate)
        same = (
            _private(pair.key).public_key() == x509.load_pem_x509_certificate(pair.certificate).public_key()
        )
    except ValueError:
        return False
    return (
        same and set(names) <= set(told.names) and is_of(pair.certificate, authority) and not told.is_due(now)
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLY)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _called(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "meshdev"),
            x509.NameAttribute(NameOID.COMMON_NAME, name[:_COMMON_NAME_MOST]),
        ]
    )


def _words(name: x509.Name) -> str:
    """The common name, or whatever there is."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("the key is none of ours")  # noqa: TRY004 - what a file holds is a value
    return key


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
