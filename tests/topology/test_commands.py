"""Command lines: with or without a shell, run as they would be."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from meshdev.topology.model import Process, Service
from meshdev.topology.template import resolve
from support_topology import loaded, write

OTHERS = """
[services.b]
command = "true"
endpoints = { http = {}, admin = {} }
[services.far]
url = "https://far.example"
[databases.d]
"""


def shell(line: str) -> Process:
    """A line for a shell."""
    return Process((line,), shell=True)  # noqa: S604 -- data, not a call


ADDRESSES = {
    "services.b.url": "<b>",
    "services.b.endpoints.admin.port": "<admin>",
    "services.far.host": "far",
    "services.far.url": "far-url",
}


def made(folder: Path, command: str, *, environ: Mapping[str, str] | None = None) -> Service:
    """A service with this command (TOML source), beside a service and a database."""
    return loaded(folder, f"[services.a]\ncommand = {command}\n{OTHERS}", environ=environ).services["a"]


def said(service: Service, environment: dict[str, str]) -> str:
    """What the command prints when it is launched in ``environment``, as the daemon would."""
    assert isinstance(service.run, Process)
    words = [resolve(word, ADDRESSES.__getitem__, own={"PORT": "8000"}) for word in service.run.argv]
    argv = ["/bin/sh", "-c", *words] if service.run.shell else words
    own = {name: resolve(value, ADDRESSES.__getitem__) for name, value in service.environment.items()}
    env = {"PATH": "/usr/bin:/bin", **environment, **own}
    return subprocess.run(
        argv, env=env, check=True, capture_output=True, text=True, timeout=30
    ).stdout.rstrip("\n")


@pytest.mark.parametrize(
    ("command", "process"),
    [
        ('"python -m orders"', Process(("python", "-m", "orders"))),
        ("'''run \"a b\" 'c'\\ d'''", Process(("run", "a b", "c d"))),
        ('["a b", "$x", "*"]', Process(("a b", "$$x", "*"))),
        ('"uvicorn app:app --port $PORT"', shell("exec uvicorn app:app --port $PORT")),
        ('"a | b"', shell("a | b")),
        ('"cd x && y"', shell("cd x && y")),
        ('"X=1 a"', shell("X=1 a")),
        ('"ls *.py"', shell("exec ls *.py")),
        ('"exec a"', shell("exec a")),
        ('"cd x"', shell("cd x")),
        ('"exec a $PORT"', shell("exec a $PORT")),
        ('["a", "-p", "$PORT", "${services.b.url}"]', Process(("a", "-p", "${PORT}", "${services.b.url}"))),
        ('["a", "$$PORT"]', Process(("a", "$$PORT"))),
    ],
)
def test_with_or_without_a_shell(command: str, process: Process, tmp_path: Path) -> None:
    """Only a line that uses a shell gets one, and a simple one replaces its shell."""
    environ = {"x": "$x"}
    assert made(tmp_path, command, environ=environ).run == process


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ('"echo $PORT ${PORT}"', "8000 8000"),
        ('["echo", "it\'s", "${PORT}", "$$PORT", "a  b"]', "it's 8000 $PORT a  b"),
        ('"echo ${services.b.url}"', "<b>"),
        ('["echo", "-p=${services.b.endpoints.admin.port}!"]', "-p=<admin>!"),
        ('"echo ${KEY}"', "se cr$t"),
        ('"echo $OUT ${NO:-none} ${OUT%t}"', "out none ou"),
        ('"for i in 1 2; do echo -n ${i}; done"', "12"),
        ('"X=3; echo ${X}"', "3"),
        ('"echo $$HOME"', "/home/a"),
        ('"echo \\"${databases.d.url}\\""', "sqlite:///ROOT/.meshdev/data/d.sqlite3"),
        ('["echo", "${databases.d.path}"]', "ROOT/.meshdev/data/d.sqlite3"),
        ('"echo ${services.far.host} ${services.far.url}"', "far far-url"),
    ],
)
def test_what_a_launched_command_sees(command: str, output: str, tmp_path: Path) -> None:
    """References mean the same whether a shell resolves them or meshdev did."""
    write(tmp_path, "KEY='se cr$t'\n", ".env")
    service = made(tmp_path, command, environ={"OUT": "out"})
    given = {"PORT": "8000", "B_URL": "<b>", "B_ADMIN_PORT": "<admin>", "OUT": "out", "HOME": "/home/a"}
    assert said(service, given) == output.replace("ROOT", str(tmp_path))


def test_addresses_in_a_command_are_edges(tmp_path: Path) -> None:
    """Who names an address calls or uses its node."""
    service = made(tmp_path, '"echo ${services.b.url} ${databases.d.path}"')
    assert (service.calls, service.files) == (("b",), ("databases.d",))
    assert said(service, {"B_URL": "<b>"}) == f"<b> {tmp_path}/.meshdev/data/d.sqlite3"


def test_the_shell_sees_what_the_service_has(tmp_path: Path) -> None:
    """Variables of the service's own environment and of its edges are no unknown ones."""
    text = '[services.a]\ncommand = "echo ${MINE} ${B_URL} ${FILED}"\nenvironment = { MINE = "1" }\n'
    write(tmp_path, "FILED=2\n", "a.env")
    service = loaded(tmp_path, f'{text}env_file = "a.env"\ncalls = ["b"]\n{OTHERS}').services["a"]
    assert said(service, {"B_URL": "<b>"}) == "1 <b> 2"


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ('["echo", "a  b", "$PORT", "it\'s", "${services.b.url}", "$$x", ""]', "a  b 8000 it's <b> $x "),
        ('["echo", "$$x"]', "$x"),
        ('"echo ${services.b.url} $PORT"', "<b> 8000"),
    ],
)
def test_a_probe_finds_what_its_instance_finds(command: str, output: str, tmp_path: Path) -> None:
    """A healthcheck's command is resolved by nobody, so everything in it comes from the environment."""
    text = f'[services.a]\ncommand = "true"\nhealthcheck = {{ exec = {command} }}\n{OTHERS}'
    probe = loaded(tmp_path, text).services["a"].healthcheck
    assert probe is not None
    env = {"PATH": "/usr/bin:/bin", "PORT": "8000", "B_URL": "<b>"}
    ran = subprocess.run(probe.target, env=env, check=True, capture_output=True, text=True, timeout=30)
    assert ran.stdout == f"{output}\n"
    assert loaded(tmp_path, text).services["a"].calls == (("b",) if "services.b" in command else ())
