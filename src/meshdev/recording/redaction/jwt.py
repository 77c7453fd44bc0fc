"""JSON Web Tokens (RFC 7519): header, payload and signature stay parseable, who it is about and the signature do not.

The header stays whole, the payload keeps its times, issuer, audience and scopes; claims that name a person or a session
(`_WHO`) become placeholders. The signature is drawn from the whole token, so two tokens of one person differ. What
looks like a token and is none (encrypted ones, RFC 7516, have five parts) keeps its first part.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import Final

from meshdev.recording.redaction.json_walk import Walk, escape, unescape
from meshdev.recording.redaction.percent import WORD_START
from meshdev.recording.redaction.placeholder import is_plain_placeholder, mac, plain_placeholder

JWT: Final = re.compile(
    WORD_START
    + r"eyJ[A-Za-z0-9_-]{4,}+\.(?:[A-Za-z0-9_-]*+\.[A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++){2}"  # encrypted
    + r"|[A-Za-z0-9_-]{2,}+\.[A-Za-z0-9_-]*+)",
)
_SIGNED_PARTS: Final = 3
_SHORTEST_SIGNATURE: Final = 10
_WHO_CLAIMS: Final = (
    "sub email emails name preferred_username username user_name given_name family_name middle_name nickname upn"
    " unique_name phone phone_number address birthdate oid sid jti nonce user_id uid at_hash c_hash"
)
_WHO: Final = frozenset(_WHO_CLAIMS.split())


def _decoded(part: str) -> str | None:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("latin-1")
    except (Base64Error, ValueError):
        return None


def _encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode("latin-1")).rstrip(b"=").decode()


def _person(key: bytes, value: str) -> str:
    """Another one; the domain of an address stays."""
    local, at, domain = value.partition("@")
    return plain_placeholder(key, local) + at + domain if local else value


def _claims(key: bytes, payload: str) -> str:
    walk, made, at = Walk(payload), [], 0
    for scalar in walk.scalars():
        if scalar.string and not scalar.key and scalar.raw and unescape(scalar.name) in _WHO:
            value = unescape(scalar.raw)
            new = _person(key, value)
            if new != value:
                made += [payload[at : scalar.start], escape(new)]
                at = scalar.end
    return "".join([*made, payload[at:]])


def _whole(header: str) -> bool:
    text = _decoded(header)
    return text is not None and text.lstrip().startswith("{") and '"alg"' in text


def is_jwt_placeholder(token: str) -> bool:
    """Whether that token was made here."""
    parts = token.split(".")
    if len(parts) < _SIGNED_PARTS:
        return False
    if len(parts) > _SIGNED_PARTS or not _whole(parts[0]):
        return is_plain_placeholder(parts[-1]) and len(parts[-1]) >= _SHORTEST_SIGNATURE
    if parts[2]:
        return is_plain_placeholder(parts[2])
    payload = _decoded(parts[1])
    return payload is not None and _claims(b"", payload) == payload


def jwt_placeholder(key: bytes, token: str) -> str:
    """Another token of the same kind."""
    if is_jwt_placeholder(token):
        return token
    parts = token.split(".")
    payload = _decoded(parts[1])
    if len(parts) == _SIGNED_PARTS and payload is not None and _whole(parts[0]):
        parts[1] = _encoded(_claims(key, payload))
        if parts[2]:
            parts[2] = plain_placeholder(mac(key, token), parts[2])
        return ".".join(parts)
    rest = [plain_placeholder(key, part) if part else part for part in parts[1:-1]]
    return ".".join([parts[0], *rest, plain_placeholder(mac(key, token), parts[-1])])
