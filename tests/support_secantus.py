"""SecantusDB, a server of others that speaks MongoDB's protocol over WiredTiger, out of its wheel, on a free port."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from support_mesh import free_port
from support_npm import missing
from support_product import eventually

_SERVER = Path(sys.executable).parent / "secantusd-py"


@contextmanager
def secantus() -> Iterator[int]:
    """A new server, which keeps nothing; its port. Skips where there is none."""
    if not _SERVER.exists():
        missing("secantusdb is not installed")
    port = free_port()
    command = [
        str(_SERVER), "--port", str(port), "--storage-path", ":memory:", "--cache-size", "64M", "--standalone",
    ]  # fmt: skip
    with tempfile.TemporaryFile() as log, tempfile.TemporaryDirectory() as place:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=place)
        try:
            eventually(lambda: _answers(port), timeout=60)
            yield port
        finally:
            server.terminate()
            server.wait(30)


def _answers(port: int) -> bool:
    try:
        with MongoClient[dict[str, object]]("127.0.0.1", port, serverSelectionTimeoutMS=500) as client:
            client.admin.command("ping")
    except PyMongoError:
        return False
    return True
