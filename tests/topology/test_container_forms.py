"""Short forms of containers as the long forms that they stand for."""

from typing import Any

import pytest

from meshdev.topology.container_forms import FormError, host, pair, ports, volume


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/data", {"type": "volume", "target": "/data"}),
        ("data:/data", {"type": "volume", "source": "data", "target": "/data"}),
        ("./a:/b", {"type": "bind", "source": "./a", "target": "/b"}),
        ("~/a:/b:ro", {"type": "bind", "source": "~/a", "target": "/b", "read_only": True}),
        ("a:/b:rw", {"type": "volume", "source": "a", "target": "/b", "read_only": False}),
        ("C:\\a:/b", {"type": "bind", "source": "C:\\a", "target": "/b"}),
        ("/a:/b:z", {"type": "bind", "source": "/a", "target": "/b", "bind": {"selinux": "z"}}),
        ("/a:/b:rshared", {"type": "bind", "source": "/a", "target": "/b", "bind": {"propagation": "rshared"}}),
        ("a:/b:nocopy", {"type": "volume", "source": "a", "target": "/b", "volume": {"nocopy": True}}),
        ("/a:/b:cached", {"type": "bind", "source": "/a", "target": "/b", "consistency": "cached"}),
    ],
)  # fmt: skip
def test_mounts(text: str, expected: dict[str, Any]) -> None:
    """Paths are binds, names are volumes."""
    assert expected == volume(text)


@pytest.mark.parametrize("text", ["", "a:", ":/b", "a:b:c:d", "a:/b:what"])
def test_what_is_no_mount(text: str) -> None:
    """Too little, too much, an option that nobody knows."""
    with pytest.raises(FormError):
        volume(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80", [(80, None, None, "tcp")]),
        ("8080:80", [(80, "8080", None, "tcp")]),
        ("8080:80/udp", [(80, "8080", None, "udp")]),
        ("127.0.0.1:8080:80", [(80, "8080", "127.0.0.1", "tcp")]),
        ("127.0.0.1::80", [(80, None, "127.0.0.1", "tcp")]),
        ("[::1]:8080:80", [(80, "8080", "::1", "tcp")]),
        ("80-81", [(80, None, None, "tcp"), (81, None, None, "tcp")]),
        ("8080-8081:80-81", [(80, "8080", None, "tcp"), (81, "8081", None, "tcp")]),
        ("8000-9000:80", [(80, "8000-9000", None, "tcp")]),
    ],
)
def test_ports(text: str, expected: list[tuple[Any, ...]]) -> None:
    """One table for each port inside."""
    keys = ("target", "published", "host_ip", "protocol")
    assert expected == [tuple(it.get(key) for key in keys) for it in ports(text)]


@pytest.mark.parametrize(
    "text", ["", "http", "8080:http", "0:80", "70000", "82-80", "1-3:80-81", "1:2:3:4", "1-60000"]
)
def test_what_is_no_port(text: str) -> None:
    """No number, out of range, ranges that do not fit."""
    with pytest.raises(FormError):
        ports(text)


def test_hosts_and_pairs() -> None:
    """A colon or an equals sign, IPv6 with or without brackets; an alias is the name itself if none is said."""
    assert [host(text) for text in ("a:1.2.3.4", "a=::1", "a:[::1]", "a=host-gateway")] == [
        ("a", "1.2.3.4"),
        ("a", "::1"),
        ("a", "::1"),
        ("a", "host-gateway"),
    ]
    assert [pair("db"), pair("db:database")] == [("db", "db"), ("db", "database")]
    for text in ("a", "a:", "=1"):
        with pytest.raises(FormError):
            host(text)
