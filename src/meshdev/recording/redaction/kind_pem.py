"""Private keys in PEM, in any text."""

import re
from typing import Final

from meshdev.recording.redaction.kinds import Context, Edit, Kind, group
from meshdev.recording.redaction.pem import PEM


def _replace(found: re.Match[str], context: Context) -> Edit:
    return group(found, 2, context.mint.pem(found[2]))


PRIVATE_KEYS: Final = Kind(
    "private key",
    "PEM blocks `-----BEGIN … PRIVATE KEY-----`, with line ends or `\\n`",
    ("private key",),
    PEM,
    _replace,
)
