"""From a file to a System: short and long forms, defaults, Compose's words."""

import contextlib
import os
from pathlib import Path
from textwrap import dedent

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from meshdev.errors import TopologyError
from meshdev.topology.container import Container, ImageBuild, NetworkLink
from meshdev.topology.experiment import Action
from meshdev.topology.load import load
from meshdev.topology.model import (
    CircuitBreaker,
    Condition,
    Dependency,
    EdgePolicy,
    Endpoint,
    Healthcheck,
    Kind,
    Limits,
    ProbeKind,
    Process,
    PublishedPort,
    ReloadStrategy,
    Remote,
    Restart,
    RestartPolicy,
    Service,
    StartMode,
    Stop,
    System,
    Watch,
    WatchAction,
)
from meshdev.topology.recordings import Stub
from meshdev.wire.faults import EdgePattern
from support_topology import CALM, PATH, complaints, loaded, write


def service(folder: Path, text: str, name: str = "a") -> Service:
    """The service ``name`` of a file."""
    return loaded(folder, text).services[name]


def one(folder: Path, keys: str) -> Service:
    """A service with a command and these keys."""
    return service(folder, f'[services.a]\ncommand = "true"\n{keys}\n')


def test_defaults(tmp_path: Path) -> None:
    """A command is enough; everything else has a value."""
    made = one(tmp_path, "")
    assert made.run == Process(("true",))
    assert made.working_dir == tmp_path
    assert made.kind is Kind.SERVICE
    assert made.endpoints == (Endpoint("http", "http"),)
    assert made.healthcheck == Healthcheck(ProbeKind.TCP, "http", "http", implied=True)
    assert made.restart == Restart()
    assert made.stop == Stop()
    assert made.replicas == 1
    assert made.reload is ReloadStrategy.ROLLING
    assert made.start is StartMode.EAGER
    assert str(made.where) == "meshdev.toml:1"


def test_the_system(tmp_path: Path) -> None:
    """Name, path and the sections that are kept as they are."""
    system = loaded(
        tmp_path,
        """
        x-free = 1
        [system]
        name = "shop"
        path = ["bin"]
        zero_trust = true
        x-more = 2
        [services.a]
        command = "true"
        team = "core"
        [faults.slow]
        edge = "outside -> a"
        latency = "300ms"
        percentage = 50
        duration = "2m"
        key = "1"
        [experiments.outage]
        hypothesis = "a is quick"
        steady_state = { edge = "outside -> a", p99 = "< 500ms" }
        timeline = [{ at = "1s", fault = "slow", for = "9s" }]
        """,
    )
    assert (system.name, system.path, system.zero_trust) == ("shop", (tmp_path / "bin",), True)
    slow = system.faults["slow"]
    assert (slow.name, slow.key, slow.duration) == ("slow", "1", 120.0)
    assert slow.target.edges == (EdgePattern("outside", "a"),)
    assert [(spec.key, spec.values, spec.percentage) for spec in slow.specs] == [
        ("slow/latency", {"latency": 0.3}, 50.0)
    ]
    assert system.experiments["outage"].timeline == (Action(1.0, "slow", 9.0, fault="slow"),)
    assert loaded(tmp_path, "").name == tmp_path.name


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ('"127.0.0.1:9464"', "127.0.0.1:9464"),
        ('"localhost:9464"', "127.0.0.1:9464"),
        ('"${METRICS:-9464}"', "127.0.0.1:9464"),
        ("9464", "127.0.0.1:9464"),
        ('"0.0.0.0:9464"', None),
        ('"127.0.0.1"', None),
        ('"127.0.0.1:0"', None),
        ("true", None),
    ],
)
def test_metrics_stay_on_this_machine(written: str, address: str | None, tmp_path: Path) -> None:
    """Loopback only; a port alone will do."""
    text = f"[telemetry]\nprometheus = {written}\n"
    if address is not None:
        assert loaded(tmp_path, text).prometheus == address
        return
    (complaint,) = complaints(tmp_path, text)
    assert complaint.startswith("meshdev.toml:2: telemetry.prometheus: found ")
    assert complaint.endswith('accepted: a port on this machine, such as "127.0.0.1:9464"')


@pytest.mark.parametrize(
    ("written", "address"), [('"127.0.0.1:8474"', "127.0.0.1:8474"), ('"0.0.0.0:8474"', None)]
)
def test_toxiproxys_api_stays_on_this_machine(written: str, address: str | None, tmp_path: Path) -> None:
    """Off unless an address is named, which is one of loopback."""
    assert loaded(tmp_path, "").toxiproxy == ""
    text = f"[compat.toxiproxy]\nlisten = {written}\n"
    if address is not None:
        assert loaded(tmp_path, text).toxiproxy == address
    else:
        (complaint,) = complaints(tmp_path, text)
        assert complaint.startswith("meshdev.toml:2: compat.toxiproxy.listen: found ")


@pytest.mark.parametrize(
    ("written", "percentage"),
    [
        ("true", 100.0),
        ("false", 0.0),
        ('"20%"', 20.0),
        ("0.5", 0.5),
        ('"${SHARE:-true}"', 100.0),
        ('"${SHARE:-20%}"', 20.0),
        ('"often"', None),
        ("101", None),
        ('"1%..5%"', None),
    ],
)
def test_fault_headers(written: str, percentage: float | None, tmp_path: Path) -> None:
    """On for all, for a share, or not at all."""
    head = '[services.a]\ncommand = "true"\n[services.b]\ncommand = "true"\ncalls.a = { fault_headers = '
    text = f"{head}{written} }}\n"
    if percentage is not None:
        assert loaded(tmp_path, text).services["b"].edges["a"].fault_headers == percentage
        return
    (complaint,) = complaints(tmp_path, text)
    assert 'accepted: true, false, or a percentage such as "20%"' in complaint


@pytest.mark.parametrize(
    ("keys", "endpoints"),
    [
        ("", (Endpoint("http"),)),
        ("port = 80", (Endpoint("http", port=80),)),
        ('protocol = "grpc"', (Endpoint("grpc", "grpc"),)),
        ('protocol = "none"', ()),
        ("endpoints = {}", ()),
        ("one_shot = true", ()),
        ("one_shot = true\nport = 80", (Endpoint("http", port=80),)),
        (
            'endpoints = { http = {}, admin = { protocol = "http" }, rpc = { protocol = "grpc", port = 5 } }',
            (Endpoint("http"), Endpoint("admin"), Endpoint("rpc", "grpc", 5)),
        ),
        ("endpoints = { grpc = {} }", (Endpoint("grpc", "grpc"),)),
        ('ports = ["8080:80"]', (Endpoint("http", port=80),)),
    ],
)
def test_endpoints(keys: str, endpoints: tuple[Endpoint, ...], tmp_path: Path) -> None:
    """What a service listens on, or that it listens on nothing."""
    assert one(tmp_path, keys).endpoints == endpoints


@pytest.mark.parametrize(
    ("keys", "ports"),
    [
        ('ports = ["8080:http"]', (PublishedPort(8080, "http"),)),
        ("ports = [8080]", (PublishedPort(8080, "http"),)),
        ("ports = 8080", (PublishedPort(8080, "http"),)),
        ('ports = ["127.0.0.1:8080:http"]', (PublishedPort(8080, "http"),)),
        ('ports = ["8080:80/tcp"]', (PublishedPort(8080, "http"),)),
        ('ports = ["8080:8080"]', ()),  # the program is there itself
        ('ports = ["9:admin"]\nendpoints = { http = {}, admin = {} }', (PublishedPort(9, "admin"),)),
        ('ports = ["9:7"]\nendpoints = { http = {}, admin = { port = 7 } }', (PublishedPort(9, "admin"),)),
    ],
)
def test_published_ports(keys: str, ports: tuple[PublishedPort, ...], tmp_path: Path) -> None:
    """Ports for the world outside, by an endpoint's name or by the port inside."""
    assert one(tmp_path, keys).ports == ports


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ('healthcheck = "/h"', Healthcheck(ProbeKind.HTTP, "/h", "http")),
        ("healthcheck = false", None),
        ("healthcheck = { disable = true }", None),
        ('healthcheck = { test = ["NONE"] }', None),
        ('protocol = "none"', None),
        ('healthcheck = { interval = "5s" }', Healthcheck(ProbeKind.TCP, "http", "http", interval=5.0)),
        ("healthcheck = { tcp = true }", Healthcheck(ProbeKind.TCP, "http", "http")),
        ('healthcheck = { exec = "test -f x" }', Healthcheck(ProbeKind.EXEC, ("test", "-f", "x"))),
        ('healthcheck = { exec = ["a", "b c"] }', Healthcheck(ProbeKind.EXEC, ("a", "b c"))),
        (
            'healthcheck = { exec = "a | b" }',
            Healthcheck(ProbeKind.EXEC, ("/bin/sh", "-c", "a | b")),
        ),
        ('healthcheck = { test = ["CMD", "a", "b"] }', Healthcheck(ProbeKind.EXEC, ("a", "b"))),
        ('healthcheck = { test = ["CMD-SHELL", "a b"] }', Healthcheck(ProbeKind.EXEC, ("a", "b"))),
        ('healthcheck = { log = "ready$" }', Healthcheck(ProbeKind.LOG, "ready$")),
        ('healthcheck = { grpc = "svc" }', Healthcheck(ProbeKind.GRPC, "svc", "http")),
        ("healthcheck = { grpc = true }", Healthcheck(ProbeKind.GRPC, "", "http")),
        ('healthcheck = { test = "a b" }', Healthcheck(ProbeKind.EXEC, ("a", "b"))),
        (
            'healthcheck = { http = "/", endpoint = "admin" }\nendpoints = { http = {}, admin = {} }',
            Healthcheck(ProbeKind.HTTP, "/", "admin"),
        ),
        (
            'healthcheck = "/"\nendpoints = { grpc = {}, http = {} }',
            Healthcheck(ProbeKind.HTTP, "/", "http"),
        ),
        (
            (
                'healthcheck = { http = "/", interval = "2s", timeout = "500ms", retries = 5, successes = 2, '
                'start_period = "10s", initial_delay = "1s", ready_timeout = "2m" }'
            ),
            Healthcheck(ProbeKind.HTTP, "/", "http", 2.0, 0.5, 5, 2, 10.0, 1.0, 120.0),
        ),
        ('ready_timeout = "5s"', Healthcheck(ProbeKind.TCP, "http", "http", ready_timeout=5.0, implied=True)),
    ],
)
def test_healthchecks(keys: str, expected: Healthcheck | None, tmp_path: Path) -> None:
    """Each way to ask for health, ours and Compose's."""
    assert one(tmp_path, keys).healthcheck == expected


def test_a_file_healthcheck_is_relative_to_the_folder_that_it_runs_in(tmp_path: Path) -> None:
    """The file is where the service would write it."""
    (tmp_path / "w").mkdir()
    made = one(tmp_path, 'working_dir = "w"\nhealthcheck = { file = "ready" }')
    assert made.healthcheck == Healthcheck(ProbeKind.FILE, str(tmp_path / "w" / "ready"))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('["b"]', Dependency("b", Condition.STARTED)),
        ('{ b = "healthy" }', Dependency("b", Condition.HEALTHY)),
        ('{ b = "service_healthy" }', Dependency("b", Condition.HEALTHY)),
        ('{ b = { condition = "completed" } }', Dependency("b", Condition.COMPLETED)),
        ('{ b = { log = "up$" } }', Dependency("b", Condition.LOG, log="up$")),
        (
            '{ b = { condition = "healthy", required = false, restart = true } }',
            Dependency("b", Condition.HEALTHY, required=False, restart=True),
        ),
    ],
)
def test_dependencies(written: str, expected: Dependency, tmp_path: Path) -> None:
    """Each form of depends_on."""
    (found,) = one(tmp_path, f'depends_on = {written}\n[services.b]\ncommand = "true"').depends_on
    assert (found.target, found.condition, found.required, found.restart, found.log) == (
        expected.target,
        expected.condition,
        expected.required,
        expected.restart,
        expected.log,
    )
    assert str(found.where) == "meshdev.toml:3"


def test_an_optional_dependency_may_be_missing(tmp_path: Path) -> None:
    """`required = false` starts all the same."""
    system = loaded(tmp_path, '[services.a]\ncommand = "true"\ndepends_on = { b = { required = false } }\n')
    assert system.services["a"].depends_on == ()
    assert [warning.message for warning in system.warnings] == ['services.a.depends_on: there is no node "b"']


@pytest.mark.parametrize(
    ("keys", "restart"),
    [
        ('restart = "always"', Restart(RestartPolicy.ALWAYS)),
        ("one_shot = true", Restart(RestartPolicy.NO)),
        ('one_shot = true\nrestart = "on-failure"', Restart()),
        (
            (
                'restart = { policy = "always", backoff = "1s", max_backoff = "5s", burst = 2, window = "3s", '
                'healthy_after = "4s" }'
            ),
            Restart(RestartPolicy.ALWAYS, 1.0, 5.0, 2, 3.0, 4.0),
        ),
    ],
)
def test_restart(keys: str, restart: Restart, tmp_path: Path) -> None:
    """The policy, its pace, and what runs once isn't restarted."""
    assert one(tmp_path, keys).restart == restart


def test_who_is_waited_for_runs_once(tmp_path: Path) -> None:
    """A service whose completion another waits for is a one-off, listens on nothing and isn't restarted."""
    made = one(tmp_path, 'depends_on = { m = "completed" }\n[services.m]\ncommand = "true"')
    assert not made.one_shot
    migration = service(
        tmp_path,
        '[services.a]\ncommand = "true"\ndepends_on = { m = "completed" }\n[services.m]\ncommand = "true"',
        "m",
    )
    assert (migration.one_shot, migration.endpoints, migration.healthcheck) == (True, (), None)
    assert migration.restart.policy is RestartPolicy.NO


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"src/**"', [(("src/**",), (), WatchAction.RESTART, "")]),
        ('["a", "b"]', [(("a", "b"), (), WatchAction.RESTART, "")]),
        ("false", []),
        (
            '{ paths = "a", ignore = "b", action = "signal:HUP" }',
            [(("a",), ("b",), WatchAction.SIGNAL, "SIGHUP")],
        ),
        (
            '[{ paths = ["a"], action = "exec:make x" }, { paths = ["b"], action = "sync+restart" }]',
            [(("a",), (), WatchAction.EXEC, "make x"), (("b",), (), WatchAction.SYNC_RESTART, "")],
        ),
    ],
)
def test_watch(written: str, expected: list[tuple[object, ...]], tmp_path: Path) -> None:
    """Patterns, and what a change sets off."""
    made = one(tmp_path, f"watch = {written}")
    assert made.watch == tuple(Watch(tmp_path, *entry) for entry in expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "stop"),
    [
        ('stop = { signal = "INT", grace = "1m" }', Stop("SIGINT", 60.0)),
        ('stop = "SIGINT"', Stop("SIGINT")),
        ('stop = "2s"', Stop(grace=2.0)),
        ('stop_signal = "SIGQUIT"\nstop_grace_period = "3s"', Stop("SIGQUIT", 3.0)),
        ('stop = { signal = "2" }', Stop("SIGINT")),
    ],
)
def test_stop(keys: str, stop: Stop, tmp_path: Path) -> None:
    """How it is asked to end, ours and Compose's words."""
    assert one(tmp_path, keys).stop == stop


@pytest.mark.parametrize(
    ("keys", "reload"),
    [
        ("", ReloadStrategy.ROLLING),
        ("port = 80", ReloadStrategy.REPLACE),
        ('protocol = "none"', ReloadStrategy.REPLACE),
        ('reload = "replace"', ReloadStrategy.REPLACE),
        ('protocol = "none"\nreload = { strategy = "rolling" }', ReloadStrategy.ROLLING),
    ],
)
def test_reload(keys: str, reload: ReloadStrategy, tmp_path: Path) -> None:
    """Rolling is for those that can run twice at once."""
    assert one(tmp_path, keys).reload is reload


def test_limits_start_and_replicas(tmp_path: Path) -> None:
    """The rest of the plain keys."""
    made = one(tmp_path, 'limits = { memory = "1k", cpus = 2 }\nstart = "on-demand"\nreplicas = 3')
    assert (made.limits, made.start, made.replicas) == (Limits(1024, 2.0), StartMode.ON_DEMAND, 3)
    assert one(tmp_path, "limits = { memory = 2048 }").limits == Limits(2048)


def test_edges(tmp_path: Path) -> None:
    """Policies come from `edges`, or from `calls` in its long form."""
    made = service(
        tmp_path,
        """
        [services.a]
        command = "true"
        uses = ["brokers.e"]
        [services.a.calls.b]
        timeout = "2s"
        retries = { attempts = 3, on = ["5xx", "503"], backoff = "10ms", budget = "20%", methods = "post" }
        circuit_breaker = { error_rate = 0.5, window = "1m", open_for = "2s" }
        max_concurrency = 9
        balance = "hash:x-user"
        hedge_after = "100ms"
        slow_start = "30s"
        [services.a.calls.c]
        [services.a.edges."brokers.e"]
        allow = false
        retries = 2
        [services.b]
        command = "true"
        [services.c]
        command = "true"
        [brokers.e]
        command = "true"
        """,
    )
    breaker = CircuitBreaker(None, 0.5, 60.0, 2.0)
    assert made.calls == ("b", "c")
    assert made.edges == {
        "b": EdgePolicy(
            2.0,
            3,
            ("5xx", "503"),
            0.01,
            0.2,
            breaker,
            9,
            "hash:x-user",
            0.1,
            retry_methods=("POST",),
            slow_start=30.0,
        ),
        "brokers.e": EdgePolicy(retry_attempts=2, retry_on=("connect",), allow=False),
    }


def test_names_of_faulty_nodes_stay_known(tmp_path: Path) -> None:
    """Whoever reaches a node whose table is wrong is not told that there is no such node."""
    text = """
        [services]
        b = 3
        [services.a]
        command = "true"
        calls = "b"
        depends_on = ["b"]
        environment = { B = "${services.b.url}" }
        [services.a.edges.b]
        timeout = "1s"
        """
    assert complaints(tmp_path, text) == [
        "meshdev.toml:2: services.b: found 3 (whole number), accepted: a table"
    ]


def test_a_seed(tmp_path: Path) -> None:
    """The file that fills a new database is relative to the file that names it."""
    write(tmp_path, "", "seed.sql")
    assert (
        loaded(tmp_path, '[databases.d]\nseed = "seed.sql"\n').embedded["databases.d"].seed
        == tmp_path / "seed.sql"
    )


def test_ways_to_run(tmp_path: Path) -> None:
    """Containers, stubs and remotes have their place in the model."""
    system = loaded(
        tmp_path,
        """
        [services]
        image = { image = "nginx:1" }
        build = { build = { context = "b" } }
        stub = { stub = { recording = "checkout" } }
        remote = { url = "https://staging.example/api" }
        [databases.pg]
        url = "postgresql://localhost:5555/x"
        [databases.own]
        engine = "postgres"
        command = "postgres -p $PORT"
        """,
    )
    nodes = system.services
    assert nodes["image"].run == Container("nginx:1", networks=(NetworkLink("default"),))
    assert nodes["build"].run == Container(
        build=ImageBuild(tmp_path / "b"), networks=(NetworkLink("default"),)
    )
    assert nodes["stub"].run == Stub(("checkout",))
    assert nodes["remote"].run == Remote("https://staging.example/api")
    assert nodes["remote"].endpoints == (Endpoint("http", "http", 443),)
    assert nodes["databases.pg"].endpoints == (Endpoint("postgres", "postgres", 5555),)
    assert nodes["databases.own"].endpoints == (Endpoint("postgres", "postgres"),)
    assert nodes["databases.own"].kind is Kind.DATABASE


def test_environment(tmp_path: Path) -> None:
    """Files first, the table over them; numbers and truth values are text; names alone come from outside."""
    write(tmp_path, "ROOT=1\n", ".env")
    write(tmp_path, "A=file\nB='$x'\nC=${ROOT}${services.b.port}\n", "one.env")
    text = """
        [services.a]
        command = "true"
        env_file = ["one.env", { path = "none.env", required = false }]
        environment = { A = "table", N = 1, F = 1.5, T = true, P = ":$PORT", R = "${ROOT}", D = "$$x" }
        [services.b]
        command = "true"
        [services.c]
        command = "true"
        environment = ["X=1=2", "OUT", "NOT_SET"]
        """
    system = loaded(tmp_path, text, environ={"OUT": "o$"})
    assert system.services["a"].environment == {
        "A": "table",
        "B": "$$x",
        "C": "1${services.b.port}",
        "N": "1",
        "F": "1.5",
        "T": "true",
        "P": ":${PORT}",
        "R": "1",
        "D": "$$x",
    }
    assert system.services["a"].calls == ("b",)
    assert system.services["c"].environment == {"X": "1=2", "OUT": "o$$"}


def test_variables_may_be_numbers_and_truth_values(tmp_path: Path) -> None:
    """What a reference gives counts as what it looks like, where a number or a truth value belongs."""
    text = (
        '[services.a]\ncommand = "true"\nreplicas = "${N}"\none_shot = "${T:-true}"\nlimits.cpus = "${C}"\n'
    )
    made = loaded(tmp_path, text, environ={"N": "2", "C": "1.5"}).services["a"]
    assert (made.replicas, made.one_shot, made.limits) == (2, True, Limits(None, 1.5))


def test_embedded_databases_are_files(tmp_path: Path) -> None:
    """A sqlite database is no node that runs: its users are told where it lies."""
    system = loaded(
        tmp_path,
        """
        [services.a]
        command = "true"
        environment = { DB = "${databases.my-orders.url}", P = "${databases.my-orders.path}" }
        uses = ["databases.my-orders"]
        [databases.my-orders]
        owner = "a"
        """,
    )
    path = tmp_path / ".meshdev" / "data" / "my-orders.sqlite3"
    assert list(system.services) == ["a"]
    assert system.embedded["databases.my-orders"].path == path
    assert system.services["a"].files == ("databases.my-orders",)
    assert system.services["a"].uses == ()
    assert system.services["a"].environment == {
        "MY_ORDERS_URL": f"sqlite:///{path}",
        "MY_ORDERS_PATH": str(path),
        "DB": f"sqlite:///{path}",
        "P": str(path),
    }


def test_systems_compare_and_can_be_sent(tmp_path: Path) -> None:
    """The same file gives an equal System, which can be turned into JSON."""
    text = '[services.a]\ncommand = "true"\n[databases.d]\nowner = "a"\n'
    first, second = loaded(tmp_path, text), loaded(tmp_path, text)
    assert first == second
    assert msgspec.json.encode(first, enc_hook=str)


def test_the_sample_system_loads() -> None:
    """The shop that ships with the sources is right."""
    file = Path(__file__).parents[2] / "meshdev.toml"
    assert isinstance(load(file, environ=os.environ), System)


WORDS = (
    "system services databases brokers profiles include faults a b command image url calls uses depends_on ports "
    "endpoints healthcheck http exec log environment env_file restart watch paths action stop signal limits memory "
    "replicas edges timeout retries one_shot engine owner x-y name path protocol port condition"
)
_words = st.sampled_from(WORDS.split())
_texts = st.one_of(
    _words,
    st.sampled_from(
        [
            "",
            "true",
            "a 'b",
            "${",
            "${X}",
            "${services.a.url}",
            "${databases.a.path}",
            "$PORT",
            "8080:http",
            "/",
            "1s",
            "brokers.b",
            "\0",
            "~x/y",
            "[",
            "sqlite",
            "nats",
            "none",
            "../..",
        ]
    ),
    st.text(max_size=5),
)
_leaves = st.one_of(_texts, st.integers(-1, 70000), st.booleans(), st.floats(allow_nan=True), st.dates())
_values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=4),
    max_leaves=12,
)
_nodes = st.dictionaries(_words, _values, max_size=6)
_trees = st.fixed_dictionaries(
    {},
    optional={
        "system": _values,
        "services": st.dictionaries(_words, _nodes, max_size=3) | _values,
        "databases": st.dictionaries(_words, _nodes, max_size=2),
        "brokers": st.dictionaries(_words, _nodes, max_size=2),
        "profiles": st.dictionaries(_words, st.dictionaries(_words, st.dictionaries(_words, _nodes)))
        | _values,
        "include": _values,
        "a": _values,
        "faults": _values,
    },
)


def toml(value: object) -> str:
    """``value`` as TOML source, inline."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
        case dict():
            return "{" + ", ".join(f"{toml(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case _:
            return str(value)


@settings(CALM, max_examples=150)
@given(tree=_trees, profiles=st.none() | st.lists(_words, max_size=2))
@example(tree={"services": {"a": {"command": ["\0"], "working_dir": "\0", "env_file": "\0"}}}, profiles=None)
@example(
    tree={"services": {"a": {"command": "x", "build": "\0", "healthcheck": {"file": "\0"}}}}, profiles=None
)
@example(tree={"services": {"environment": {"environment": {"a": "$a"}}}}, profiles=None)
def test_any_document_loads_or_is_refused(
    tree: dict[str, object], profiles: list[str] | None, tmp_path: Path
) -> None:
    """Whatever stands in the file, the answer is a System or a TopologyError with problems."""
    file = tmp_path / "meshdev.toml"
    file.write_text("".join(f"{key} = {toml(value)}\n" for key, value in tree.items()), "utf-8")
    try:
        load(file, profiles=profiles, environ=PATH)
    except TopologyError as error:
        problems = error.problems
    else:
        return
    assert problems
    assert list(problems) == sorted(problems)


@CALM
@given(content=st.binary(max_size=60) | st.text("[]{}=\"'#\n.a1 ", max_size=60).map(str.encode))
def test_any_bytes_load_or_are_refused(content: bytes, tmp_path: Path) -> None:
    """A file of anything at all raises nothing else."""
    file = tmp_path / "meshdev.toml"
    file.write_bytes(content)
    with contextlib.suppress(TopologyError):
        load(file, environ=PATH)


def test_odd_files(tmp_path: Path) -> None:
    """What cannot be read, or is beyond any measure, is a problem as well."""
    (tmp_path / "meshdev.toml").mkdir()
    with pytest.raises(TopologyError, match="cannot be read: Is a directory"):
        load(tmp_path, environ=PATH)
    (tmp_path / "meshdev.toml").rmdir()
    assert complaints(tmp_path, f"x-number = {'1' * 5000}\n")[0].startswith(
        "meshdev.toml: TOML: Exceeds the limit"
    )
    assert complaints(tmp_path, 'include = "\\u0000"\n') == ['meshdev.toml:1: include: there is no file "\0"']


def test_what_is_left_out_may_lack_its_variables(tmp_path: Path) -> None:
    """Every sort of value, in a service that the profiles leave out and in an overlay that isn't active."""
    keys = """
        replicas = "${X}"
        one_shot = "${X}"
        ready_timeout = "${X}"
        start = "${X}"
        limits = { memory = "${X}", cpus = "${X}" }
        team = "${X}"
        calls = { b = { circuit_breaker = { error_rate = "${X}" } } }
        environment = { X = "${X}" }
        """
    text = f'[services.a]\nprofiles = ["x"]\n{keys}\n[profiles.x.services.b]\n{keys}'
    assert loaded(tmp_path, dedent(text)).inactive == ("a",)


def test_a_file_that_is_nested_too_deeply(tmp_path: Path) -> None:
    """Depth is a problem like others, not a crash."""
    write(tmp_path, f"a = {'[' * 5000}{']' * 5000}\n")
    with pytest.raises(TopologyError, match="nested too deeply"):
        load(tmp_path / "meshdev.toml", environ=PATH)


def test_names_that_look_like_prose(tmp_path: Path) -> None:
    """A variable, a label or a network may be called test or command; references in it count all the same."""
    text = """
    [services.test]
    image = "x"
    environment = { command = "${V}" }
    labels = { test = "${V}", action = "${V}" }
    networks = ["test"]
    [networks.test]
    labels = { exec = "${V}" }
    """
    system = loaded(tmp_path, text, environ={"V": "v"})
    run = system.services["test"].run
    assert isinstance(run, Container)
    assert (
        system.services["test"].environment,
        run.labels,
    ) == ({"command": "v"}, {"test": "v", "action": "v"})
    assert system.networks["test"].labels == {"exec": "v"}
