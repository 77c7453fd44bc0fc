"""Which editor the user has, how it is told a line, and whether it takes the terminal. Pure.

``$VISUAL`` comes before ``$EDITOR``, as everywhere. An editor that is not known here is taken for one of the terminal
that understands only a file's name: nobody gets a file called ``+12``.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_WINDOWED_PLUS = frozenset(
    {"gvim", "mvim", "nvim-qt", "gedit", "gnome-text-editor", "xed", "pluma", "mousepad"}
)
_WINDOWED_COLON = frozenset({"subl", "sublime_text", "zed", "zeditor", "lapce", "atom", "pulsar"})
_GOTO = frozenset(
    {"code", "code-insiders", "code-oss", "codium", "vscodium", "cursor", "windsurf", "positron"}
)
_JETBRAINS = frozenset(
    {"idea", "pycharm", "webstorm", "goland", "clion", "rubymine", "phpstorm", "rustrover"}
)
_WINDOWED = _WINDOWED_PLUS | _WINDOWED_COLON | _GOTO | _JETBRAINS | {"kate", "mate", "rider"}
_OF_THE_TERMINAL = frozenset(
    {"vi", "vim", "nvim", "view", "ex", "vis", "elvis", "nano", "pico", "micro", "kak", "dte", "ne", "mcedit"}
    | {"emacs", "emacsclient", "mg", "zile", "jed", "joe", "jmacs", "jstar"}
)
_FORMS = {
    **dict.fromkeys(_OF_THE_TERMINAL | _WINDOWED_PLUS, ("+{line}", "{file}")),
    **dict.fromkeys(_WINDOWED_COLON | {"hx", "helix"}, ("{file}:{line}",)),
    **dict.fromkeys(_GOTO, ("-g", "{file}:{line}")),
    **dict.fromkeys(_JETBRAINS | {"kate", "rider"}, ("--line", "{line}", "{file}")),
    "mate": ("-l", "{line}", "{file}"),
}


@dataclass(frozen=True, slots=True)
class Editing:
    """A command that opens the file; ``windowed``: it has a window of its own, so the terminal stays ours."""

    argv: tuple[str, ...]
    windowed: bool


def editing(environ: Mapping[str, str], file: Path, line: int | None = None) -> Editing | None:
    """How ``file`` is opened at ``line`` (from 1); None when the user has named no editor.

    >>> editing({"EDITOR": "vim"}, Path("/a/b.py"), 12).argv
    ('vim', '+12', '/a/b.py')
    >>> editing({"VISUAL": "code --wait", "EDITOR": "vim"}, Path("/a/b.py"), 12).argv
    ('code', '--wait', '-g', '/a/b.py:12')
    """
    command = words(environ.get("VISUAL", "")) or words(environ.get("EDITOR", ""))
    if not command:
        return None
    name = Path(command[0]).name.removesuffix(".exe")
    form = _FORMS.get(name, ("{file}",)) if line else ("{file}",)
    target = [part.format(file=file, line=line) for part in form]
    return Editing((*command, *target), name in _WINDOWED)


def words(command: str) -> list[str]:
    """The words of a command as a shell takes them; quotes that don't match make it one word."""
    try:
        return shlex.split(command)
    except ValueError:
        return [command]
