"""The local authority: what it signs, what a verifier says to it, when a certificate is due."""

import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from meshdev.identity.authority import (
    AUTHORITY_DAYS,
    LEAF_DAYS,
    Outlook,
    Pair,
    fits,
    is_of,
    issue,
    new_authority,
    outlook,
)

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
NAMES = ("payments", "localhost", "127.0.0.1", "::1")
AUTHORITY = new_authority("shop", NOW)
LEAF = issue(AUTHORITY, NAMES, NOW)


def test_a_leaf_says_for_whom_it_is_and_by_whom() -> None:
    """Names and addresses as they were asked for, each once."""
    told = outlook(issue(AUTHORITY, (*NAMES, "payments"), NOW).certificate)
    assert told == Outlook(NAMES, "shop", NOW - timedelta(hours=1), NOW + timedelta(days=LEAF_DAYS))


def test_the_same_is_read_of_what_a_handshake_shows() -> None:
    """DER says what PEM says."""
    der = ssl.PEM_cert_to_DER_cert(LEAF.certificate.decode())
    assert outlook(der) == outlook(LEAF.certificate)


def test_openssl_takes_a_leaf_for_its_names_and_no_others(tmp_path: Path) -> None:
    """A handshake in memory, strict: with the name, with the address, with another's name, with another authority."""
    (tmp_path / "own.pem").write_bytes(LEAF.certificate + LEAF.key)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "own.pem")

    def refused(name: str, authority: Pair) -> str:
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.verify_flags |= ssl.VERIFY_X509_STRICT
        client.load_verify_locations(cadata=authority.certificate.decode())
        asked, answered = ssl.MemoryBIO(), ssl.MemoryBIO()
        ours = client.wrap_bio(answered, asked, server_hostname=name)
        theirs = server.wrap_bio(asked, answered, server_side=True)
        for _ in range(4):
            for end in (ours, theirs):
                try:
                    end.do_handshake()
                except ssl.SSLWantReadError:
                    continue
                except ssl.SSLCertVerificationError as error:
                    return str(error.verify_message)
        return ""

    assert refused("payments", AUTHORITY) == ""
    assert refused("127.0.0.1", AUTHORITY) == ""
    assert "not valid for 'orders'" in refused("orders", AUTHORITY)
    assert "unable to get local issuer" in refused("payments", new_authority("other", NOW))


def test_an_authority_signs_leaves_only() -> None:
    """No other authority below it, and nothing that it could be used for itself."""
    read = x509.load_pem_x509_certificate(AUTHORITY.certificate)
    constraints = read.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)
    assert outlook(AUTHORITY.certificate).ends == NOW + timedelta(days=AUTHORITY_DAYS)


@given(st.integers(min_value=-3, max_value=LEAF_DAYS * 24))
def test_a_leaf_is_due_when_a_third_is_left(hours: int) -> None:
    """And when the clock stands before it began."""
    left = LEAF_DAYS * 24 - hours
    due = hours < -1 or left * 3 < LEAF_DAYS * 24 + 1
    assert outlook(LEAF.certificate).is_due(NOW + timedelta(hours=hours)) is due


@pytest.mark.parametrize(
    ("pair", "names", "days", "expected"),
    [
        (LEAF, NAMES, 0, True),
        (LEAF, NAMES[:1], 0, True),
        (LEAF, (*NAMES, "pay.example"), 0, False),
        (LEAF, NAMES, LEAF_DAYS - 20, False),
        (issue(new_authority("other", NOW), NAMES, NOW), NAMES, 0, False),
        (Pair(LEAF.certificate, AUTHORITY.key), NAMES, 0, False),
        (Pair(b"", b""), NAMES, 0, False),
        (Pair(LEAF.certificate, b"-----BEGIN"), NAMES, 0, False),
    ],
)
def test_what_can_go_on_being_used(pair: Pair, names: tuple[str, ...], days: int, *, expected: bool) -> None:
    """Ours, for all names, with time left, and with its own key."""
    assert fits(pair, AUTHORITY, names, NOW + timedelta(days=days)) is expected


def test_whoever_signed_something_else_signed_nothing_of_ours() -> None:
    """Bytes that are none are nobody's."""
    assert is_of(LEAF.certificate, AUTHORITY)
    assert not is_of(b"nothing", AUTHORITY)


def test_what_others_made_is_read_as_well(tmp_path: Path) -> None:
    """Without alternative names, without a common name, with a key of another sort: told, and none of ours."""
    openssl = (
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/O=somebody",
    )
    key, certificate = tmp_path / "key.pem", tmp_path / "own.pem"
    subprocess.run([*openssl, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    theirs = Pair(certificate.read_bytes(), key.read_bytes())
    told = outlook(theirs.certificate)
    assert (told.names, told.issuer) == ((), "O=somebody")
    assert not fits(theirs, AUTHORITY, (), NOW)
