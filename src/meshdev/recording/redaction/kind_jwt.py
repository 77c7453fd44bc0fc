"""JSON Web Tokens, in any text."""

from typing import Final

from meshdev.recording.redaction.jwt import JWT
from meshdev.recording.redaction.kinds import Kind, whole
from meshdev.recording.redaction.mint import Mint

JWTS: Final = Kind("JWT", "`eyJ….….…`, signed, unsigned or encrypted", ("eyj",), JWT, whole(Mint.jwt))
