"""What an SQL statement does to which tables: a walk over the words of its shape, without a grammar.

A parser (sqlglot) knows more, and costs too much where traffic passes: 17 MB and a tenth of a second for its import,
half a millisecond to six for a statement, while nothing else moves. It
judges this walk in the tests. What is not understood
has no tables, or those that were found until then; nothing is decided by them but sums.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

MOST_TABLES: Final = 4
MOST_NAME: Final = 60
UNKNOWN: Final = "SQL"

_WORD: Final = re.compile(r'"(?:[^"]|"")*"?|`[^`]*`?|[^\W]+[\w$]*|[^\s]')
_VARYING: Final = re.compile(r"(?=[0-9a-f]*[0-9])[0-9a-f]{8,}|[0-9]{4,}")
_CTE: Final = re.compile(
    r'(?:\bWITH|\bRECURSIVE|,)\s*("[^"]+"|`[^`]+`|\w+)\s*(?:\([^()]*\)\s*)?AS\s*(?:NOT\s+)?(?:MATERIALIZED\s*)?\(',
    re.IGNORECASE,
)
_SYNONYMS: Final = {
    "START": "BEGIN",
    "END": "COMMIT",
    "ABORT": "ROLLBACK",
    "DESC": "DESCRIBE",
    "TABLE": "SELECT",
}
_ALONE: Final = frozenset(
    "SELECT INSERT UPDATE DELETE MERGE REPLACE VALUES COPY CALL DO EXECUTE PREPARE DEALLOCATE DECLARE FETCH MOVE CLOSE "  # noqa: SIM905
    "BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE SET RESET SHOW EXPLAIN DESCRIBE ANALYZE VACUUM TRUNCATE LOCK UNLOCK "
    "LISTEN UNLISTEN NOTIFY DISCARD GRANT REVOKE COMMENT CLUSTER REINDEX REFRESH CHECKPOINT IMPORT REASSIGN SECURITY "
    "CREATE ALTER DROP RENAME USE LOAD HANDLER OPTIMIZE REPAIR CHECK FLUSH KILL XA HELP INSTALL UNINSTALL".split()
)
_VERBS: Final = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "VALUES"})
_OF_OBJECTS: Final = frozenset({"CREATE", "ALTER", "DROP"})
_OBJECTS: Final = frozenset(
    "TABLE INDEX VIEW SEQUENCE SCHEMA DATABASE FUNCTION PROCEDURE TRIGGER TYPE DOMAIN ROLE USER EXTENSION POLICY RULE "  # noqa: SIM905
    "COLLATION PUBLICATION SUBSCRIPTION SERVER EVENT AGGREGATE OPERATOR STATISTICS TABLESPACE SYSTEM".split()
)
_TO_THE_OBJECT: Final = 6  # words at most, as in CREATE OR REPLACE TEMPORARY RECURSIVE VIEW
_NAMES_OF_THE_MOMENT: Final = frozenset(
    {"SAVEPOINT", "RELEASE", "ROLLBACK", "EXECUTE", "DEALLOCATE", "FETCH", "MOVE", "CLOSE"}
)
_WITHOUT_TABLES: Final = _NAMES_OF_THE_MOMENT | {
    "BEGIN",
    "COMMIT",
    "SET",
    "RESET",
    "DISCARD",
    "GRANT",
    "REVOKE",
}
_NAMED_FIRST: Final = frozenset({"COPY", "LISTEN", "UNLISTEN", "NOTIFY", "CALL", "USE", "DESCRIBE"})
_BEFORE_A_TABLE: Final = frozenset(
    {
        "ONLY",
        "LATERAL",
        "IF",
        "NOT",
        "EXISTS",
        "INTO",
        "IGNORE",
        "LOW_PRIORITY",
        "DELAYED",
        "HIGH_PRIORITY",
        "QUICK",
    }
    | {"CONCURRENTLY", "TABLE", "TABLES", "OVERWRITE"}
)
_NO_TABLE: Final = frozenset(
    {"OUTFILE", "DUMPFILE", "STDIN", "STDOUT", "PROGRAM", "SELECT", "VALUES", "WITH", "SET"}
)
_ENDS_THE_TABLES: Final = frozenset(
    {
        "WHERE",
        "GROUP",
        "ORDER",
        "HAVING",
        "LIMIT",
        "OFFSET",
        "UNION",
        "EXCEPT",
        "INTERSECT",
        "SET",
        "RETURNING",
    }
    | {"VALUES", "SELECT", "WINDOW", "FOR", "WITH", "WHEN", "FETCH"}
)
_FROM_OF_ITS_OWN: Final = frozenset({"EXTRACT", "SUBSTRING", "TRIM", "OVERLAY", "SUBSTR", "POSITION"})
_NO_UPDATE_AFTER: Final = frozenset({"FOR", "KEY", "DO", "ON"})


class Sense(NamedTuple):
    """What a statement is: its kind (``SELECT``, ``CREATE TABLE``) and the tables (or channel, procedure) it names."""

    name: str
    target: str


def sense_of(shape: str) -> Sense:
    """The sense of one statement, given its shape."""
    words = _WORD.findall(shape.lstrip("( "))
    upper = [word.upper() for word in words]
    name = _name(upper)
    first = name.partition(" ")[0]
    if first in _WITHOUT_TABLES or not words:
        return Sense(name, "")
    if first in _NAMED_FIRST and len(words) > 1 and _is_name(words[1]):
        return Sense(name, patterned(_dotted(words, 1)[0]))
    if first in _OF_OBJECTS and name.partition(" ")[2] not in {"TABLE", "VIEW", "INDEX"}:
        return Sense(name, patterned(_after_object(words, upper)))
    temporary = {unquoted(found) for found in _CTE.findall(shape)} if "WITH" in upper else set()
    tables = dict.fromkeys(patterned(it) for it in _Walk(words, upper, name).tables() if it not in temporary)
    shown = list(tables)[:MOST_TABLES]
    return Sense(name, ", ".join(shown) + (", …" if len(tables) > MOST_TABLES else ""))


def is_of_the_moment(name: str) -> bool:
    """Whether such a statement names what lives for a moment (a savepoint, a cursor), which tells nobody anything."""
    return name.partition(" ")[0] in _NAMES_OF_THE_MOMENT


def _name(upper: list[str]) -> str:
    first = upper[0] if upper else ""
    first = _SYNONYMS.get(first, first)
    if first == "WITH":
        return _main_verb(upper)
    if first in _OF_OBJECTS:
        found = next((word for word in upper[1 : 1 + _TO_THE_OBJECT] if word in _OBJECTS), "")
        return f"{first} {found}".rstrip()
    if first == "ROLLBACK" and "TO" in upper[1:3]:
        return "ROLLBACK TO"
    if first == "LOAD" and upper[1:2] == ["DATA"]:
        return "LOAD DATA"
    return first if first in _ALONE else UNKNOWN


def _main_verb(upper: list[str]) -> str:
    depth = 0
    for word in upper:
        depth += (word == "(") - (word == ")")
        if depth == 0 and word in _VERBS:
            return word
    return UNKNOWN


def _after_object(words: list[str], upper: list[str]) -> str:
    at = next((at for at, word in enumerate(upper[:_TO_THE_OBJECT], 1) if word in _OBJECTS), len(upper))
    if upper[at - 1 : at] in (["TRIGGER"], ["POLICY"], ["RULE"]) and "ON" in upper:
        at = upper.index("ON") + 1
    while at < len(words) and upper[at] in _BEFORE_A_TABLE:
        at += 1
    return _dotted(words, at)[0] if at < len(words) else ""


class _Walk:
    """Finds what stands where a table does."""

    def __init__(self, words: list[str], upper: list[str], name: str) -> None:
        self._words = words
        self._upper = upper
        self._lists = name not in {"CREATE TABLE", "ALTER TABLE"}  # TABLE a, b
        self._using = name in {"DELETE", "MERGE"}
        self._index = name.endswith(" INDEX")
        self._open = [
            [False, False]
        ]  # of each bracket: whether commas part tables, whether FROM means something else
        self._expected = False

    def tables(self) -> Iterator[str]:
        """Their names, in the order of the text, as often as they are there."""
        at = 0
        while at < len(self._words):
            word = self._upper[at]
            if self._expected and word != "(" and word not in _BEFORE_A_TABLE:
                self._expected = False
                if _is_name(word) and word not in _NO_TABLE:
                    found, behind = _dotted(self._words, at)
                    called = self._upper[behind : behind + 1] == ["("] and not self._is_written(at)
                    if not called:
                        yield found
                    at = behind
                    continue
            self._note(at, word)
            at += 1

    def _is_written(self, at: int) -> bool:
        """Whether the name stands after INTO or TABLE, where a bracket begins a list of columns."""
        before = next((word for word in self._upper[at - 1 :: -1] if word not in {"IF", "NOT", "EXISTS"}), "")
        return before in {"INTO", "TABLE", "INSERT", "REPLACE", "IGNORE", "ON", "VIEW"}

    def _note(self, at: int, word: str) -> None:
        before = self._upper[at - 1] if at else ""
        if word == "(":
            subquery = self._upper[at + 1 : at + 2] in (["SELECT"], ["WITH"], ["VALUES"], ["TABLE"])
            self._expected = self._expected and not subquery
            self._open.append([self._expected, before in _FROM_OF_ITS_OWN])
        elif word == ")":
            if len(self._open) > 1:
                self._open.pop()
        elif word == ",":
            self._expected = self._open[-1][0]
        elif word in {"FROM", "JOIN"} or (word == "USING" and self._using):
            distinct = before == "DISTINCT" and self._upper[at - 2] in {"IS", "NOT"}
            if not (
                self._open[-1][1] or distinct or (word == "USING" and self._upper[at + 1 : at + 2] == ["("])
            ):
                self._open[-1][0] = self._expected = True
        elif word == "UPDATE":
            if before not in _NO_UPDATE_AFTER:
                self._open[-1][0] = self._expected = True
        elif word in {"TABLE", "TABLES", "TRUNCATE", "LOCK", "VACUUM", "ANALYZE"} and (
            word == "TABLE" or not at
        ):
            self._expected = True
            self._open[-1][0] = self._lists
        elif (
            word in {"INTO", "VIEW"}
            or (
                word in {"INSERT", "REPLACE"}
                and before in {"", ")", "("}
                and self._upper[at + 1 : at + 2] != ["("]
            )
            or (word == "ON" and self._index)
        ):
            self._expected = True
            self._open[-1][0] = False
        elif word in _ENDS_THE_TABLES:
            self._open[-1][0] = False


def unquoted(name: str) -> str:
    """A name as the server knows it, without its quotes."""
    return name[1:].rstrip(name[0]) if name[:1] in {'"', "`"} else name.lower()


def _dotted(words: list[str], at: int) -> tuple[str, int]:
    """The name that begins at ``at`` with its schema, and where it ends."""
    parts = [unquoted(words[at])]
    at += 1
    while words[at : at + 1] == ["."] and at + 1 < len(words) and _is_name(words[at + 1]):
        parts.append(unquoted(words[at + 1]))
        at += 2
    return ".".join(parts), at


def _is_name(word: str) -> bool:
    return word[0] in '"`_' or word[0].isalpha()


def patterned(name: str) -> str:
    """Without what makes a name of many: ``events_20240131`` is ``events_{id}``."""
    return _VARYING.sub("{id}", name)[:MOST_NAME]
