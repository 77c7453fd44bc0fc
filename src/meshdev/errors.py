"""The one tree of errors that a user may see.

MeshdevError
├── TopologyError    something in a topology file or in what it names (exit code 2)
├── UsageError       a command was asked for what cannot be (exit code 2)
├── DaemonError      the daemon cannot be reached, started or trusted (exit code 3)
├── ServiceError     a service cannot be started, probed or stopped (exit code 1)
├── RecordingError   a recording, its rules or its format are not what they must be (exit code 1)
└── StorageError     the disk refuses (exit code 4)

Each says what happened, where, and what to do next. Anything else that reaches the top is a defect of ours.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A place in a file that the user wrote; ``line`` counts from 1, 0 means the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class MeshdevError(Exception):
    """What happened (``message``), what to do next (``hint``), and where it stands (``where``)."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", where: Where | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head}\n  {self.hint}" if self.hint else head

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r}, hint={self.hint!r}, where={self.where!r})"


class TopologyError(MeshdevError):
    """Something in a topology file is wrong; ``problems`` holds every finding of that load."""

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        where: Where | None = None,
        problems: "tuple[Problem, ...]" = (),
    ) -> None:
        super().__init__(message, hint=hint, where=where)
        self.problems = problems

    def __str__(self) -> str:
        if not self.problems:
            return super().__str__()
        return "\n".join(str(problem) for problem in self.problems)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One finding in a topology file: ``where: found (accepted) — hint``."""

    where: Where
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" + (f"\n  {self.hint}" if self.hint else "")


class UsageError(MeshdevError):
    """A command was asked for what cannot be."""

    exit_code = 2


class DaemonError(MeshdevError):
    """The daemon cannot be reached, started or trusted."""

    exit_code = 3


class ServiceError(MeshdevError):
    """A service cannot be started, probed or stopped."""


class RecordingError(MeshdevError):
    """A recording, its rules or its format are not what they must be."""


class StorageError(MeshdevError):
    """The disk refuses: full, read-only, or not ours."""

    exit_code = 4
