"""What /proc says."""

from benchmarks.processes import parse_cpu, parse_kilobytes, parse_state

_STAT = "17 (a (b) c) S 1 17 17 0 -1 4194560 1 2 3 4 150 50 30 20 20 0 1 0"


def test_stat() -> None:
    """Names may hold brackets and spaces; children that were waited for count."""
    assert parse_state(_STAT) == "S"
    assert parse_cpu(_STAT) == 2.5


def test_kilobytes() -> None:
    """In bytes; what is not there is nothing."""
    text = "Rss:   20 kB\nPss:      12 kB\nPss_Anon:  3 kB\n"
    assert (parse_kilobytes(text, "Pss"), parse_kilobytes(text, "VmHWM")) == (12 * 1024, 0)
