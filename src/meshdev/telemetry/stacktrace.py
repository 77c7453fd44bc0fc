"""Stack traces in a log: which lines make one entry, what an entry comes to in one line, which source line it names.

Pure. Known are the traces of Python (chains and exception groups too), the JVM, Node, .NET, Ruby, Go and Rust. Rules:
- One `Joiner` for each source (an instance's stream), which is asked about each line in its order.
- A trace that announces itself (``Traceback …``, ``panic: …``) begins an entry of its own; one that is known only by
  its first frame (JVM, Node, .NET, Ruby) takes the line before the frame as its head.
- Indented lines that follow no trace stand alone: only traces are joined.
- An entry is bounded (`MOST` lines); what goes on after that is an entry of its own.
"""

import re
from collections.abc import Iterable
from enum import Enum, auto
from typing import NamedTuple

MOST = 400

_PYTHON = "Traceback (most recent call last):"
_PYTHON_GROUP = "Exception Group Traceback (most recent call last):"
_PYTHON_RAISED = re.compile(r"[A-Za-z_][\w.]*(?::|$)")
_NO_EXCEPTION = re.compile(r"(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|LOG)\b")
_CHAINED = ("During handling of the above exception, ", "The above exception was the direct cause ")
_FRAME = re.compile(r"\s+at \S|\s+from \S+:\d+|\s+File \"[^\"]+\", line \d")
_RELATED = re.compile(r"\s|Caused by: |Suppressed: |\.\.\. \d+ |at \S+[ (]|--- End of ")
_CLOSING = frozenset({"}", "]", "},"})
_GO = re.compile(r"(?:panic: |fatal error: |goroutine \d+ \[)")
_GO_MORE = re.compile(
    r"\s|goroutine \d+ \[|created by |exit status |\[signal |panic: |[\w./*()\[\]-]+\(.*\)$|$"
)
_RUST = re.compile(r"thread '.*' (?:\(\d+\) )?panicked at ")
_RUST_MORE = re.compile(r"\s|note: |stack backtrace:")


class _In(Enum):
    """What the joiner is in the middle of."""

    NOTHING = auto()
    PYTHON = auto()
    PYTHON_RAISED = auto()  # the exception's own line has come
    PYTHON_CHAIN = auto()  # another traceback is announced
    FRAMES = auto()
    GO = auto()
    RUST_HEAD = auto()
    RUST = auto()


class Joiner:
    """Tells for the lines of one source whether each belongs to the entry before it."""

    __slots__ = ("_count", "_in")

    def __init__(self) -> None:
        self._in = _In.NOTHING
        self._count = 0  # lines of the entry so far; 0 before the first line

    @property
    def inside(self) -> bool:
        """Whether the next line may be part of a trace that has begun."""
        return self._in is not _In.NOTHING

    def belongs(self, line: str) -> bool:
        """Whether ``line`` is part of the entry before it (the line before it, when that stood alone)."""
        now = self._in
        if now is not _In.NOTHING and self._count < MOST:
            following = self._follow(now, line)
            if following is not None:
                self._in = following
                self._count += 1
                return True
        elif self._count == 1 and line[:1].isspace() and _FRAME.match(line):
            self._in = _In.FRAMES
            self._count = 2
            return True
        self._in = _begun(line)
        self._count = 1
        return False

    def _follow(self, now: _In, line: str) -> _In | None:
        """What the joiner is in after ``line``, None when it is no part of the trace."""
        match now:
            case _In.PYTHON | _In.PYTHON_RAISED | _In.PYTHON_CHAIN:
                return _python(now, line)
            case _In.FRAMES:
                return now if _RELATED.match(line) or line in _CLOSING else None
            case _In.GO:
                return now if _GO_MORE.match(line) else None
            case _In.RUST_HEAD:
                return _In.RUST
            case _In.RUST:
                return now if _RUST_MORE.match(line) else None
            case _:
                return None


def _begun(line: str) -> _In:
    first = line[:1]
    if first in "Tt" and line.startswith(_PYTHON):
        return _In.PYTHON
    if first in "pfg" and _GO.match(line):
        return _In.GO
    if first == "t" and _RUST.match(line):
        return _In.RUST_HEAD
    if first == " " and line.rstrip().endswith(_PYTHON_GROUP):
        return _In.PYTHON
    return _In.NOTHING


def _python(now: _In, line: str) -> _In | None:
    if line.startswith(_CHAINED):
        return _In.PYTHON_CHAIN if now is not _In.PYTHON else None
    if not line or line.isspace():
        return now if now is not _In.PYTHON else None
    if now is _In.PYTHON_CHAIN:
        return _In.PYTHON if line.startswith(_PYTHON) or line.endswith(_PYTHON_GROUP) else None
    if line[0].isspace():
        return now
    if now is _In.PYTHON and _PYTHON_RAISED.match(line) and not _NO_EXCEPTION.match(line):
        return _In.PYTHON_RAISED
    return None


def entries(lines: Iterable[str]) -> list[str]:
    r"""The entries that the lines of one source make, each with its lines divided by line feeds.

    >>> entries(["one", "Traceback (most recent call last):", '  File "a.py", line 1', "KeyError: 1", "two"])
    ['one', 'Traceback (most recent call last):\\n  File "a.py", line 1\\nKeyError: 1', 'two']
    """
    joiner = Joiner()
    found: list[list[str]] = []
    for line in lines:
        if joiner.belongs(line) and found:
            found[-1].append(line)
        else:
            found.append([line])
    return ["\n".join(entry) for entry in found]


def summary(entry: str) -> str:
    """The line that says what a trace is about: Python's last, else the first, with the root cause if one is named."""
    if "\n" not in entry:
        return entry
    lines = entry.split("\n")
    if _PYTHON in entry or _PYTHON_GROUP in entry:
        if lines[0].rstrip().endswith(_PYTHON_GROUP):
            group = (line.strip(" |+-") for line in lines[1:])
            return next((line for line in group if _PYTHON_RAISED.match(line)), lines[0])
        raised = (line for line in reversed(lines) if line and not line[0].isspace())
        return next(raised, lines[0])
    if _RUST.match(lines[0]):
        return f"{lines[1]}  ({lines[0].rstrip(':')})"
    cause = next((line for line in reversed(lines) if line.startswith("Caused by: ")), "")
    return f"{lines[0]}  {cause}".rstrip()


class Place(NamedTuple):
    """A line of a source file, as a trace names it; the path may be relative, or a bare file name (JVM)."""

    path: str
    line: int


_PLACES = re.compile(
    r'File "(?P<python>[^"<>]+)", line (?P<python_line>\d+)'
    r"|\((?P<jvm>[\w$-]+\.(?:java|kt|scala|groovy)):(?P<jvm_line>\d+)\)"
    r"|(?:file://)?(?P<any>(?:[A-Za-z]:[\\/])?[\w./\\@+~-]+\.[A-Za-z]\w{0,4}):(?P<any_line>\d+)(?![\d.])"
    r"|\bin (?P<net>\S+\.(?:cs|fs|vb)):line (?P<net_line>\d+)"
)
_FOREIGN = (
    "site-packages/",
    "node_modules/",
    "node:",
    "/usr/lib/",
    "/usr/local/lib/",
    "/rustc/",
    "/go/pkg/mod/",
)


def places(text: str) -> list[Place]:
    """The source lines that a line or a trace names, in their order."""
    found = []
    for match in _PLACES.finditer(text):
        kind = match.lastgroup or ""
        name = kind.removesuffix("_line")
        found.append(Place(match[name], int(match[kind])))
    return found


def culprit(entry: str) -> Place | None:
    """The source line to look at first: the innermost one that is no library's; None when no line is named."""
    found = places(entry)
    if not found:
        return None
    if _PYTHON in entry or _PYTHON_GROUP in entry:
        found.reverse()
    own = (place for place in found if not any(part in place.path for part in _FOREIGN))
    return next(own, found[0])
