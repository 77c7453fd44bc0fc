"""The smaller tables of a topology file: endpoints, dependencies, probes, restart, watch, stop, limits, edges.

Each has its short forms (`BeforeValidator`s named ``_…_form``) that are turned into the long one before it is
validated. What a table means is the business of `topology.build`; here is only which shapes are accepted.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from meshdev.topology.model import Condition, ReloadStrategy, RestartPolicy, TlsMode, WatchAction
from meshdev.topology.scalars import (
    Command,
    Count,
    Duration,
    Flag,
    FlagOrText,
    Interpolated,
    Number,
    Port,
    Share,
    Size,
    Text,
    Texts,
    Unknown,
    Whole,
    one_of,
    refuse,
    words,
)
from meshdev.traffic.faults.values import RefusedValueError, take_percentage
from meshdev.wire.faults import ALWAYS

COMPOSE_CONDITIONS = {
    "service_started": "started",
    "service_healthy": "healthy",
    "service_completed_successfully": "completed",
}


class Table(BaseModel):
    """A table of the file: unknown keys are errors, ``x-`` keys are free."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, defer_build=True, json_schema_extra={"patternProperties": {"^x-": {}}}
    )

    @model_validator(mode="before")
    @classmethod
    def _free_keys(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            raise refuse("a table")
        return {key: value for key, value in data.items() if not key.startswith("x-")}


def free_names(table: Any) -> Any:
    """A table whose keys are names: ``x-`` keys are dropped."""
    if not isinstance(table, dict):
        raise refuse("a table")
    return {key: value for key, value in table.items() if not key.startswith("x-")}


def dependencies_form(value: Any) -> Any:
    """``["a"]`` and ``{ a = "healthy" }`` as the table that they stand for."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return dict.fromkeys(value, "started")
    if isinstance(value, dict):
        return free_names(value)
    raise refuse('an array of names, or a table such as { payments = "healthy" }')


def _dependency_form(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    return {"condition": value}


class DependencyTable(Table):
    """What a dependency must have reached before the dependent starts."""

    condition: Annotated[
        Condition | None,
        PlainValidator(one_of(Condition, COMPOSE_CONDITIONS)),
        WithJsonSchema(words(Condition, COMPOSE_CONDITIONS)),
    ] = Field(
        default=None, description="started | healthy | completed | log (Compose's words are understood too)"
    )
    required: Flag = Field(
        default=True, description="false: start all the same when the dependency isn't there"
    )
    restart: Flag = Field(default=False, description="restart this service when the dependency restarts")
    log: Text | None = Field(default=None, description="regular expression that a log line of it must match")


Dependency = Annotated[
    DependencyTable,
    BeforeValidator(_dependency_form, json_schema_input_type=DependencyTable | str),
]


def _tls_form(value: Any) -> Any:
    return value if isinstance(value, dict) else {"mode": value}


_TLS_MODE = Annotated[TlsMode | None, PlainValidator(one_of(TlsMode)), WithJsonSchema(words(TlsMode))]


class TlsTable(Table):
    """TLS of an endpoint: where it ends, and how the callee is verified."""

    mode: _TLS_MODE = Field(
        default=None,
        description="terminate (default): by the edge | passthrough | originate: callers speak plain",
    )
    upstream: Literal["tls", "plain"] = Field(
        default="tls", description='"plain": the callee itself does without (terminate only)'
    )
    verify: Flag = Field(default=True, description="false: take any certificate of the callee")
    ca: Text | None = Field(default=None, description="file that the callee's certificate is verified by")
    server_name: Text | None = Field(default=None, description="how the callee is called (its own name)")
    names: Texts = Field(default=(), description="further names on the certificate that callers see")


TlsForm = Annotated[TlsTable, BeforeValidator(_tls_form, json_schema_input_type=TlsTable | TlsMode)]


class EndpointTable(Table):
    """Something that the service listens on."""

    protocol: Text | None = Field(default=None, description="http | grpc | tcp | postgres | redis | nats | …")
    port: Port | None = Field(
        default=None, description="the port it insists on; else it listens on $PORT_NAME"
    )
    tls: TlsForm | None = Field(default=None, description="it speaks TLS, or the edge does so for it")


def _probe_form(value: Any) -> Any:
    match value:
        case str() if value.startswith("/"):
            return {"http": value}
        case False:
            return {"disable": True}
        case dict():
            return value
        case _:
            raise refuse('a path such as "/healthz", false, or a table such as { http = "/healthz" }')


class HealthcheckTable(Table):
    """How health is asked: exactly one of http, tcp, exec, log, file, grpc (or Compose's test)."""

    http: Text | None = Field(default=None, description="path that answers 2xx or 3xx when healthy")
    tcp: FlagOrText | None = Field(
        default=None, description="true, or the endpoint that must accept connections"
    )
    exec: Command | None = Field(default=None, description="command that exits 0 when healthy")
    log: Text | None = Field(default=None, description="regular expression; healthy once a log line matches")
    file: Text | None = Field(default=None, description="healthy once this file exists")
    grpc: FlagOrText | None = Field(default=None, description="true, or the service name for grpc.health.v1")
    test: Command | None = Field(
        default=None, description='Compose: ["CMD", …], ["CMD-SHELL", "…"] or ["NONE"]'
    )
    disable: Flag = Field(default=False, description="no probe: running is healthy")
    endpoint: Text | None = Field(default=None, description="the endpoint that is asked (http, tcp, grpc)")
    interval: Duration | None = Field(default=None, description="time between probes (1s)")
    timeout: Duration | None = Field(default=None, description="time that one probe may take (1s)")
    retries: Count | None = Field(default=None, description="failures in a row that make it unhealthy (3)")
    successes: Count | None = Field(default=None, description="successes in a row that make it healthy (1)")
    start_period: Duration | None = Field(default=None, description="time in which failures don't count (0s)")
    start_interval: Duration | None = Field(default=None, description="Compose: accepted, not needed")
    initial_delay: Duration | None = Field(default=None, description="time before the first probe (0s)")
    ready_timeout: Duration | None = Field(
        default=None, description="a start that takes longer has failed (60s)"
    )


Healthcheck = Annotated[
    HealthcheckTable,
    BeforeValidator(_probe_form, json_schema_input_type=HealthcheckTable | str | bool),
]


_ON_FAILURE_TIMES = re.compile(r"on-failure:([0-9]{1,9})")


def _restart_form(value: Any) -> Any:
    """``"on-failure:3"``: three restarts, then it has failed, however long that takes."""
    times = _ON_FAILURE_TIMES.fullmatch(value) if isinstance(value, str) else None
    if times is not None:
        return {"policy": "on-failure", "burst": int(times[1]) + 1, "window": "365d"}
    return value if isinstance(value, dict) else {"policy": value}


class RestartTable(Table):
    """When an instance that ended by itself is started again."""

    policy: Annotated[
        RestartPolicy | None, PlainValidator(one_of(RestartPolicy)), WithJsonSchema(words(RestartPolicy))
    ] = Field(default=None, description="no | on-failure (default) | always | unless-stopped")
    backoff: Duration | None = Field(default=None, description="the first wait, doubled each time (100ms)")
    max_backoff: Duration | None = Field(default=None, description="the longest wait (30s)")
    burst: Count | None = Field(default=None, description="ends within `window` after which it gives up (5)")
    window: Duration | None = Field(default=None, description="see burst (10s)")
    healthy_after: Duration | None = Field(
        default=None, description="healthy this long forgets failures (10s)"
    )


Restart = Annotated[
    RestartTable, BeforeValidator(_restart_form, json_schema_input_type=RestartTable | RestartPolicy)
]


def _reload_form(value: Any) -> Any:
    return value if isinstance(value, dict) else {"strategy": value}


class ReloadTable(Table):
    """How new code replaces old."""

    strategy: Annotated[
        ReloadStrategy | None, PlainValidator(one_of(ReloadStrategy)), WithJsonSchema(words(ReloadStrategy))
    ] = Field(
        default=None, description="rolling: beside the old, then switch; replace: after the old has ended"
    )


Reload = Annotated[
    ReloadTable, BeforeValidator(_reload_form, json_schema_input_type=ReloadTable | ReloadStrategy)
]


def _watches_form(value: Any) -> Any:
    match value:
        case str():
            return [{"paths": [value]}]
        case list() if value and all(isinstance(item, str) for item in value):
            return [{"paths": value}]
        case list():
            return value
        case dict():
            return [value]
        case False:
            return []
        case _:
            raise refuse('an array of patterns, or a table such as { paths = ["src/**/*.py"] }')


_WITH_ARGUMENT = frozenset({"signal", "exec", "sync+exec"})


def _action(value: Any) -> Any:
    plain = {item.value for item in WatchAction} - _WITH_ARGUMENT
    if isinstance(value, str):
        kind, colon, argument = value.partition(":")
        if value in plain or (kind in _WITH_ARGUMENT and colon and argument.strip()):
            return value
    accepted = '"restart" | "rebuild" | "sync" | "sync+restart" | "signal:HUP" | "exec:COMMAND"'
    raise refuse(f'{accepted} | "sync+exec:COMMAND"')


class WatchTable(Table):
    """Which files matter, and what their change sets off."""

    paths: Texts = Field(description="glob patterns, relative to the service's folder")
    ignore: Texts = Field(default=(), description="glob patterns that don't matter")
    action: Annotated[str, PlainValidator(_action), WithJsonSchema({"type": "string"})] = Field(
        default="restart",
        description="restart | rebuild | sync | sync+restart | signal:NAME | exec:COMMAND | sync+exec:COMMAND",
    )
    base: Text | None = Field(
        default=None, description="folder that the patterns start from, and that sync copies from"
    )
    target: Text | None = Field(default=None, description="where sync puts it in the container")
    initial_sync: Flag = Field(default=False, description="sync everything at the start")


Watches = Annotated[
    tuple[WatchTable, ...],
    BeforeValidator(
        _watches_form, json_schema_input_type=list[WatchTable] | WatchTable | list[str] | str | bool
    ),
]


def _stop_form(value: Any) -> Any:
    if isinstance(value, str):
        return {"signal": value} if value[:1].isalpha() else {"grace": value}
    return value


class StopTable(Table):
    """How an instance is asked to end, and how long it may take."""

    signal: Text | None = Field(default=None, description="SIGTERM (default), SIGINT, SIGQUIT, …")
    grace: Duration | None = Field(default=None, description="time until it is killed (5s)")


Stop = Annotated[StopTable, BeforeValidator(_stop_form, json_schema_input_type=StopTable | str)]


class LimitsTable(Table):
    """Upper bounds for one instance."""

    memory: Size | None = Field(default=None, description='bytes, or "512MB"')
    cpus: Number | None = Field(default=None, description="number of CPUs, such as 0.5")


class RetriesTable(Table):
    """When a call is tried again."""

    attempts: Whole = Field(default=2, description="tries after the first")
    on: Texts = Field(
        default=("connect",),
        description="connect | reset | timeout | 5xx | 4xx | gateway-error | a status code",
    )
    backoff: Duration | None = Field(default=None, description="the first wait, doubled each time (25ms)")
    budget: Share | None = Field(default=None, description="the share of calls that may be retries (20%)")
    methods: Texts = Field(
        default=(), description="tried again once sent (GET, HEAD, OPTIONS, PUT, DELETE, TRACE)"
    )


def _retries_form(value: Any) -> Any:
    return value if isinstance(value, dict) else {"attempts": value}


class BreakerTable(Table):
    """When calls are refused at once because the callee keeps failing."""

    consecutive_errors: Count | None = Field(
        default=None, description="opens after so many failures in a row"
    )
    error_rate: Share | None = Field(default=None, description="opens above this share of failures")
    window: Duration | None = Field(default=None, description="time over which the rate is taken (10s)")
    open_for: Duration | None = Field(default=None, description="time until one call tries again (5s)")


def _fault_headers(value: Any) -> Any:
    if isinstance(value, Unknown):
        return value
    if isinstance(value, bool) or (isinstance(value, Interpolated) and value.lower() in ("true", "false")):
        return ALWAYS if str(value).lower() == "true" else 0.0
    try:
        taken = take_percentage(value)
    except RefusedValueError:
        taken = None
    if taken is None or taken.begins is not None:
        raise refuse('true, false, or a percentage such as "20%"')
    return taken.value


class EdgeTable(Table):
    """What one edge does besides forwarding."""

    timeout: Duration | None = Field(default=None, description="a call that takes longer fails")
    retries: Annotated[
        RetriesTable | None, BeforeValidator(_retries_form, json_schema_input_type=RetriesTable | int)
    ] = Field(default=None, description="when a call is tried again")
    circuit_breaker: BreakerTable | None = Field(default=None, description="when calls are refused at once")
    max_concurrency: Count | None = Field(default=None, description="calls at a time")
    balance: Text | None = Field(
        default=None, description="round-robin (default) | least-request | random | hash:HEADER"
    )
    hedge_after: Duration | None = Field(
        default=None, description="send a second call when the first is slow"
    )
    slow_start: Duration | None = Field(
        default=None, description="time in which a new instance's share of the calls grows to a whole one"
    )
    fault_headers: Annotated[
        float, PlainValidator(_fault_headers), WithJsonSchema({"type": ["boolean", "number", "string"]})
    ] = Field(
        default=0.0,
        description='callers may ask for faults by x-envoy-fault-* headers; "20%": for so many requests at most',
    )
    allow: Flag = Field(default=True, description="false: this edge is closed")
    tls: _TLS_MODE = Field(default=None, description="another mode than the callee's endpoint says")
