"""Values of Authorization and its kin (RFC 9110 §11.6.2): the scheme stays, so does all that is not secret of it.

``Basic`` stays decodable. ``Digest`` (RFC 7616) loses ``response``, ``cnonce`` and ``opaque``, AWS SigV4 its signature
and the key's id, any other scheme with parameters all values but those that are known to be open (`_OPEN`).
"""

import re
from typing import Final

from meshdev.recording.redaction.edits import substitute
from meshdev.recording.redaction.mint import Mint

_SCHEME: Final = re.compile(r"(?a)([A-Za-z][A-Za-z0-9_-]{1,40})(\s+)(\S.*)\Z", re.DOTALL)
_PARAMETER: Final = re.compile(
    r"(?a)(?:\A|(?<=[\s,;]))([A-Za-z][A-Za-z0-9_-]{0,40})=(\"[^\"]*+\"|[^\s,;\"]++)"
)
_DIGEST_SECRETS: Final = frozenset({"response", "cnonce", "opaque"})
_CREDENTIAL: Final = re.compile(r"([A-Za-z0-9]{16,128})(/.*)?\Z", re.DOTALL)
_OPEN_NAMES: Final = (
    "realm username uri qop nc algorithm nonce userhash signedheaders headers keyid timestamp ts version oauth_version"
    " oauth_timestamp oauth_signature_method created expires method ext app dlg"
)
_OPEN: Final = frozenset(_OPEN_NAMES.split())


def _parameter(mint: Mint, scheme: str, name: str, value: str) -> str:
    lower = name.lower()
    if scheme == "digest":
        return mint.plain(value) if lower in _DIGEST_SECRETS else value
    if lower == "credential":
        found = _CREDENTIAL.match(value)
        return mint.plain(found[1]) + (found[2] or "") if found else mint.plain(value)
    return value if lower in _OPEN else mint.value(value)


def redact_credentials(mint: Mint, value: str) -> str:
    """The value without secrets."""
    found = _SCHEME.match(value)
    if found is None:
        return mint.value(value)
    scheme, rest = found[1].lower(), found[3]
    parameters = list(_PARAMETER.finditer(rest))
    if scheme in {"basic", "bearer"} or not parameters:
        new = mint.basic(rest) if scheme == "basic" else mint.value(rest)
        return found[1] + found[2] + new
    edits: list[tuple[int, int, str]] = []
    for one in parameters:
        quoted = one[2].startswith('"')
        start, end = (one.start(2) + 1, one.end(2) - 1) if quoted else one.span(2)
        if end > start:
            edits.append((start, end, _parameter(mint, scheme, one[1], rest[start:end])))
    return found[1] + found[2] + substitute(rest, edits)
