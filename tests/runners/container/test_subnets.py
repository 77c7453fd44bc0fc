"""Which addresses a caller's network has."""

from ipaddress import IPv4Network

from meshdev.runners.container.subnets import candidates, container_range, gateway, name_address, routes

TABLE = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
tun0	0000C50A	00000000	0001	0	0	0	0080FFFF	0	0	0
"""


def test_a_network_has_the_same_addresses_each_time() -> None:
    """Drawn from its name; names and containers never share one."""
    first = next(candidates("meshdev-shop-orders", []))
    assert first == next(candidates("meshdev-shop-orders", []))
    assert first.subnet_of(IPv4Network("10.197.0.0/16"))
    containers = IPv4Network(container_range(first))
    names = {name_address(first, index) for index in range(126)}
    assert gateway(first) not in names
    assert not any(IPv4Network(name).subnet_of(containers) for name in names)


def test_what_is_taken_is_left_alone() -> None:
    """The engine's networks and this machine's routes."""
    likely = next(candidates("x", []))
    assert next(candidates("x", [likely])) != likely
    assert list(candidates("x", [IPv4Network("10.0.0.0/8")])) == []


def test_the_kernels_routes() -> None:
    """Read from its table, default routes left out."""
    assert routes(TABLE) == [IPv4Network("192.0.2.0/24"), IPv4Network("10.197.0.0/17")]
