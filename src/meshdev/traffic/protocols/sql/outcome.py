"""Who is to be blamed for an SQL error, by its SQLSTATE (and by MySQL's number where that state says nothing).

| classes | which are | outcome |
|---|---|---|
| 0A 21 22 23 25 28 2B 3D 40 42 44 55 P0 … | data, constraints, rights, conflicts, syntax | `Outcome.REFUSED` |
| 08 53 57 58 70 | connections, resources, intervention (shutdown, cancelled, out of time), system | `Outcome.FAILED` |
| 72 F0 HV XX | snapshot, configuration, foreign server, internal | `Outcome.FAILED` |
| HY | MySQL's "general" ones, by number | see `_FAILED_NUMBERS` |
"""

from typing import Final

from meshdev.traffic.protocols.operation import Outcome

_FAILED: Final = frozenset({"08", "53", "57", "58", "70", "72", "F0", "HV", "XX"})
_GENERAL: Final = "HY"
# Of the server itself: disk, memory, files, lock waits, timeouts.
_FAILED_NUMBERS: Final = frozenset(
    {
        1003,
        1004,
        1005,
        1015,
        1016,
        1017,
        1020,
        1021,
        1023,
        1024,
        1026,
        1030,
        1033,
        1034,
        1035,
        1037,
        1038,
        1041,
        1053,
    }
    | {1105, 1114, 1119, 1135, 1180, 1181, 1205, 1206, 1257, 1297, 1317, 1969, 3024, 3572}
)


def outcome_of(sqlstate: str, number: int = 0) -> Outcome:
    """What the error says about who failed; ``number`` is MySQL's, 0 where there is none."""
    kind = sqlstate[:2]
    if kind == _GENERAL or not kind:
        return Outcome.FAILED if number in _FAILED_NUMBERS else Outcome.REFUSED
    return Outcome.FAILED if kind in _FAILED else Outcome.REFUSED
