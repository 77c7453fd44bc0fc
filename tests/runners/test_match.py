"""Waiting for a line in the output."""

from hypothesis import given
from hypothesis import strategies as st

from meshdev.runners.match import MatchingSink
from support_processes import Heard


@given(st.integers(1, 40), st.booleans())
def test_found_however_it_is_cut(size: int, end: bool) -> None:  # noqa: FBT001 -- drawn
    """A line is found in whatever pieces it comes, once, and the text is passed on unchanged."""
    text = b"starting\r\nlistening on port 8080\r\nready" + (b"\n" if end else b"")
    found: list[str] = []
    heard = Heard()
    sink = MatchingSink(heard, [r"^listening on port \d+$", "^ready$", "never"], found.append)
    for at in range(0, len(text), size):
        sink.write(text[at : at + size])
    sink.end()
    assert bytes(heard.data) == text
    assert heard.ended
    assert sorted(found) == ["^listening on port \\d+$", "^ready$"]


def test_half_a_number_is_no_line() -> None:
    """An anchored pattern waits for the end of the line."""
    found: list[str] = []
    sink = MatchingSink(Heard(), [r"^port 80$"], found.append)
    sink.write(b"port 80")
    sink.write(b"80\n")
    assert found == []


def test_forgotten_pattern_is_not_reported() -> None:
    """Once another stream had it, nobody waits any more."""
    found: list[str] = []
    sink = MatchingSink(Heard(), ["ready"], found.append)
    sink.forget("ready")
    sink.write(b"ready\n")
    assert found == []
