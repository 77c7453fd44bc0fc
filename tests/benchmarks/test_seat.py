"""A program at a terminal, and when what it paints is complete."""

import sys
from pathlib import Path

import pytest
from benchmarks.dashboard.seat import Read, Seat, waited_for_a_core, when
from benchmarks.summary import percentile


def test_text_is_found_between_control_sequences() -> None:
    """Colours within a word don't hide it; the read that completes it counts, not the last one."""
    output = b"\x1b[1mhea\x1b[0mlthy\x1b]0;title\x07 more"
    reads = [Read(1.0, 7), Read(2.0, 15), Read(3.0, len(output))]
    assert when(output, reads, b"healthy") == reads[1]
    assert when(output, reads, b"title") is None


def test_a_program_is_seen_and_hears_keys(tmp_path: Path) -> None:
    """What it painted before the key doesn't count."""
    program = "import tty; tty.setcbreak(0); print('ready', flush=True); print('got', input(), flush=True)"
    seat = Seat([sys.executable, "-c", program], tmp_path, {"PATH": "/usr/bin:/bin"})
    try:
        assert seat.painted(b"ready", 20.0)
        pressed = seat.press(b"xyz\n")
        seen = seat.painted(b"got xyz", 20.0)
        assert seen is not None
        assert seen.at > pressed.at
        assert seat.painted(b"ready", 0.0) is None
    finally:
        seat.leave()
    assert seat.process.returncode == 0


def test_an_unknown_thread_has_not_waited() -> None:
    """Where the kernel doesn't tell, nothing is subtracted."""
    assert waited_for_a_core(2**30) == 0.0


@pytest.mark.parametrize(("percent", "value"), [(1, 1.0), (50, 2.0), (75, 3.0), (99, 4.0), (100, 4.0)])
def test_percentiles(percent: int, value: float) -> None:
    """Nearest rank: always one that was measured."""
    assert percentile([4.0, 2.0, 1.0, 3.0], percent) == value
