"""Real brokers for tests, on free ports of loopback: RabbitMQ and Mosquitto, as processes with folders of their own.

`rabbitmq` and `mosquitto` are fixtures (by way of `tests/conftest.py`): one broker a test session (or xdist worker) and
kind, started when the first test asks for it; tests use names of their own. Where a broker is not installed its tests
are skipped, but not in CI.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from support_mesh import free_port
from support_npm import missing
from support_running import until
from support_scanning import Scanned

_START = 90.0  # seconds; RabbitMQ takes six of CPU
_STOP = 20.0


@contextmanager
def broker(
    *argv: str, port: int, answers: Callable[[int], bool], environ: Mapping[str, str] | None = None
) -> Iterator[None]:
    """A server's process, up when its port answers; ended at the end."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env={**os.environ, **(environ or {})}
        )
        try:
            deadline = time.monotonic() + _START
            while not answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    said.seek(0)
                    pytest.fail(f"{argv[0]} does not come up: {said.read()[-2000:].decode(errors='replace')}")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            try:
                process.wait(_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def accepts(port: int) -> bool:
    """Whether somebody listens there."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def _greets(port: int) -> bool:
    """Whether a broker of AMQP answers a client's greeting."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"AMQP\0\0\x09\x01")
        return connection.recv(1) == b"\x01"
    return False


@contextmanager
def running_rabbitmq() -> Iterator[int]:
    """A node of its own, with its own port mapper, beside whatever else runs here; its port."""
    program = shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin") or shutil.which("rabbitmq-server")
    epmd = shutil.which("epmd")
    if program is None or epmd is None:
        missing("no RabbitMQ here (Debian: rabbitmq-server)")
    port, mapper, between = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="rabbitmq-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.default = 127.0.0.1:{port}\nlog.console = true\nlog.console.level = warning\n"
        )
        environ = {
            "HOME": place,  # of the cookie
            "ERL_EPMD_PORT": str(mapper),
            "RABBITMQ_NODENAME": f"test{port}@localhost",
            "RABBITMQ_DIST_PORT": str(between),
            "RABBITMQ_CONF_ENV_FILE": f"{place}/none",
            "RABBITMQ_CONFIG_FILE": f"{place}/rabbitmq",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{place}/generated",
            "RABBITMQ_MNESIA_BASE": f"{place}/mnesia",
            "RABBITMQ_LOG_BASE": f"{place}/log",
            "RABBITMQ_PID_FILE": f"{place}/pid",
            "RABBITMQ_ENABLED_PLUGINS": "",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{place}/plugins",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }
        with (
            broker(str(epmd), "-port", str(mapper), "-address", "127.0.0.1", port=mapper, answers=accepts),
            broker(str(program), port=port, answers=_greets, environ=environ),
        ):
            yield port


@contextmanager
def running_mosquitto() -> Iterator[int]:
    """A broker that lets anybody in, but not to ``forbidden/#``; its port."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        missing("no Mosquitto here (Debian: mosquitto)")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="mosquitto-") as place:
        rights = Path(place) / "rights"
        rights.write_text("topic readwrite #\ntopic deny forbidden/#\n")
        rights.chmod(0o700)
        config = Path(place) / "mosquitto.conf"
        config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\nacl_file {rights}\n"
            "set_tcp_nodelay true\nmax_inflight_messages 1000\n"
        )
        with broker(str(program), "-c", str(config), port=port, answers=accepts):
            yield port


def until_over(relay: Scanned) -> None:
    """Wait until every connection through a relay is closed, and told as a whole."""
    until(lambda: all(one.over for one in relay.conversations))


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[int]:
    """The port of a RabbitMQ."""
    with running_rabbitmq() as port:
        yield port


@pytest.fixture(scope="session")
def mosquitto() -> Iterator[int]:
    """The port of a Mosquitto."""
    with running_mosquitto() as port:
        yield port
