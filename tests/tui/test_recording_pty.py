"""Recording by key in a real terminal, over the real daemon: record, see the mark, stop, open it, see a body."""

import json
import re
from pathlib import Path

import pytest

from meshdev.storage.recordings import Library
from support_terminal import Terminal, environ, project, up
from support_till import till

__all__ = ["environ", "project", "till"]


def whole(terminal: Terminal) -> None:
    """The request, and the answer's body, stand on the screen."""
    terminal.sees("→ GET /charges HTTP/1.1")
    terminal.type("G")
    terminal.until(lambda shown: re.search(r"^ ok\b", shown, re.MULTILINE) is not None)


@pytest.mark.e2e
def test_one_records_by_key_and_looks_at_what_was_said(till: Path, environ: dict[str, str]) -> None:
    """A call that nobody recorded has its body, too; the last minutes are kept; the list has both recordings."""
    terminal = up(till, environ)
    terminal.sees("till", "● healthy")
    terminal.type("3")
    terminal.sees("GET /charges", "● 200")
    terminal.type("\r")
    terminal.sees("z zoom")
    terminal.type("z")
    whole(terminal)
    terminal.type("z")
    terminal.sees("REQUEST")
    terminal.type("Rday")
    terminal.sees("● Record", "day")
    terminal.type("\r")
    terminal.until(lambda shown: re.search(r"● rec( day)? [1-9]", shown) is not None)
    terminal.type("1")
    terminal.until(lambda shown: "● rec" in shown and "SERVICE" in shown)
    terminal.type("3R")
    terminal.until(lambda shown: re.search(r"day: [\d,]+ calls? in ", shown) is not None)
    terminal.until(lambda shown: "● rec" not in shown)
    terminal.type("K")
    terminal.until(lambda shown: re.search(r"\d: [\d,]+ calls? in ", shown) is not None)
    names = Library(till / ".meshdev" / "recordings").names()
    assert len(names) == 2
    terminal.type("B")
    terminal.sees("Recordings", *names)
    terminal.type("\x1b")
    terminal.until(lambda shown: "Esc close" not in shown)
    terminal.type("\x10open recording day")
    terminal.sees("Open recording day")
    terminal.type("\r")
    terminal.sees("◉ day")
    terminal.type("\r")
    terminal.sees("z zoom")
    terminal.type("z")
    whole(terminal)
    terminal.type("qs")
    assert terminal.ends() == 0
    recording = Library(till / ".meshdev" / "recordings").open("day")
    assert {one.request.target for one in recording.exchanges} == {"/charges"}
    assert json.loads((till / ".meshdev" / "recordings" / "day" / "recording.json").read_text())["ended"]
