"""Which places (address and port) somebody is connected to, as the kernel knows it: exact, whatever the protocol.

A connection counts from its caller's end, as long as that end is open and may still receive: established, or half
closed by a caller that waits for the answer. What is closed at both ends but not forgotten by the kernel does not.
"""

import re
import socket
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

_TABLE = Path("/proc/net/tcp")
_ROW = re.compile(  # remote address and port, state, queues, timer, retransmissions, user, timeout, inode
    rb" ([0-9A-F]{8}:[0-9A-F]{4}) (?:01|04|05) \S+ \S+ \S+ +\d+ +\d+ ([0-9]+) "
)
_OPEN = frozenset({"ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2"})  # as psutil spells them

Place = tuple[str, int]


def called(places: Collection[Place], pids: Iterable[int], table: Path | None = None) -> set[Place]:
    """Those of ``places`` that somebody has a connection to (on Linux; elsewhere only ``pids`` count).

    ``table`` is that of another network; when it is gone, so is everybody in it.
    """
    try:
        return in_table((table or _TABLE).read_bytes(), places)
    except OSError:
        if table is not None:
            return set()
        return {place for pid in pids for place in _of_process(pid) if place in places}


def in_table(table: bytes, places: Collection[Place]) -> set[Place]:
    """The same, from the text of ``/proc/net/tcp``; an inode of 0 is a connection that its owner has closed."""
    names = {_as_kernel(place): place for place in places}
    return {names[place] for place, inode in _ROW.findall(table) if place in names and inode != b"0"}


def _as_kernel(place: Place) -> bytes:
    """``127.0.0.1:8080`` as the kernel writes it: ``0100007F:1F90`` where bytes come lowest first."""
    number = int.from_bytes(socket.inet_aton(place[0]), sys.byteorder)
    return b"%08X:%04X" % (number, place[1])


def _of_process(pid: int) -> list[Place]:
    import psutil  # noqa: PLC0415 -- heavy, and only where there is no /proc

    try:
        found = psutil.Process(pid).net_connections("tcp4")
    except psutil.Error:
        return []
    return [(one.raddr.ip, one.raddr.port) for one in found if one.status in _OPEN and one.raddr]
