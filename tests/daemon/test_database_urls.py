"""URLs of databases that run elsewhere."""

import pytest

from meshdev.daemon.database_urls import database_port, moved


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("postgres://ana:pw@db.example/shop", 5432),
        ("postgresql+psycopg://db.example:6000/shop?sslmode=require", 6000),
        ("mysql://db.example/shop", 3306),
        ("redis://:pw@cache.example/0", 6379),
        ("postgres://db.example/shop?sslmode=verify-full", None),
        ("mysql://db.example/shop?ssl-mode=VERIFY_IDENTITY", None),
        ("postgres://one.example,two.example/shop", None),
        ("postgres:///shop?host=/run/postgresql", None),
        ("postgres://db.example:port/shop", None),
        ("oracle://db.example/shop", None),
        ("mongodb+srv://cluster.example/shop", None),
    ],
)
def test_where_an_edge_can_lead(url: str, port: int | None) -> None:
    """One host, a protocol that is known, and no check of the host's name."""
    assert database_port(url) == port


def test_a_url_is_moved() -> None:
    """User, password, name and options stay as they are written."""
    url = "postgresql://an%40a:p%2Fw@db.example:6000/shop?options=-c%20x&a=b"
    assert moved(url, "127.0.0.1", 17) == "postgresql://an%40a:p%2Fw@127.0.0.1:17/shop?options=-c%20x&a=b"
    assert moved("mysql://db.example", "h", 1) == "mysql://h:1"
