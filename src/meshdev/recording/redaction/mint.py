"""Makes the placeholder for a value, by what the value is: the same for the same value, wherever it stood.

A value that is known to be secret as a whole (it stood under a telling name) goes through `Mint.value`. What it is
decides the shape: credentials of a scheme, a JWT, a private key, a card number, an address with a password in it,
else a plain placeholder.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from typing import Final

from meshdev.recording.redaction.card import card_placeholder, is_card, is_card_placeholder
from meshdev.recording.redaction.jwt import JWT, is_jwt_placeholder, jwt_placeholder
from meshdev.recording.redaction.known import LONGEST, Known
from meshdev.recording.redaction.pem import PEM, is_pem_placeholder, pem_placeholder
from meshdev.recording.redaction.placeholder import is_plain_placeholder, plain_placeholder

USERINFO: Final = re.compile(
    r"(?a)[A-Za-z][A-Za-z0-9+.-]{1,20}://([^\s/?#@:\"'<>]{0,256}):(?P<secret>[^\s/?#@\"'<>]{1,512})@"
)
_SCHEME: Final = re.compile(
    r"(?ai)(bearer|basic|token|bot|apikey|negotiate|ntlm|key|jwt)(\s+)(\S.*)", re.DOTALL
)
_SCOPED_KEY: Final = re.compile(r"(?P<secret>A(?:KIA|SIA)[A-Z0-9]{16})/.+", re.DOTALL)
_MOST_REMEMBERED: Final = 4096


def is_placeholder(text: str) -> bool:
    """Whether the text as a whole stands where a secret stood; no key is needed to tell.

    Any kind: plain, card number, JWT, private key, ``Bearer …``, ``Basic …``, an address with a placeholder for its
    password.
    """
    scheme = _SCHEME.fullmatch(text)
    if scheme:
        pair = basic_pair(scheme[3]) if scheme[1].lower() == "basic" else None
        return _is_bare_placeholder((pair[1] or pair[0]) if pair else scheme[3])
    return _is_bare_placeholder(text)


def _is_bare_placeholder(text: str) -> bool:
    """The same without a scheme in front."""
    if is_plain_placeholder(text):
        return True
    if JWT.fullmatch(text):
        return is_jwt_placeholder(text)
    if text.startswith("-----BEGIN"):
        return is_pem_placeholder(text)
    userinfo = USERINFO.match(text)
    if userinfo:
        return is_plain_placeholder(userinfo["secret"])
    scoped = _SCOPED_KEY.fullmatch(text)
    return is_plain_placeholder(scoped["secret"]) if scoped else is_card_placeholder(text)


def basic_pair(encoded: str) -> tuple[str, str] | None:
    """User and password of Basic credentials, as latin-1; None when they are not that."""
    try:
        user, colon, password = b64decode(encoded.strip(), validate=True).decode("latin-1").partition(":")
    except (Base64Error, ValueError):
        return None
    return (user, password) if colon else None


class Mint:
    """Placeholders under one key, and the secrets that they were made for."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.known = Known()
        self._made: dict[str, str] = {}
        self._real: set[str] = set()

    def _remembered(self, secret: str, make: Callable[[bytes, str], str]) -> str:
        made = self._made.get(secret)
        if made is None:
            made = make(self.key, secret)
            if len(self._made) >= _MOST_REMEMBERED:
                self._made.clear()
            if len(secret) <= LONGEST:
                self._made[secret] = made
        return made

    def plain(self, secret: str, *, weak: bool = False) -> str:
        """The placeholder of no special kind; ``weak`` when the place does not say that it is secret (a cookie)."""
        made = self._remembered(secret, plain_placeholder)
        self.known.learn(secret, made, weak=weak)
        return made

    def card(self, text: str) -> str:
        """Another card number."""
        return self._remembered(text, card_placeholder)

    def jwt(self, token: str) -> str:
        """Another JWT."""
        return self._remembered(token, jwt_placeholder)

    def pem(self, inside: str) -> str:
        """Another inside for a PEM block."""
        return pem_placeholder(self.key, inside)

    def basic(self, encoded: str) -> str:
        """Other credentials for Basic (RFC 7617): the user stays, unless the password is empty and it is the secret."""
        pair = basic_pair(encoded)
        if pair is None:
            return self.plain(encoded)
        user, password = pair
        if password:
            password = self._bare(password)
        elif user:
            user = self._bare(user)
        return b64encode(f"{user}:{password}".encode("latin-1", "replace")).decode()

    def value(self, secret: str, *, weak: bool = False) -> str:
        """The placeholder for a secret of any kind; nothing and placeholders stay what they are."""
        if not secret or secret.isspace() or (secret not in self._real and is_placeholder(secret)):
            return secret
        if len(self._real) >= _MOST_REMEMBERED:
            self._real.clear()
        if len(secret) <= LONGEST:
            self._real.add(secret)
        scheme = _SCHEME.fullmatch(secret)
        if scheme:
            rest = self.basic(scheme[3]) if scheme[1].lower() == "basic" else self._bare(scheme[3], weak=weak)
            return scheme[1] + scheme[2] + rest
        return self._bare(secret, weak=weak)

    def _bare(self, secret: str, *, weak: bool = False) -> str:
        if secret not in self._real and _is_bare_placeholder(secret):
            return secret
        if JWT.fullmatch(secret):
            return self.jwt(secret)
        if "-----BEGIN" in secret and PEM.search(secret):
            return PEM.sub(lambda found: found[1] + self.pem(found[2]) + (found[3] or ""), secret)
        if is_card(secret):
            return self.card(secret)
        part = USERINFO.match(secret) or _SCOPED_KEY.fullmatch(secret)
        start, end = part.span("secret") if part else (0, len(secret))
        return secret[:start] + self.plain(secret[start:end], weak=weak) + secret[end:]
