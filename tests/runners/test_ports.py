"""Ports: free, held, never given twice, and a taken one says by whom."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from meshdev.errors import ServiceError
from meshdev.runners.ports import PortPool, _port_range, holder_of

HOLD = """
import sys
from pathlib import Path
from meshdev.runners.ports import PortPool
pool = PortPool(Path(sys.argv[1]), first=int(sys.argv[2]))
print(*(pool.hold().port for _ in range(5)), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """A registry of this test alone."""
    return tmp_path / "meshdev" / "ports.lock"


def test_outside_the_ephemeral_range(registry: Path) -> None:
    """No outgoing connection of anybody can have taken such a port."""
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    pool = PortPool(registry)
    ports = [pool.hold().port for _ in range(50)]
    assert len(set(ports)) == 50
    assert not [port for port in ports if low <= port <= high]
    pool.close()


def test_two_daemons_never_share(registry: Path) -> None:
    """Two processes that begin at the same place get different ports; a dead one's are free again."""
    pool = PortPool(registry, first=100)
    mine = {pool.hold().port for _ in range(5)}
    command = [sys.executable, "-c", HOLD, str(registry), "100"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        theirs = {int(port) for port in other.stdout.readline().split()}
        assert len(theirs) == 5
        assert not mine & theirs
        with pytest.raises(ServiceError, match="is taken by another meshdev system of yours"):
            pool.hold_fixed(min(theirs))
        other.kill()
    pool.hold_fixed(min(theirs)).release()
    pool.close()


def test_program_with_reuseaddr_binds_over_the_hold(registry: Path) -> None:
    """What nearly every server does works on a held port, on loopback and on all addresses."""
    pool = PortPool(registry)
    for address in ("127.0.0.1", "0.0.0.0"):
        held = pool.hold()
        with (
            socket.create_server((address, held.port)) as server,
            socket.create_connection(("127.0.0.1", held.port)),
        ):
            assert server.getsockname()[1] == held.port
        held.release()
    pool.close()


def test_a_stranger_cannot_take_a_held_port(registry: Path) -> None:
    """Who knows nothing of meshdev and asks for that very port does not get it until it is released."""
    pool = PortPool(registry)
    held = pool.hold()
    with socket.socket() as stranger:
        with pytest.raises(OSError, match="in use"):
            stranger.bind(("127.0.0.1", held.port))
        held.release()
        stranger.bind(("127.0.0.1", held.port))
    pool.close()


def test_held_port_refuses_connections(registry: Path) -> None:
    """A probe can't mistake the hold for the service."""
    pool = PortPool(registry)
    held = pool.hold()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", held.port)).close()
    pool.close()


def test_taken_fixed_port_names_its_holder(registry: Path) -> None:
    """The message names pid and program."""
    pool = PortPool(registry)
    free = pool.hold()
    port = free.port
    free.release()
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(ServiceError) as caught:
            pool.hold_fixed(port)
        assert f"port {port} is taken by pid {os.getpid()} (" in caught.value.message
        assert holder_of(port).startswith(f"pid {os.getpid()} (")
        assert pool.hold(preferred=port).port != port
    assert pool.hold(preferred=port).port == port
    pool.close()


def test_released_port_comes_back_late(registry: Path) -> None:
    """A port that was just given up isn't the next one handed out, so a late client meets nobody else."""
    pool = PortPool(registry)
    first = pool.hold()
    first.release()
    first.release()
    assert pool.hold().port != first.port
    pool.close()


def test_range_when_the_kernel_takes_nearly_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine tuned for many connections leaves what is left, or the usual range."""
    file = tmp_path / "range"
    monkeypatch.setattr("meshdev.runners.ports._EPHEMERAL", file)
    file.write_text("1024\t65535\n")
    assert _port_range() == (20_000, 32_768)
    file.write_text("30000\t60999\n")
    assert _port_range() == (20_000, 30_000)
    file.write_text("10000\t25000\n")
    assert _port_range() == (25_001, 32_768)
