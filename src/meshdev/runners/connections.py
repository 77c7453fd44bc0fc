"""Which local ports somebody is connected to, as the kernel knows it: exact, whatever the protocol.

A connection counts from its caller's end, as long as that end is open and may still receive: established, or half
closed by a caller that waits for the answer. What is closed at both ends but not forgotten by the kernel does not.
"""

import re
from collections.abc import Collection, Iterable
from pathlib import Path

_TABLE = Path("/proc/net/tcp")
_ROW = re.compile(  # remote address and port, state, queues, timer, retransmissions, user, timeout, inode
    rb" 0100007F:([0-9A-F]{4}) (?:01|04|05) \S+ \S+ \S+ +\d+ +\d+ ([0-9]+) "
)
_OPEN = frozenset({"ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2"})  # as psutil spells them


def called(ports: Collection[int], pids: Iterable[int]) -> set[int]:
    """Those of ``ports`` on 127.0.0.1 that somebody has a connection to (on Linux; elsewhere only ``pids`` count)."""
    try:
        return in_table(_TABLE.read_bytes(), ports)
    except FileNotFoundError:
        return {port for pid in pids for port in _of_process(pid) if port in ports}


def in_table(table: bytes, ports: Collection[int]) -> set[int]:
    """The same, from the text of ``/proc/net/tcp``; an inode of 0 is a connection that its owner has closed."""
    names = {b"%04X" % port: port for port in ports}
    return {names[port] for port, inode in _ROW.findall(table) if port in names and inode != b"0"}


def _of_process(pid: int) -> list[int]:
    import psutil  # noqa: PLC0415 -- heavy, and only where there is no /proc

    try:
        found = psutil.Process(pid).net_connections("tcp4")
    except psutil.Error:
        return []
    return [getattr(one.raddr, "port", 0) for one in found if one.status in _OPEN]
