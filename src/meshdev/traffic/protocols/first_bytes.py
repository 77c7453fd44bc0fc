"""What the first bytes say about protocols that do not begin with a word of their own."""

import re
from typing import Final

from meshdev.traffic.protocols.signatures import Verdict

_RESP: Final = re.compile(rb"\*[1-9][0-9]{0,3}\r\n\$[1-9][0-9]?\r\n[A-Za-z]")
_RESP_SO_FAR: Final = re.compile(
    rb"(?:\*(?:[1-9][0-9]{0,3}(?:\r(?:\n(?:\$(?:[1-9][0-9]?(?:\r\n?)?)?)?)?)?)?)?\Z"
)


def redis_caller(said: bytes) -> Verdict:
    """A command as an array of strings, the first of which is a word."""
    if _RESP.match(said):
        return Verdict.YES
    return Verdict.OPEN if _RESP_SO_FAR.match(said) else Verdict.NO
