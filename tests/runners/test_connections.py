"""Who is connected to a local port: real sockets, and the kernel's table as text."""

import os
import socket
from pathlib import Path

import pytest

from meshdev.runners import connections
from meshdev.runners.connections import called, in_table

TABLE = b"""\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0 0 10 0
   1: 0100007F:C001 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 12 1 0 20 4 30 10 -1
   2: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 13 1 0 20 4 30 10 -1
   3: 0100007F:C002 0100007F:1F91 05 00000000:00000000 00:00000000 00000000     0        0 14 1 0 20 4 30 10 -1
   4: 0100007F:C003 0100007F:1F92 05 00000000:00000000 03:00001388 00000000     0        0 0 3 0
   5: 0100007F:C004 0100007F:1F93 08 00000000:00000000 00:00000000 00000000     0        0 15 1 0 20 4 30 10 -1
   6: 0100007F:C005 0100007F:1F94 06 00000000:00000000 03:00001388 00000000     0        0 0 3 0
   7: 0101A8C0:C006 0201A8C0:1F95 01 00000000:00000000 00:00000000 00000000     0        0 16 1 0 20 4 30 10 -1
"""


def test_the_table_is_read_from_the_callers_end() -> None:
    """Open or half closed by one that still listens counts; closed, timed out, listening or elsewhere does not."""
    here = [("127.0.0.1", port) for port in range(0x1F90, 0x1F96)]
    assert in_table(TABLE, here) == {("127.0.0.1", 0x1F90), ("127.0.0.1", 0x1F91)}
    assert in_table(TABLE, here[1:2]) == {("127.0.0.1", 0x1F91)}
    assert in_table(TABLE, [("192.168.1.2", 0x1F95)]) == {("192.168.1.2", 0x1F95)}


@pytest.mark.parametrize("table", ["the kernel's", "psutil's"])
def test_a_connection_counts_until_its_caller_has_closed(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not before, whatever was said; a half-closed one counts, one that the callee has left open does not."""
    if table == "psutil's":
        monkeypatch.setattr(connections, "_TABLE", Path("/no/such/table"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = server.getsockname()

        def busy() -> set[tuple[str, int]]:
            return called({place}, [os.getpid()])

        assert busy() == set()
        caller = socket.create_connection(place)
        callee, _ = server.accept()
        with callee:
            assert busy() == {place}
            caller.shutdown(socket.SHUT_WR)
            assert busy() == {place}
            caller.close()
            assert busy() == set()


def test_a_process_that_is_gone_calls_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker may have ended meanwhile."""
    monkeypatch.setattr(connections, "_TABLE", Path("/no/such/table"))
    assert called({("127.0.0.1", 80)}, [2**22 + 1]) == set()
