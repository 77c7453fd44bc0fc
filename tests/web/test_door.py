"""Where the server listens."""

import socket

import pytest

from meshdev.errors import UsageError
from meshdev.web.access import hosts_of
from meshdev.web.door import names_of, opened


def test_a_free_port_on_this_machine_alone() -> None:
    """The address holds the token; only loopback's names are let in."""
    with opened("127.0.0.1", 0) as door:
        port = door.listener.getsockname()[1]
        assert door.url == f"http://127.0.0.1:{port}/{door.access.token}/"
        assert door.access.hosts == hosts_of(["127.0.0.1", "localhost", "::1"], port)
        assert not door.exposed


def test_the_door_is_closed_at_the_end() -> None:
    """The port is free again."""
    with opened("127.0.0.1", 0) as door:
        port = door.listener.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port))


def test_a_taken_port_is_told() -> None:
    """With the way out."""
    with (
        opened("127.0.0.1", 0) as door,
        pytest.raises(UsageError, match=r"cannot listen at 127\.0\.0\.1") as told,
        opened("127.0.0.1", door.listener.getsockname()[1]),
    ):
        pass
    assert "--port" in told.value.hint


def test_an_unknown_host_is_told() -> None:
    """With the way out."""
    with pytest.raises(UsageError, match="--host no such host"), opened("no such host", 0):
        pass


def test_all_addresses_are_exposed() -> None:
    """A wildcard goes by this machine's names and addresses, and by no other name."""
    with opened("0.0.0.0", 0) as door:
        port = door.listener.getsockname()[1]
        assert door.exposed
        assert {f"127.0.0.1:{port}", f"{socket.gethostname()}:{port}".lower()} <= door.access.hosts
        assert f"evil.example:{port}" not in door.access.hosts
        assert door.url.startswith(f"http://{socket.gethostname()}:{port}/")


def test_one_address_of_the_network_goes_by_its_name() -> None:
    """And by the address that it stands for."""
    assert names_of("box.lan", "192.0.2.7") == {"box.lan", "192.0.2.7"}
