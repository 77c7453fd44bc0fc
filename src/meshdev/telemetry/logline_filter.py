"""Which log lines are meant: ``service=orders,pay* level>=warn /declin(ed|es)/``, typed by people. Pure.

Terms are divided by blanks and must all hold; ``!`` before a term turns it round.

| term | holds when |
|---|---|
| ``service=orders,pay*`` | the line is one of these services', ``*`` is anything; ``orders-1`` is an instance |
| ``level>=warn`` (``level=warn``) | the line is at least so severe |
| ``/regex/`` | the expression is found; small letters match both cases |
| ``trace=4bf92f…`` | the line names this trace |
| ``since=10m`` | it is not older |
| ``word`` ``"two words"`` | the text is in it; small letters match both cases |

`LogFilter` is what was meant; ``str`` of it is text that means the same.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from meshdev.errors import UsageError
from meshdev.kernel.quantity import QuantityError, format_duration, parse_duration
from meshdev.telemetry.logline import Level, level_named

LEVELS = (Level.UNKNOWN, Level.INFO, Level.WARN, Level.ERROR)
"""What the level selector goes through; ``UNKNOWN`` is all lines."""

_WORD = re.compile(
    r'\s*(?P<negated>!?)(?:(?P<field>service|level|trace|since)(?P<sign>!=|>=|=)(?P<value>"[^"]*"?|\S*)'
    r'|/(?P<regex>(?:[^/\\]|\\.|/(?=\S))*)(?:/(?=\s|$)|\\?$)|"(?P<quoted>[^"]*)"?|(?P<bare>\S+))'
)


@dataclass(frozen=True, slots=True)
class Term:
    """A text that must (or, ``negated``, must not) be found; a regular expression if ``regex``."""

    text: str
    regex: bool = False
    negated: bool = False

    def __str__(self) -> str:
        sign = "!" if self.negated else ""
        if self.regex:
            return f"{sign}/{self.text}/"
        plain = self.text and not re.search(r'[\s"]', self.text) and _WORD.fullmatch(self.text)
        return sign + (
            self.text if plain and self.text[0] not in "!/" and "=" not in self.text else f'"{self.text}"'
        )

    def pattern(self) -> re.Pattern[str]:
        """Compiled, with small letters for both cases, lines for ``^`` and ``$``. Raises UsageError."""
        flags = re.IGNORECASE if self.text == self.text.lower() else re.NOFLAG
        try:
            return re.compile(self.text if self.regex else re.escape(self.text), flags | re.MULTILINE)
        except (re.error, RecursionError, OverflowError) as error:
            raise UsageError(
                f"/{self.text}/: {error}", hint="a backslash makes a character literal"
            ) from None


@dataclass(frozen=True, slots=True)
class LogFilter:
    """See the module; the default wants everything. ``within`` is seconds before now."""

    services: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    level: Level = Level.UNKNOWN
    terms: tuple[Term, ...] = ()
    trace: str = ""
    within: float | None = None

    def __str__(self) -> str:
        words = []
        if self.services:
            words.append(f"service={','.join(self.services)}")
        if self.without:
            words.append(f"service!={','.join(self.without)}")
        if self.level is not Level.UNKNOWN:
            words.append(f"level>={self.level.name.lower()}")
        if self.trace:
            words.append(f"trace={self.trace}")
        if self.within is not None:
            words.append(f"since={format_duration(self.within)}")
        return " ".join([*words, *map(str, self.terms)])

    def __bool__(self) -> bool:
        return self != _ALL

    def wants_node(self, node: str) -> bool:
        """Whether lines of this service, or of one of its instances, are meant."""
        chosen = not self.services or any(_names(pattern, node) for pattern in self.services)
        return chosen and not any(fnmatchcase(node, pattern) for pattern in self.without)

    def wants_instance(self, node: str, instance: str) -> bool:
        """Whether lines of this instance of a service are meant."""
        chosen = not self.services or any(
            fnmatchcase(node, pattern) or fnmatchcase(instance, pattern) for pattern in self.services
        )
        return chosen and not any(
            fnmatchcase(node, pattern) or fnmatchcase(instance, pattern) for pattern in self.without
        )


_ALL = LogFilter()


def _names(pattern: str, node: str) -> bool:
    stem, _, slot = pattern.rpartition("-")
    return fnmatchcase(node, pattern) or (slot.isdigit() and fnmatchcase(node, stem))


def parse_log_filter(text: str) -> LogFilter:
    """What ``text`` means; an empty one means every line. Raises UsageError.

    >>> parse_log_filter("service=orders level>=warn declined").services
    ('orders',)
    """
    services: list[str] = []
    without: list[str] = []
    terms: list[Term] = []
    level, trace, within = Level.UNKNOWN, "", None
    for match in _WORD.finditer(text.rstrip()):
        negated = match["negated"] == "!"
        value = (match["value"] or "").strip('"')
        match match["field"]:
            case "service":
                names = [name for name in value.split(",") if name]
                (without if negated is not (match["sign"] == "!=") else services).extend(names)
            case "level":
                level = _level(value, plain=not negated and match["sign"] != "!=")
            case "trace":
                trace = value.lower()
            case "since":
                within = _duration(value)
            case _:
                term = _term(match, negated=negated)
                if term.text:
                    term.pattern()
                    terms.append(term)
    return LogFilter(_once(services), _once(without), level, tuple(dict.fromkeys(terms)), trace, within)


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _term(match: re.Match[str], *, negated: bool) -> Term:
    if match["regex"] is not None:
        return Term(match["regex"], regex=True, negated=negated)
    return Term(match["quoted"] if match["quoted"] is not None else match["bare"], negated=negated)


def _level(value: str, *, plain: bool) -> Level:
    level = level_named(value) if plain else None
    if level is None and value.lower() not in {"", "all"}:
        raise UsageError(
            f"no level is called {value!r}", hint="level>=trace, debug, info, warn, error or fatal"
        )
    return level or Level.UNKNOWN


def _duration(value: str) -> float | None:
    if not value:
        return None
    try:
        return parse_duration(value)
    except QuantityError as error:
        raise UsageError(f"since={value}: {error}", hint="such as since=30s or since=1h30m") from None
