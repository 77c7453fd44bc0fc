"""Embedded engines."""

import shlex
import sys
from pathlib import Path

import pytest

from meshdev.topology.engines import find_binary
from meshdev.topology.model import Endpoint, Kind, Process, ReloadStrategy
from support_topology import complaints, loaded, write


@pytest.fixture
def nats(tmp_path: Path) -> Path:
    """A program of that name on the system's own path."""
    program = write(tmp_path, "#!/bin/sh\n", "my bin/nats-server")
    program.chmod(0o755)
    return program


@pytest.fixture
def nothing_beside_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python beside which no wheel has put a program."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))


@pytest.mark.usefixtures("nothing_beside_python")
def test_nats(nats: Path, tmp_path: Path) -> None:
    """The broker is a process that listens on $PORT and keeps its streams in the project's own folder."""
    text = '[system]\npath = ["my bin"]\n[services.a]\ncommand = "true"\nuses = ["brokers.events"]\n[brokers.events]\n'
    broker = loaded(tmp_path, text).services["brokers.events"]
    assert isinstance(broker.run, Process)
    assert broker.run.shell
    assert shlex.split(broker.run.argv[0]) == [
        *("exec", str(nats), "-a", "127.0.0.1", "-p", "$PORT"),
        *("-js", "-sd", str(tmp_path / ".meshdev" / "data" / "events")),
    ]
    assert broker.endpoints == (Endpoint("nats", "nats"),)
    assert (broker.kind, broker.engine, broker.reload) == (Kind.BROKER, "nats", ReloadStrategy.REPLACE)
    assert broker.healthcheck is not None


@pytest.mark.usefixtures("nothing_beside_python")
def test_nats_is_not_installed(tmp_path: Path) -> None:
    """The way out is told."""
    (complaint,) = complaints(tmp_path, '[brokers.events]\nengine = "nats"\n', environ={"PATH": "/nowhere"})
    assert complaint.split("\n  ") == [
        'meshdev.toml:2: brokers.events.engine: engine "nats" needs the nats-server program, which is not installed',
        "pip install 'meshdev[nats]', or put nats-server on PATH",
    ]


def test_the_wheel_puts_it_beside_python(monkeypatch: pytest.MonkeyPatch, nats: Path) -> None:
    """A virtual environment that isn't activated is enough."""
    monkeypatch.setattr(sys, "executable", str(nats.parent / "python"))
    assert find_binary("nats-server", "/nowhere") == str(nats)


def test_a_database_that_runs_is_no_file(tmp_path: Path) -> None:
    """Whoever says how a database runs has a node."""
    system = loaded(tmp_path, '[databases.d]\ncommand = "true"\n')
    assert list(system.services) == ["databases.d"]
    assert system.embedded == {}


def test_a_file_is_not_run(tmp_path: Path) -> None:
    """A sqlite database with a command is a misunderstanding."""
    (complaint,) = complaints(tmp_path, '[databases.d]\nengine = "sqlite"\nport = 1\ncommand = "x"\n')
    assert complaint.startswith("meshdev.toml:4: databases.d.command: stands beside an engine that is a file")
