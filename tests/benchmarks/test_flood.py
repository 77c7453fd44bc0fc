"""Lines are counted by their numbers."""

from benchmarks.scenarios.flood import kept


def test_kept() -> None:
    """Prefixes don't matter; a line twice is one, a torn one is none, two services may have the same number."""
    files = [
        b"12:00 s00 | flood s00 0000000000 xxx\nflood s00 0000000000 xxx\nflood s00 00000",
        b"flood s01 0000000000 xxx\nflood s01 0000000001 xxx\ns01 ready\n",
    ]
    assert kept(files) == 3
