"""Which command opens a file at a line."""

from pathlib import Path

import pytest

from meshdev.tui.editor import editing

FILE = Path("/a/b c.py")


@pytest.mark.parametrize(
    ("editor", "argv", "windowed"),
    [
        ("vim", ["vim", "+7", "/a/b c.py"], False),
        ("/usr/bin/nano -w", ["/usr/bin/nano", "-w", "+7", "/a/b c.py"], False),
        ("hx", ["hx", "/a/b c.py:7"], False),
        ("code --wait", ["code", "--wait", "-g", "/a/b c.py:7"], True),
        ("subl", ["subl", "/a/b c.py:7"], True),
        ("'/opt/my editors/subl' -n", ["/opt/my editors/subl", "-n", "/a/b c.py:7"], True),
        ("pycharm", ["pycharm", "--line", "7", "/a/b c.py"], True),
        ("mate", ["mate", "-l", "7", "/a/b c.py"], True),
        ("my-own-editor", ["my-own-editor", "/a/b c.py"], False),
        ("it's", ["it's", "/a/b c.py"], False),
    ],
)
def test_every_editor_is_told_the_line_in_its_own_way(editor: str, argv: list[str], windowed: bool) -> None:  # noqa: FBT001 -- a table's column
    """One that is not known gets the file alone."""
    how = editing({"EDITOR": editor}, FILE, 7)
    assert how is not None
    assert ([*how.argv], how.windowed) == (argv, windowed)


def test_without_a_line_it_is_the_file() -> None:
    """Nobody is sent to line 0."""
    how = editing({"EDITOR": "vim"}, FILE)
    assert how is not None
    assert how.argv == ("vim", "/a/b c.py")


@pytest.mark.parametrize("environ", [{}, {"EDITOR": ""}, {"VISUAL": " ", "EDITOR": ""}])
def test_who_names_no_editor_has_none(environ: dict[str, str]) -> None:
    """The dashboard does not guess."""
    assert editing(environ, FILE) is None


def test_visual_comes_first() -> None:
    """As everywhere."""
    how = editing({"VISUAL": "vim", "EDITOR": "ed"}, FILE)
    assert how is not None
    assert how.argv[0] == "vim"
