"""What the kernel knows of a connection that broke: whether the peer's side ever took what was sent last.

When a peer has closed a kept connection just before it gets a request, its kernel answers with a reset and takes no
byte. So bytes that were never acknowledged have reached no program, and a request of only such bytes can be sent again
whatever its method. Bytes that were acknowledged may have been read or not; nobody can know. Linux only (TCP_INFO);
elsewhere nothing is known, nor with TLS, where other bytes are sent than were written.
"""

import asyncio
import socket
import struct
import sys
from typing import Final

_ACKED_AT: Final = 120  # tcpi_bytes_acked, Linux 4.1
_SYN: Final = 1  # is counted as acknowledged, too
_U64: Final = struct.Struct("=Q")


def untouched(transport: asyncio.BaseTransport | None, before: int) -> bool:
    """Whether certainly nothing has reached the peer's side but the first ``before`` bytes that were written."""
    if sys.platform != "linux" or transport is None or transport.get_extra_info("sslcontext") is not None:
        return False
    sock = transport.get_extra_info("socket")
    size = _ACKED_AT + _U64.size
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, size)
    except (OSError, AttributeError):
        return False
    if len(info) < size:
        return False
    [acked] = _U64.unpack_from(info, _ACKED_AT)
    return bool(acked - _SYN <= before)
