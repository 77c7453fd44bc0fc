"""Lines as they are shown, and which are wanted."""

import re
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from meshdev.storage.layout import Source
from meshdev.storage.line import LINE_MOST, Batch, Selection
from meshdev.telemetry.logline import Level

SOURCE = Source("orders-0", 1, "stdout")


def batch(data: bytes, source: Source = SOURCE) -> Batch:
    """A batch of some node at some time."""
    return Batch("orders", source, 1.0, data)


def test_lines_end_with_line_feeds_only() -> None:
    """Other characters that split lines elsewhere are part of the text."""
    assert batch("a\u2028b\x0bc\x85d\n\ne".encode()).texts() == ["a\u2028b␋c\ufffdd", "", "e"]


def test_invalid_utf8_and_nul_are_shown() -> None:
    """Bytes that are no text spoil nothing around them."""
    assert batch(b"caf\xe9 \x00 ok\nnext\n").texts() == ["caf\ufffd ␀ ok", "next"]


def test_progress_bars_and_windows_line_ends() -> None:
    """The last state of a bar; no carriage returns at line ends."""
    assert batch(b"10%\r99%\r100%\nplain\r\n").texts() == ["100%", "plain"]


def test_long_lines_are_cut_and_say_so() -> None:
    """The beginning is shown with how much is missing; lines around it are whole."""
    texts = batch(b"a\n" + b"x" * (LINE_MOST + 1234) + b"\nb\n").texts()
    assert texts == ["a", "x" * LINE_MOST + "… [1,234 more bytes]", "b"]


def test_a_trace_goes_with_the_line_that_it_explains() -> None:
    """Asking for errors gives the whole traceback, over batches, for each source by itself."""
    other = Source("orders-1", 1, "stdout")
    wanted = Selection(level=Level.ERROR).lines(
        [
            batch(b"INFO fine\nERROR it broke\nTraceback (most recent call last):\n"),
            batch(b"INFO meanwhile\n  of the other\n", other),
            batch(b'  File "x.py", line 1\nValueError: bad\nINFO fine again\n  really\n'),
        ]
    )
    assert [line.text for line in wanted] == [
        "ERROR it broke",
        "Traceback (most recent call last):",
        '  File "x.py", line 1',
        "ValueError: bad",
    ]


def test_a_bare_traceback_is_an_error() -> None:
    """A crash without a logger's line before it is found by its level all the same."""
    wanted = Selection(level=Level.ERROR).lines(
        [batch(b"starting\nTraceback (most recent call last):\n  File\nKeyError: 1\n")]
    )
    assert [line.text for line in wanted] == ["Traceback (most recent call last):", "  File", "KeyError: 1"]


def test_patterns_see_words_without_colours() -> None:
    """Colours inside a word don't hide it; what is shown keeps them."""
    coloured = b"\x1b[1mER\x1b[31mROR\x1b[0m x\n"
    [line] = Selection(pattern=re.compile("ERROR x")).lines([batch(b"no\n"), batch(coloured)])
    assert line.text == coloured.decode().rstrip("\n")


def test_patterns_see_one_line_at_a_time() -> None:
    """Anchors mean the line's ends, and white space never reaches into the next line."""
    data = batch("one\ntwo three\nÄrger\n".encode())
    for pattern, found in ((r"^two", ["two three"]), (r"one\s+two", []), (r"o$", []), ("Är", ["Ärger"])):
        assert [line.text for line in Selection(pattern=re.compile(pattern)).lines([data])] == found
    ignoring = Selection(pattern=re.compile("är", re.IGNORECASE))
    assert [line.text for line in ignoring.lines([data])] == ["Ärger"]


@given(st.binary(max_size=400))
def test_any_bytes_can_be_shown(data: bytes) -> None:
    """As many lines as there are, and none that breaks."""
    texts = batch(data).texts()
    assert len(texts) == data.count(b"\n") + (not data.endswith(b"\n") and bool(data))
    assert not any("\n" in text or "\r" in text for text in texts)


def test_the_reader_is_light() -> None:
    """What `meshdev logs` imports of this is small: neither validation, nor process tools, nor a loop."""
    code = (
        "import sys; before = {*sys.modules}; import meshdev.storage.reader; print(*{*sys.modules} - before)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"pydantic", "psutil", "msgspec", "asyncio", "textual", "watchfiles", "threading"} & set(
        loaded
    )
