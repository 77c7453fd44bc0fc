r"""Private keys in PEM (RFC 7468): the lines between BEGIN and END become other base64, each of the same length.

Line ends may be real ones or escaped (``\n`` as in a JSON string or an environment variable). A block whose END is
missing, because the body was cut, is replaced as far as it goes. Headers (``DEK-Info: …``) stay. The last line, when
it is too short for a checksum, becomes ``AAAA``.
"""

import re
from typing import Final

from meshdev.recording.redaction.placeholder import is_plain_placeholder, plain_placeholder

PEM: Final = re.compile(
    r"(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)"
    r"((?:[A-Za-z0-9+/=,:;. \t\r\n]++|-(?!-)|\\[rn])*+)"
    r"(-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?",
)
_LINE: Final = re.compile(r"(?:[A-Za-z-]+: [^\r\n\\]*+)|\\[rn]|([A-Za-z0-9+/]+)(={0,2})")
_SHORT: Final = 10


def _line(key: bytes, letters: str) -> str:
    return "A" * len(letters) if len(letters) < _SHORT else plain_placeholder(key, letters)


def pem_placeholder(key: bytes, inside: str) -> str:
    """The inside of a block with every line replaced."""
    return _LINE.sub(lambda found: _line(key, found[1]) + found[2] if found[1] else found[0], inside)


def is_pem_placeholder(text: str) -> bool:
    """Whether every line of that block is a placeholder."""
    found = PEM.match(text)
    return found is not None and all(
        is_plain_placeholder(letters) if len(letters) >= _SHORT else not letters.strip("A")
        for letters, _ in _LINE.findall(found[2])
        if letters
    )
