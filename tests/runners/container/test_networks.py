"""A caller's own network, in a real engine."""

import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meshdev.runners.container import bridges
from meshdev.runners.container.subnets import bridge_name
from support_containers import Yard
from support_containers import yard as yard_

pytestmark = pytest.mark.docker


@pytest.fixture
async def yard() -> AsyncIterator[Yard]:
    """An engine; its networks are gone afterwards."""
    async with yard_() as found:
        yield found


async def test_each_name_has_an_address(yard: Yard) -> None:
    """On the bridge, which is there once; asked again with more names, it has more of them."""
    first = await yard.network("web", 2)
    again = await yard.network("web", 3)
    assert (first.shared, len(set(first.addresses))) == ("", 2)
    assert again.addresses[:2] == first.addresses
    assert (again.bridge, again.gateway) == (first.bridge, first.gateway)
    assert first.bridge == bridge_name(first.name)


async def test_two_networks_do_not_overlap(yard: Yard) -> None:
    """Whatever their names are."""
    one, two = [await yard.network(name, 1) for name in ("one", "two")]
    assert one.gateway.rpartition(".")[0] != two.gateway.rpartition(".")[0]


async def test_without_the_right_to_add_addresses(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """All names share the bridge's own, and it is said why."""
    monkeypatch.setenv("PATH", "/nowhere")
    network = await yard.network("web", 2)
    assert network.addresses == (network.gateway,) * 2
    assert network.shared == "the ip command is missing (install iproute2)"


async def test_bridges_on_another_machine(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As with Docker Desktop: there is no interface."""
    monkeypatch.setattr("meshdev.runners.container.bridges._INTERFACES", tmp_path)
    network = await yard.network("web", 1)
    assert (network.bridge, network.shared) == ("", "the engine's bridges are not on this machine")


def test_a_bridge_that_is_held() -> None:
    """As Podman needs it: there before the first container, and with its addresses; nothing of it afterwards."""
    bridge = bridge_name(f"test-{os.getpid()}")
    assert bridges.hold(bridge, "198.18.7.1/30") == ""
    assert bridges.add_addresses(bridge, ["198.18.7.2"]) == ""
    with socket.create_server(("198.18.7.2", 0)):
        assert bridges.exists(bridge)
    bridges.let_go(bridge)
    bridges.release(bridge)
    assert not [one for one in Path("/sys/class/net").iterdir() if one.name.endswith(bridge[3:])]
