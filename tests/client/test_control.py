"""The synchronous client against the real API."""

import os
import socket
import threading

import msgspec
import pytest

from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.client.project import Project
from meshdev.errors import DaemonError, ServiceError, StorageError, TopologyError, UsageError
from meshdev.wire.control import ErrorView, UpRequest
from support_control import Daemon, StandIn, eventually, service, short_project, system


def test_calls_give_typed_answers() -> None:
    """Each call of the API comes back in its shape."""
    stand_in = StandIn([service("orders"), service("brokers.events", kind="broker")], system())
    with short_project() as project, Daemon(project, stand_in):
        control = Control(project)
        assert os.getpid() == control.check_version().pid
        assert [one.name for one in control.send(calls.services())] == ["orders", "brokers.events"]
        assert control.send(calls.snapshot()).system.name == "shop"
        assert control.send(calls.service("brokers.events")).kind == "broker"
        assert control.send(calls.why("orders")).chain[0].service == "orders"
        assert control.send(calls.env("orders")).environment["PORT"] == "40001"
        assert len(control.send(calls.graph()).nodes) == 2
        assert [one.role for one in control.send(calls.processes())] == ["daemon"]
        assert control.send(calls.scale("orders", 3)).name == "orders"
        for call in (calls.start, calls.stop, calls.restart):
            assert [one.name for one in control.send(call(["orders"]))] == ["orders"]
        request = UpRequest(services=["orders"], profiles=["x"])
        assert len(control.send(calls.plan(request)).steps) == 2
        assert len(control.send(calls.up(request)).steps) == 2
    assert ("up", request) == stand_in.asked[-1]


def test_reported_error_keeps_message_hint_and_exit_code() -> None:
    """What the daemon refuses is raised here as the same sort of error."""
    with (
        short_project() as project,
        Daemon(project, StandIn([service()], system())),
        pytest.raises(UsageError) as caught,
    ):
        Control(project).send(calls.service("odrers"))
    assert (caught.value.message, caught.value.hint) == ("no service 'odrers'", "there are: orders")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (422, 2, TopologyError),
        (400, 2, UsageError),
        (500, 3, DaemonError),
        (500, 4, StorageError),
        (409, 1, ServiceError),
    ],
)
def test_exit_codes_become_kinds(status: int, code: int, kind: type[Exception]) -> None:
    """The exit code tells the sort of error."""
    view = ErrorView(title="T", status=status, detail="d", hint="h", exit_code=code)
    error = calls.problem(status, msgspec.json.encode(view))
    assert (kind, "d", code) == (type(error), error.message, error.exit_code)


def test_error_without_a_body_is_still_an_error() -> None:
    """A crash in the server is told as what it is."""
    assert "500" in calls.problem(500, b"Internal Server Error").message


def test_nothing_runs() -> None:
    """Without a daemon the error says so and exits with 3."""
    with short_project() as project, pytest.raises(DaemonError) as caught:
        Control(project).send(calls.version())
    assert (caught.value.exit_code, "nothing runs" in caught.value.message) == (3, True)


def test_another_version_is_told() -> None:
    """A daemon of another API version is named with the way out."""
    stand_in = StandIn([service()], system(), api=99)
    with short_project() as project, Daemon(project, stand_in), pytest.raises(DaemonError) as caught:
        Control(project).check_version()
    assert "API 99" in caught.value.message


def test_lease_is_taken_released_and_broken() -> None:
    """The daemon hears of the lease's beginning, release and end."""
    stand_in = StandIn([service()], system())
    with short_project() as project, Daemon(project, stand_in):
        control = Control(project)
        with control.lease():
            eventually(lambda: ("lease", "taken") in stand_in.asked)
            control.send(calls.release_lease())
        eventually(lambda: ("lease", "broken") in stand_in.asked)
    assert [what for name, what in stand_in.asked if name == "lease"] == ["taken", "released", "broken"]


def test_shutdown_answers_nothing() -> None:
    """202 without a body is None."""
    stand_in = StandIn([service()], system())
    with short_project() as project, Daemon(project, stand_in):
        Control(project).send(calls.shutdown(2))
    assert ("shutdown", 2) in stand_in.asked


def _listen(project: Project) -> socket.socket:
    project.paths.socket.parent.mkdir(parents=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(project.paths.socket))
    listener.listen()
    return listener


def test_hung_daemon_is_given_up() -> None:
    """A daemon that accepts and never answers costs the timeout, and is told as hung."""
    with short_project() as project, _listen(project), pytest.raises(DaemonError) as caught:
        Control(project).send(calls.version(), timeout=0.05)
    assert "not answered within 0.05 s" in caught.value.message


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (b"", "went away"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{", "went away"),
        (b"220 smtp.example\r\n\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "makes no sense"),
    ],
)
def test_strange_answers(said: bytes, message: str) -> None:
    """Whatever listens there, the person gets a sentence and not a traceback."""

    def answer(listener: socket.socket) -> None:
        with listener.accept()[0] as peer:
            peer.recv(65536)
            peer.sendall(said)
        listener.close()

    with short_project() as project:
        thread = threading.Thread(target=answer, args=(_listen(project),))
        thread.start()
        with pytest.raises(DaemonError) as caught:
            Control(project).send(calls.version())
        thread.join()
    assert message in caught.value.message
