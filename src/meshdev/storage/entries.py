"""From batches to entries: what passes a filter, with the lines of a stack trace as one entry.

Rules: batches come in their order, forwards; `Sift` remembers where each source is in the middle of a trace, so use
one for one reading in one direction. A batch that cannot hold anything wanted is put aside as bytes, without a look at
its lines: that makes searching fast. What it is put aside by never errs on the side of hiding. A text is found in a
line as it was written, and in the columns in which a structured line is shown.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from meshdev.storage.columns import Columns
from meshdev.storage.layout import Source
from meshdev.storage.line import Batch
from meshdev.telemetry.ansi import strip_ansi
from meshdev.telemetry.logline import Level, continues, level_of
from meshdev.telemetry.logline_filter import LogFilter, Term
from meshdev.telemetry.stacktrace import Joiner


class Entry(NamedTuple):
    """A line, or the lines of a stack trace divided by line feeds; ``time`` is epoch seconds.

    ``more``: it goes on with the entry before it of the same source, which was given away already.
    """

    node: str
    source: Source
    time: float
    text: str
    more: bool = False

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return self.text.count("\n") + 1


class _SourceState:
    """Where a source stands: in which trace, and how severe and whether wanted its last entry was."""

    __slots__ = ("joiner", "level", "wanted")

    def __init__(self) -> None:
        self.joiner = Joiner()
        self.level = Level.UNKNOWN
        self.wanted = False


class Sift:
    """The entries of ``wanted`` (and of ``extra``, which narrows it) out of batches; ``now`` is epoch seconds."""

    def __init__(self, wanted: LogFilter, now: float = 0.0, extra: Iterable[Term] = ()) -> None:
        self._filter = wanted
        self._since = now - wanted.within if wanted.within is not None else None
        self._terms = [_Test(term) for term in (*wanted.terms, *extra)]
        if wanted.trace:
            self._terms.append(_Test(Term(wanted.trace)))
        self._severe = _severity_probe(wanted.level)
        self._sources: dict[tuple[str, Source], _SourceState] = {}
        self.seen = 0

    def entries(self, batches: Iterable[Batch]) -> list[Entry]:
        """What is wanted of the next batches."""
        found: list[Entry] = []
        for batch in batches:
            self.seen += batch.data.count(b"\n")
            key = (batch.node, batch.source)
            state = self._sources.get(key)
            if not self._wants(batch) or not (
                (state is not None and state.joiner.inside) or self._may_hold(batch)
            ):
                if state is not None:
                    del self._sources[key]
                continue
            if state is None:
                state = self._sources[key] = _SourceState()
            found += self._of(batch, state)
        return found

    def _wants(self, batch: Batch) -> bool:
        wanted = self._filter
        return (self._since is None or batch.time >= self._since) and (
            not (wanted.services or wanted.without)
            or wanted.wants_instance(batch.node, batch.source.instance)
        )

    def _may_hold(self, batch: Batch) -> bool:
        if not self._terms and self._severe is None:
            return True
        data = batch.data
        if b"\r" in data:
            data = data.replace(b"\r", b"\n")
        if b"\x1b" in data:
            data = _CSI.sub(b"", data)
            if b"\x1b" in data:
                return True
        small = data.lower()
        return (self._severe is None or self._severe(small)) and all(
            term.may_hold(data, small) for term in self._terms
        )

    def _of(self, batch: Batch, state: _SourceState) -> list[Entry]:
        """The entries of a batch, those that are wanted; the first may go on with the one before it."""
        belongs = state.joiner.belongs
        node, source, time = batch.node, batch.source, batch.time
        texts: list[str] = []
        parts: list[list[str] | None] = []
        orphan: list[str] = []
        for text in batch.texts():
            if not belongs(text):
                texts.append(text)
                parts.append(None)
            elif not texts:
                orphan.append(text)
            else:
                more = parts[-1]
                if more is None:
                    more = parts[-1] = [texts[-1]]
                more.append(text)
        found = []
        if orphan and state.wanted:
            found.append(Entry(node, source, time, "\n".join(orphan), more=True))
        wants = self._wanted
        for text, more in zip(texts, parts, strict=True):
            whole = text if more is None else "\n".join(more)
            state.wanted = wants(whole, state)
            if state.wanted:
                found.append(Entry(node, source, time, whole))
        return found

    def _wanted(self, text: str, state: _SourceState) -> bool:
        if self._filter.level is not Level.UNKNOWN and not self._severe_enough(text, state):
            return False
        if self._terms:
            plain = strip_ansi(text)
            return all(term.holds(plain) for term in self._terms)
        return True

    def _severe_enough(self, text: str, state: _SourceState) -> bool:
        """Indented lines are as severe as the line that they follow; a trace is an error."""
        first, _, rest = text.partition("\n")
        level = level_of(first)
        if rest:
            level = max(level, Level.ERROR)
        elif level is Level.UNKNOWN and continues(first):
            level = state.level
        state.level = level
        return level >= self._filter.level


_CSI = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")
_STRICT = re.compile(r"\(\?(?!:)|\\[AZzBbxuUN0-9]|[*+?}]\+")
"""What may hold in a line but not in the text around it (look-around, absolute anchors, possessive repeats), and what
names letters so that their case cannot be told."""

_Probe = Callable[[bytes, bytes], bool]
"""Whether many lines, given as they are and in small letters, may hold what is looked for."""


class _Test:
    """A term, as a question to an entry, and as a quick question to many lines at once."""

    def __init__(self, term: Term) -> None:
        pattern = term.pattern()
        self._search = pattern.search
        self._columns = Columns(required(term.text) if term.regex else term.text)
        self._negated = term.negated
        self._probe = _always if term.negated else _probe(term, pattern)

    def may_hold(self, data: bytes, small: bytes) -> bool:
        """Whether many lines, given as they are and in small letters, may hold one that passes."""
        return self._probe(data, small) or self._columns.may_hold(small)

    def holds(self, plain: str) -> bool:
        """Whether an entry without its colours passes."""
        found = self._search(plain) is not None
        if not found and (columns := self._columns.of(plain)):
            found = self._search(columns) is not None
        return found is not self._negated


def _always(_data: bytes, _small: bytes) -> bool:
    return True


def _probe(term: Term, pattern: re.Pattern[str]) -> _Probe:
    """Small letters are searched in small text: the same lines, several times faster than by IGNORECASE."""
    ignores_case = bool(pattern.flags & re.IGNORECASE)
    literal = not term.regex or re.escape(term.text) == term.text
    if not term.text.isascii() or (not literal and _STRICT.search(term.text)):
        return _always
    if literal:
        needle = term.text.encode()

        def has(text: bytes) -> bool:
            return needle in text
    else:
        flags = re.IGNORECASE if ignores_case and "[" in term.text else re.NOFLAG
        search = re.compile(term.text.encode(), flags | re.MULTILINE).search
        part = required(term.text).encode()

        def has(text: bytes) -> bool:
            return part in text and search(text) is not None

    def probe(data: bytes, small: bytes) -> bool:
        if literal and not ignores_case:
            return has(data)
        if not data.isascii():  # bytes know neither the classes nor the cases of other letters
            return pattern.search(data.decode("utf-8", "replace")) is not None
        return has(small if ignores_case else data)

    return probe


def required(expression: str) -> str:
    r"""A text that is in everything that a regular expression matches; the longest one that is easily seen, or none.

    >>> required(r"\w+ declin(ed|es)")
    ' declin'
    """
    runs = [""]
    depth = 0
    for match in _PARTS.finditer(expression):
        part = match[0]
        depth += (part == "(") - (part == ")")
        if part == "|" and not depth:
            return ""
        if depth or len(part) > 1 or not (part.isalnum() or part in _SELF):
            runs.append("")
        else:
            runs[-1] += part
        if part[0] in "*?{" and len(runs) > 1:
            runs[-2] = runs[-2][:-1]
    return max(runs, key=len)


_PARTS = re.compile(r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]|\{[^}]*\}|.", re.DOTALL)
_SELF = " _-/:;,'\"=@%&<>!~"

_WARNINGS: Final = (b"warn", b"wrn")
_ERRORS: Final = (b"err", b"exception", b"severe", b"fail", b"fatal", b"ftl", b"crit", b"panic", b"alert")
_ERRORS_TOO: Final = (b"emerg", b"traceback", b"unhandled", b"uncaught")
# Each begins with its own literal, which makes the search for it fast.
_NUMBER = rb"\"?\s*[:=]\s*\"?(?:[4-9]\d|\d{3}|\{)"
_NUMBERED: Final = tuple(
    (word, re.compile(word + rest + _NUMBER))
    for word, rest in ((b"level", rb"(?:name)?"), (b"lvl", b""), (b"severity", rb"\w*"))
)
_GLOG = re.compile(rb"\n[wef]\d{4} \d\d:\d\d:\d\d")
_FRAME = re.compile(rb"\n\s+(?:at|from) \S")


def _severity_probe(level: Level) -> Callable[[bytes], bool] | None:
    """Whether many lines (in small letters) may hold one that is so severe; None where most would."""
    if level < Level.WARN:
        return None
    words = (*_ERRORS, *_ERRORS_TOO) if level > Level.WARN else (*_WARNINGS, *_ERRORS, *_ERRORS_TOO)

    def probe(small: bytes) -> bool:
        return (
            any(word in small for word in words)
            or small[:1] in (b"w", b"e", b"f")
            or any(word in small and number.search(small) for word, number in _NUMBERED)
            or _GLOG.search(small) is not None
            or _FRAME.search(small) is not None
        )

    return probe
