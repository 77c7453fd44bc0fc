"""The tables of ``[experiments.NAME]``: which shapes are accepted. What they mean is in `topology.file_experiments`."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from meshdev.kernel.quantity import DURATION, PERCENT, QuantityError, parse_duration, parse_percent
from meshdev.topology.file_parts import Table
from meshdev.topology.scalars import Command, Count, Duration, Flag, Share, Text, Whole, refuse

_RATE = 'requests a second such as 20, or "5..50" with ramp'


def _bound(value: Any) -> Any:
    """``"< 1%"`` as ``"1%"``: how people write bounds."""
    return value.lstrip("<>= ") if isinstance(value, str) else value


def _share_bound(value: Any) -> Any:
    value = _bound(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    try:
        return parse_percent(value)
    except (QuantityError, AttributeError):
        raise refuse(f"{PERCENT}, or a share from 0 to 1") from None


def _time_bound(value: Any) -> Any:
    try:
        return parse_duration(_bound(value))
    except (QuantityError, AttributeError):
        raise refuse(DURATION) from None


def _number_bound(value: Any) -> Any:
    value = _bound(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if isinstance(value, bool) or not 0 <= number < float("inf"):
        raise refuse("requests a second, such as 5")
    return number


def _rate(value: Any) -> Any:
    """``20`` or ``"5..50"`` as begin and end."""
    parts = value.split("..") if isinstance(value, str) else [value, value]
    try:
        begin, end = (float(part) for part in parts)
    except (TypeError, ValueError):
        raise refuse(_RATE) from None
    if isinstance(value, bool) or not (0 <= begin < float("inf") and 0 < end < float("inf")):
        raise refuse(_RATE)
    return begin, end


def _fault(value: Any) -> Any:
    if isinstance(value, str | dict):
        return value
    raise refuse("the name of a fault, or a table as in [faults.NAME]")


def _statuses(value: Any) -> Any:
    listed = value if isinstance(value, list) else [value]
    if all(isinstance(one, int) and 100 <= one <= 599 for one in listed):  # noqa: PLR2004 -- HTTP's statuses
        return tuple(listed)
    raise refuse("a status such as 200, or several")


def _one_or_several(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


def _request_form(value: Any) -> Any:
    """``"POST /orders"`` and ``"/"`` as the tables that they stand for."""
    if not isinstance(value, str):
        return value
    method, blank, path = value.rpartition(" ")
    return {"method": method.strip(), "path": path} if blank else {"path": path}


_BOUND = {"anyOf": [{"type": "string", "examples": ["< 1%"]}, {"type": "number"}]}
_LATENCY = {"type": "string", "examples": ["< 500ms"]}
ShareBound = Annotated[float, PlainValidator(_share_bound), WithJsonSchema(_BOUND)]
TimeBound = Annotated[float, PlainValidator(_time_bound), WithJsonSchema(_LATENCY)]
NumberBound = Annotated[float, PlainValidator(_number_bound), WithJsonSchema(_BOUND)]
Rate = Annotated[
    tuple[float, float],
    PlainValidator(_rate),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "examples": ["5..50"]}]}),
]
FaultOrName = Annotated[
    str | dict[str, Any], PlainValidator(_fault), WithJsonSchema({"type": ["string", "object"]})
]
Statuses = Annotated[
    tuple[int, ...],
    PlainValidator(_statuses),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}),
]


class CheckTable(Table):
    """One thing that holds while all is well: an edge's signals, an HTTP probe, or a command."""

    edge: Text | None = Field(default=None, description='"outside -> storefront"')
    route: Text | None = Field(default=None, description='only this route of the edge: "POST /checkout"')
    errors: ShareBound | None = Field(default=None, description="at most this share of calls fails")
    p50: TimeBound | None = Field(default=None, description="half of the calls take at most this long")
    p90: TimeBound | None = Field(default=None, description="so do nine of ten")
    p99: TimeBound | None = Field(default=None, description="so do 99 of 100")
    rps: NumberBound | None = Field(default=None, description="at least so many calls a second")
    http: Text | None = Field(default=None, description="an address that must answer")
    status: Statuses | None = Field(default=None, description="with this status (below 400)")
    exec: Command | None = Field(default=None, description="a command that must succeed")
    code: Whole | None = Field(default=None, description="with this exit code (0)")
    contains: Text | None = Field(default=None, description="and the answer, or output, contains this")
    timeout: Duration | None = Field(default=None, description="within this time")
    every: Duration | None = Field(default=None, description="how often it is asked (1s)")
    tolerance: Share = Field(default=0.0, description="share of moments at which it may not hold")


class RequestTable(Table):
    """One sort of request."""

    method: Text = Field(default="GET", description="GET")
    path: Text = Field(default="/", description="path and query; {turn} counts these requests")
    headers: dict[str, Text] = Field(default={}, description="headers")
    body: Text = Field(default="", description="the body")
    weight: Count = Field(default=1, description="how often, in comparison with the others")


_Request = Annotated[RequestTable, BeforeValidator(_request_form, json_schema_input_type=RequestTable | str)]


class LoadTable(Table):
    """What is asked of the system meanwhile."""

    to: Text | None = Field(default=None, description="a service with a published port, or an edge")
    url: Text | None = Field(default=None, description="or an address")
    rate: Rate = Field(default=(10.0, 10.0), description=_RATE)
    ramp: Duration = Field(default=0.0, description="time from the first rate to the second")
    timeout: Duration = Field(default=10.0, description="how long a request waits for its answer")
    requests: tuple[_Request, ...] = Field(default=(RequestTable(),), description="what is asked")
    command: Command | None = Field(default=None, description="a command that makes the load instead")


class ActionTable(Table):
    """One thing that is done: exactly one of fault, kill, pause, restart, exec."""

    at: Duration = Field(default=0.0, description="when, from the end of the baseline")
    lasts: Duration | None = Field(default=None, alias="for", description="how long")
    fault: FaultOrName | None = Field(default=None, description="a fault's name, or a table of one")
    kill: Text | None = Field(default=None, description="a service of which an instance is killed")
    pause: Text | None = Field(default=None, description="a service that stands still")
    restart: Text | None = Field(default=None, description="a service that is restarted")
    exec: Command | None = Field(default=None, description="a command")


class ExperimentTable(Table):
    """A hypothesis about the system, and how it is tried: `meshdev chaos run NAME`."""

    hypothesis: Text = Field(default="", description="what should be so, in a sentence")
    description: Text = Field(default="", description="more about it")
    steady_state: Annotated[tuple[CheckTable, ...], BeforeValidator(_one_or_several)] = Field(
        default=(), description="what holds while all is well"
    )
    load: LoadTable | None = Field(default=None, description="what is asked of the system meanwhile")
    timeline: Annotated[tuple[ActionTable, ...], BeforeValidator(_one_or_several)] = Field(
        default=(), description="what is done to it"
    )
    baseline: Duration = Field(default=5.0, description="how long the steady state must hold before (5s)")
    warm_up: Duration = Field(default=1.0, description="of the load, before anything is judged (1s)")
    duration: Duration | None = Field(default=None, description="of the timeline; else its last end")
    recovery: Duration = Field(default=10.0, description="within which time it must hold again (10s)")
    window: Duration = Field(default=5.0, description="over how long signals are judged (5s)")
    may_break: Flag = Field(default=False, description="it may break meanwhile, what counts is recovery")
