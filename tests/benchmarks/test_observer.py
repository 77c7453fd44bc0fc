"""What services tell."""

import socket
from pathlib import Path

import pytest
from benchmarks.observer import Observer, Word, parse


def test_parse() -> None:
    """Times are seconds; anything else is refused."""
    assert parse(b"done s01 42 1500000000 80000") == Word("done", "s01", 42, 1.5, 80000)
    with pytest.raises(ValueError, match="unpack"):
        parse(b"hello")


def test_listen_until_enough_or_too_late(tmp_path: Path) -> None:
    """Words are kept in order; too few are told."""
    with (
        Observer(tmp_path / "observer") as observer,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service,
    ):
        for name in ("a", "b"):
            service.sendto(f"ready {name} 1 1 0".encode(), str(observer.path))
        assert observer.listen(5.0, lambda: len(observer.said("ready")) == 2)
        assert [word.name for word in observer.words] == ["a", "b"]
        assert not observer.listen(0.0, lambda: len(observer.said("ready")) == 3)
