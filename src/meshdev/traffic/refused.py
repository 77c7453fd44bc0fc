"""What a request seems to have been whose head was refused, so that it can be told of: its method and its target."""

import re
from typing import Final

from meshdev.traffic.http1_head import RequestHead

_BEGINNING: Final = re.compile(rb"([A-Z]{1,32}) ([\x21-\x7e]{1,2048}) ")
_UNREADABLE: Final = (b"-", b"-")


def refused_head(raw: bytes) -> RequestHead:
    r"""A head with the method and the target that ``raw`` begins with, and nothing else; ``-`` where it has none.

    >>> refused_head(b"GET /orders HTTP/1.1\nHost: a\n\n")
    <RequestHead GET /orders none>
    """
    match = _BEGINNING.match(raw)
    return RequestHead(b"%b %b HTTP/1.1\r\n\r\n" % (match.group(1, 2) if match else _UNREADABLE))
