"""The topology file as a whole: its sections, and the tables of services, databases and brokers.

Every key is optional here, since a profile's overlay may hold any part of a service; what must be there is checked
by `topology.build` on the merged whole.
"""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from meshdev.topology.dotenv import Form
from meshdev.topology.experiment_tables import ExperimentTable
from meshdev.topology.file_parted import PartedTable
from meshdev.topology.file_parts import (
    Dependency,
    DependencyTable,
    EdgeTable,
    EndpointTable,
    Healthcheck,
    LimitsTable,
    Reload,
    Restart,
    Stop,
    Table,
    TlsForm,
    Watches,
    dependencies_form,
    free_names,
)
from meshdev.topology.file_recordings import RecordingTable, StubTable
from meshdev.topology.model import Names, StartMode
from meshdev.topology.scalars import (
    Command,
    Duration,
    Flag,
    Loopback,
    Port,
    Text,
    Texts,
    VariableText,
    Whole,
    one_of,
    refuse,
    words,
)

if TYPE_CHECKING:
    from meshdev.topology.file_container import ContainerSections, ContainerTable
    from meshdev.topology.file_container_parts import BuildTable


def environment_form(value: Any) -> Any:
    """``["A=1", "B"]`` as the table that it stands for; ``B`` alone is taken from outside."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return dict(item.partition("=")[::2] if "=" in item else (item, f"${{{item}-}}") for item in value)
    if isinstance(value, dict):
        return value
    raise refuse('a table such as { LOG_LEVEL = "debug" }, or an array such as ["LOG_LEVEL=debug"]')


def calls_form(value: Any) -> Any:
    """``["payments"]`` as the table of edges that it stands for."""
    if isinstance(value, str):
        return {value: {}}
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return {item: {} for item in value}
    if isinstance(value, dict):
        return free_names(value)
    raise refuse('an array of names, or a table such as { payments = { timeout = "2s" } }')


def _env_files_form(value: Any) -> Any:
    if isinstance(value, str | dict):
        value = [value]
    if isinstance(value, list):
        return [{"path": item} if isinstance(item, str) else item for item in value]
    raise refuse('a path, or an array such as [".env", { path = "local.env", required = false }]')


def _ports_form(value: Any) -> Any:
    entries = value if isinstance(value, list) else [value]
    if all(isinstance(item, str | int) and not isinstance(item, bool) for item in entries):
        return [str(item) for item in entries]
    raise refuse('an array such as ["8080:http"] or ["8080:80"]')


class EnvFileTable(Table):
    """One file of variables."""

    path: Text = Field(description="relative to the file that names it")
    required: Flag = Field(default=True, description="false: nothing happens when the file isn't there")
    format: Annotated[Form, PlainValidator(one_of(Form)), WithJsonSchema(words(Form))] = Field(
        default=Form.STRICT,
        description="strict; compose: variables that aren't set are empty; raw: values as they are",
    )


_NamesWord = Annotated[Names | None, PlainValidator(one_of(Names)), WithJsonSchema(words(Names))]


class NodeTable(PartedTable):
    """What services, databases and brokers have in common; the rare keys are a container's."""

    description: Text | None = Field(default=None, description="one line for people")
    team: Text | None = Field(default=None, description="who owns it")
    command: Command | None = Field(
        default=None,
        description="run a process; a shell only if the line needs one. Beside image or build: what it runs",
    )
    image: Text | None = Field(default=None, description="run a container of this image")
    stub: StubTable | None = Field(default=None, description="played by meshdev, out of a recording")
    url: Text | None = Field(default=None, description="runs elsewhere, and is reached here")
    working_dir: Text | None = Field(
        default=None,
        description="folder to run in (that of the file that names it); absolute: a container's own path",
    )
    environment: Annotated[
        dict[str, VariableText] | None,
        BeforeValidator(environment_form, json_schema_input_type=dict[str, VariableText] | list[str]),
    ] = Field(default=None, description="variables; ${services.B.url} is the address of an edge")
    env_file: Annotated[
        tuple[EnvFileTable, ...] | None,
        BeforeValidator(_env_files_form, json_schema_input_type=str | list[str | EnvFileTable]),
    ] = Field(default=None, description="files of variables, by Compose's rules; `environment` wins")
    protocol: Text | None = Field(
        default=None, description='of the first endpoint (http); "none": listens on nothing'
    )
    port: Port | None = Field(default=None, description="the port it insists on; else it listens on $PORT")
    tls: TlsForm | None = Field(
        default=None, description="of the first endpoint: terminate | passthrough | originate, or a table"
    )
    endpoints: Annotated[dict[str, EndpointTable] | None, BeforeValidator(free_names)] = Field(
        default=None, description="what it listens on, when that is more (or less) than one thing"
    )
    ports: Annotated[
        tuple[str, ...] | None,
        BeforeValidator(_ports_form, json_schema_input_type=list[str | int] | str | int),
    ] = Field(default=None, description='published on loopback: "8080:http", "8080:80" or 8080')
    replicas: Whole | None = Field(default=None, description="how many instances (1)")
    depends_on: Annotated[
        dict[str, Dependency] | None,
        BeforeValidator(
            dependencies_form, json_schema_input_type=list[str] | dict[str, DependencyTable | str]
        ),
    ] = Field(default=None, description="what must be there first; calls need none of it")
    healthcheck: Healthcheck | None = Field(default=None, description='"/healthz", or a table')
    ready_timeout: Duration | None = Field(
        default=None, description="a start that takes longer has failed (60s)"
    )
    restart: Restart | None = Field(
        default=None, description="no | on-failure (default) | always | unless-stopped"
    )
    watch: Watches | None = Field(default=None, description="files whose change reloads it")
    reload: Reload | None = Field(default=None, description="rolling | replace")
    stop: Stop | None = Field(default=None, description='{ signal = "SIGTERM", grace = "5s" }')
    stop_signal: Text | None = Field(default=None, description="Compose's word for stop.signal")
    stop_grace_period: Duration | None = Field(default=None, description="Compose's word for stop.grace")
    start: Annotated[
        StartMode | None, PlainValidator(one_of(StartMode)), WithJsonSchema(words(StartMode))
    ] = Field(default=None, description="eager (default) | on-demand: by the first call")
    names: _NamesWord = Field(
        default=None,
        description="how a process finds others: env (default) | hosts: by name | pod: by name, in its own network",
    )
    limits: LimitsTable | None = Field(default=None, description="upper bounds for one instance")
    profiles: Texts | None = Field(default=None, description="active only with one of these profiles")
    one_shot: Flag | None = Field(
        default=None, description="runs once and ends: a migration, a seed, a build"
    )

    @classmethod
    def rare_table(cls) -> "type[ContainerTable]":
        """What only containers have."""
        from meshdev.topology.file_container import ContainerTable  # noqa: PLC0415 -- only for containers

        return ContainerTable

    @property
    def container(self) -> "ContainerTable | None":
        """The keys that only containers have; None when it says none of them."""
        return self.rare  # type: ignore[no-any-return]  # validated by that table

    @property
    def build(self) -> "BuildTable | None":
        """How its image is built."""
        return self.container.build if self.container else None


class ServiceTable(NodeTable):
    """A service."""

    calls: Annotated[
        dict[str, EdgeTable] | None,
        BeforeValidator(calls_form, json_schema_input_type=list[str] | dict[str, EdgeTable] | str),
    ] = Field(default=None, description="services it calls; each gives it NAME_URL, NAME_HOST, NAME_PORT")
    uses: Texts | None = Field(default=None, description='"databases.NAME" and "brokers.NAME"')
    publishes: Texts | None = Field(default=None, description="events it sends")
    subscribes: Texts | None = Field(
        default=None, description="events it takes; patterns such as order.* too"
    )
    owner: Text | None = Field(
        default=None, description="the one service whose data it is, if it is a database"
    )
    exclusive: Flag = Field(default=False, description="nobody but the owner may use it")
    proxy_env: Flag | None = Field(
        default=None, description="HTTP_PROXY leads to meshdev, so http://NAME/ reaches the service NAME"
    )
    edges: Annotated[dict[str, EdgeTable] | None, BeforeValidator(free_names)] = Field(
        default=None, description="resilience and access, by whom it calls or uses"
    )
    protos: Texts | None = Field(
        default=None,
        description="what its gRPC is made of, where it has no server reflection: .proto files or descriptor sets",
    )


class DatabaseTable(NodeTable):
    """A database."""

    engine: Text | None = Field(default=None, description="sqlite (embedded), or what its process speaks")
    owner: Text | None = Field(default=None, description="the one service whose data it is")
    exclusive: Flag = Field(default=False, description="nobody but the owner may use it")
    seed: Text | None = Field(default=None, description="file that fills a new database")


class BrokerTable(NodeTable):
    """A broker."""

    engine: Text | None = Field(default=None, description="nats (embedded), or what its process speaks")


class SystemTable(Table):
    """The system as a whole."""

    name: Text | None = Field(default=None, description="its name (that of the folder)")
    default_profile: Text | None = Field(default=None, description="profile when none is chosen")
    path: Texts = Field(default=(), description="folders before PATH, for every process")
    zero_trust: Flag = Field(default=False, description="only declared edges may be used")
    names: _NamesWord = Field(default=None, description="how processes find others that do not say it (env)")


class TelemetryTable(Table):
    """Where others can read what meshdev measures."""

    prometheus: Loopback | None = Field(
        default=None,
        description='where Prometheus may scrape /metrics ("127.0.0.1:9464"); nowhere by default',
    )


class ToxiproxyTable(Table):
    """Toxiproxy's HTTP API for tests that are written for it."""

    listen: Loopback = Field(description='where it is served ("127.0.0.1:8474")')


class CompatTable(Table):
    """Other tools' APIs, off by default."""

    toxiproxy: ToxiproxyTable | None = Field(default=None, description="Toxiproxy's HTTP API")


_Services = Annotated[dict[str, ServiceTable], BeforeValidator(free_names)]
_Databases = Annotated[dict[str, DatabaseTable], BeforeValidator(free_names)]
_Brokers = Annotated[dict[str, BrokerTable], BeforeValidator(free_names)]


def _raw_table(value: Any) -> Any:
    if not isinstance(value, dict):
        raise refuse("a table")
    return value


_RawTables = Annotated[
    dict[str, Annotated[dict[str, Any], PlainValidator(_raw_table), WithJsonSchema({"type": "object"})]],
    BeforeValidator(free_names),
]


class ProfileTable(Table):
    """What a profile lays over the rest, key by key."""

    services: _Services = Field(default={}, description="overlays of services")
    databases: _Databases = Field(default={}, description="overlays of databases")
    brokers: _Brokers = Field(default={}, description="overlays of brokers")


class FileTable(PartedTable):
    """meshdev.toml: a system of services."""

    system: SystemTable = Field(default_factory=SystemTable, description="the system as a whole")
    telemetry: TelemetryTable = Field(
        default_factory=TelemetryTable, description="where others can read what meshdev measures"
    )
    compat: CompatTable = Field(default_factory=CompatTable, description="other tools' APIs, off by default")
    recording: RecordingTable = Field(
        default_factory=RecordingTable, description="how traffic is recorded, and where recordings are"
    )
    include: Texts = Field(default=(), description="further topology files, each relative to its own folder")
    extends: Texts = Field(default=(), description="the same as include")
    services: _Services = Field(default={}, description="services by name")
    databases: _Databases = Field(default={}, description="databases by name")
    brokers: _Brokers = Field(default={}, description="brokers by name")
    profiles: Annotated[dict[str, ProfileTable], BeforeValidator(free_names)] = Field(
        default={}, description="what each profile lays over the rest"
    )
    faults: _RawTables = Field(default={}, description="faults to be switched on and off by name")
    experiments: Annotated[dict[str, ExperimentTable], BeforeValidator(free_names)] = Field(
        default={}, description="experiments by name: `meshdev chaos run NAME`"
    )

    @classmethod
    def rare_table(cls) -> "type[ContainerSections]":
        """What containers share."""
        from meshdev.topology.file_container import ContainerSections  # noqa: PLC0415 -- only for containers

        return ContainerSections

    @property
    def shared(self) -> "ContainerSections | None":
        """What containers share; None when the file says nothing of it."""
        return self.rare  # type: ignore[no-any-return]  # validated by that table
