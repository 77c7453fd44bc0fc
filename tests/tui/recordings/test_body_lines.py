"""Bodies as people read them: what is cut is said, and nothing breaks a line or a terminal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.recording.model import Body, Cut
from meshdev.tui.cells import width_of
from meshdev.tui.recordings.body_lines import MOST_BYTES, MOST_LINES, body_lines
from support_dashboard import obeyed

JSON = (("Content-Type", "application/json"),)


def shown(
    data: bytes, kind: str = "application/json", width: int = 60, *, size: int | None = None
) -> list[str]:
    """The lines of a body."""
    body = Body(data, len(data) if size is None else size, cut=None if size is None else Cut.CAP)
    lines = body_lines(body, (("Content-Type", kind),), width, secrets=True)
    return ["".join(span.text for span in line) for line in lines]


def test_json_is_laid_out_and_a_form_has_a_line_a_field() -> None:
    """Whatever it looked like on the wire."""
    assert shown(b'{"a":[1,"x"]}') == ["{", '  "a": [', "    1,", '    "x"', "  ]", "}"]
    assert shown(b"a=1&b=%C3%A9", "application/x-www-form-urlencoded") == ["a=1", "b=é"]


def test_nothing_has_no_lines() -> None:
    """An empty body is not shown."""
    assert shown(b"") == []


def test_what_is_missing_of_a_body_is_said() -> None:
    """The cap of a recording, with how much there was."""
    assert shown(b"beginning", "text/plain", size=2_000) == [
        "beginning",
        "… longer than what is kept of one body (1991 bytes are miss…",
    ]


@pytest.mark.parametrize(
    "data",
    [
        json.dumps([{"id": number, "name": "x" * 20} for number in range(300_000)]).encode(),
        b"x" * 12_000_000,
        b"line\n" * 2_000_000,
        "é".encode() * (MOST_BYTES // 2) + "é".encode(),
        b"x" * (MOST_BYTES - 1) + "é".encode() * 10,
    ],
)
def test_of_a_large_body_only_the_beginning_is_looked_at(data: bytes) -> None:
    """A few hundred lines at most, and a note of the rest; a character is never taken for a binary one by the cut."""
    lines = shown(data)
    assert len(lines) <= MOST_LINES + 15
    assert "more" in lines[-1]
    assert not lines[0].endswith("application/json")


def test_what_is_no_text_is_shown_as_the_head_of_a_dump() -> None:
    """Offset, bytes, what of it can be read."""
    lines = shown(bytes(range(256)) * 10, "image/png", 90)
    assert lines[0] == "2.5KB of image/png"
    assert lines[3] == "000020  20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f   !\"#$%&'()*+,-./"
    assert lines[-1] == "…"


@given(st.binary(max_size=300), st.sampled_from(["application/json", "text/html", ""]), st.integers(24, 90))
def test_no_body_breaks_a_line_or_the_terminal(data: bytes, kind: str, width: int) -> None:
    """Each fits, and has nothing that a terminal would obey."""
    for line in shown(data, kind, width):
        assert width_of(line) <= max(width, 44)
        assert not obeyed(line)
