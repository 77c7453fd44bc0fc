"""What a check of `meshdev doctor` answers."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer: what was found, what is lost because of it, and the way out."""

    check: str
    verdict: Verdict
    found: str
    lost: str = ""
    way_out: str = ""


Check = Callable[[], Finding]


def ok(check: str, found: str) -> Finding:
    """All is well."""
    return Finding(check, Verdict.OK, found)


def warn(check: str, found: str, lost: str, way_out: str = "") -> Finding:
    """Something is missing that one can do without."""
    return Finding(check, Verdict.WARN, found, lost, way_out)


def fail(check: str, found: str, lost: str, way_out: str = "") -> Finding:
    """Something is missing that one cannot do without."""
    return Finding(check, Verdict.FAIL, found, lost, way_out)
