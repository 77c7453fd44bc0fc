"""Errors by MySQL's number and by SQLSTATE: what one server's error is in the other's words."""

from typing import Final, NamedTuple

DEADLOCK: Final = 1213
_UNKNOWN: Final = 1105
_GENERAL: Final = "HY000"
_INTERNAL: Final = "XX000"
_MOST_DIGITS: Final = 4  # of a number; a SQLSTATE has five characters


class _Row(NamedTuple):
    """The number, MySQL's state for it, and PostgreSQL's for the same."""

    number: int
    mysql: str
    postgres: str


_ROWS: Final = (
    _Row(DEADLOCK, "40001", "40P01"),
    _Row(1205, _GENERAL, "55P03"),
    _Row(1062, "23000", "23505"),
    _Row(1048, "23000", "23502"),
    _Row(1451, "23000", "23503"),
    _Row(1452, "23000", "23503"),
    _Row(3819, _GENERAL, "23514"),
    _Row(1406, "22001", "22001"),
    _Row(1264, "22003", "22003"),
    _Row(1365, "22012", "22012"),
    _Row(1064, "42000", "42601"),
    _Row(1054, "42S22", "42703"),
    _Row(1146, "42S02", "42P01"),
    _Row(1142, "42000", "42501"),
    _Row(1045, "28000", "28P01"),
    _Row(1040, "08004", "53300"),
    _Row(3024, _GENERAL, "57014"),
    _Row(1317, "70100", "57014"),
    _Row(1053, "08S01", "57P01"),
    _Row(1792, "25006", "25006"),
    _Row(1021, _GENERAL, "53100"),
)
_BY_NUMBER: Final = {row.number: row for row in _ROWS}
_BY_STATE: Final = {row.mysql: row for row in reversed(_ROWS) if row.mysql != _GENERAL} | {
    row.postgres: row for row in reversed(_ROWS)
}


def mysql_error(code: str) -> tuple[int, str]:
    """MySQL's number and SQLSTATE for ``code``.

    >>> mysql_error("40001"), mysql_error("23505"), mysql_error("1205"), mysql_error("45000")
    ((1213, '40001'), (1062, '23000'), (1205, 'HY000'), (1105, '45000'))
    """
    if len(code) <= _MOST_DIGITS:
        number = int(code)
        return number, _BY_NUMBER[number].mysql if number in _BY_NUMBER else _GENERAL
    row = _BY_STATE.get(code)
    return (row.number, row.mysql) if row is not None else (_UNKNOWN, code)


def postgres_state(code: str) -> str:
    """PostgreSQL's SQLSTATE for ``code``.

    >>> postgres_state("40001"), postgres_state("1213"), postgres_state("4711")
    ('40001', '40P01', 'XX000')
    """
    if len(code) > _MOST_DIGITS:
        return code
    row = _BY_NUMBER.get(int(code))
    return row.postgres if row is not None else _INTERNAL
