"""What an entry of the catalogue consists of."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from meshdev.errors import UsageError
from meshdev.wire.faults import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from meshdev.traffic.faults.draws import Draws
    from meshdev.traffic.faults.http import HttpFault
    from meshdev.traffic.faults.link import Link
    from meshdev.traffic.faults.messages import MessageFault
    from meshdev.traffic.faults.settings import Settings
    from meshdev.traffic.faults.statements import StatementFault

PERCENTAGE: Final = "percentage"
"""What a bare value of a kind without a parameter of its own to stand there is: ``drop=20%``."""


class FaultError(UsageError):
    """A fault that cannot be: unknown kind, unknown parameter, or a value that it does not take."""


class Layer(StrEnum):
    """What a fault acts on; streams are HTTP/2's, and so gRPC's calls, messages brokers', statements SQL's."""

    BYTES = "bytes"
    HTTP = "http"
    STREAM = "stream"
    MESSAGE = "message"
    STATEMENT = "statement"
    NAME = "name"
    INSTANCE = "instance"


class Direction(StrEnum):
    """Which way the bytes go that a fault acts on; upstream is from the caller to the callee."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"
    BOTH = "both"


class Unit(StrEnum):
    """What a parameter is measured in; `values` reads each."""

    DURATION = "duration"  # seconds
    SIZE = "size"  # bytes
    RATE = "rate"  # bytes a second
    SHARE = "share"  # 0 to 1
    NUMBER = "number"
    COUNT = "count"  # a whole number
    FLAG = "flag"
    TEXT = "text"
    TABLE = "table"  # of text by name


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; None as ``default`` means that it may be left out, ``required`` that it may not.

    ``choices`` are the words that it takes, ``form`` is what its text must look like (a pattern, and that in words);
    ``ramps`` says that its number may grow with time.
    """

    name: str
    unit: Unit
    doc: str
    default: Value | None = None
    required: bool = False
    choices: tuple[str, ...] = ()
    least: float = 0.0
    most: float | None = None
    ramps: bool = False
    form: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of fault.

    ``main`` is the parameter that a bare value stands for (``latency = "300ms"``), empty for none; it may be
    `PERCENTAGE`. ``aliases`` are further names. ``spread`` is the parameter after ``±`` in a short form. ``needs`` are
    groups of parameters of each of which one must be given. ``link`` makes what acts on bytes, ``http`` what acts on a
    request (with ``streams`` on HTTP/2, too), ``message`` what acts on a broker's message, ``statement`` on SQL's.
    """

    name: str
    layer: Layer
    doc: str
    parameters: tuple[Parameter, ...] = ()
    direction: Direction = Direction.DOWNSTREAM
    main: str = ""
    spread: str = ""
    aliases: tuple[str, ...] = ()
    needs: tuple[tuple[str, ...], ...] = ()
    directed: bool = True
    link: "Callable[[Settings, Draws], Link] | None" = None
    http: "Callable[[Settings, Draws], HttpFault] | None" = None
    message: "Callable[[Settings], MessageFault] | None" = None
    statement: "Callable[[Settings], StatementFault] | None" = None
    streams: bool = False

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)
