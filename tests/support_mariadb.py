"""A real MariaDB server, Debian's, on a port of its own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pymysql
import pytest

from support_mesh import free_port
from support_product import eventually

_SERVER = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")
_SETTINGS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--local-infile=1",
    "--innodb-buffer-pool-size=8M",
    "--innodb-flush-log-at-trx-commit=0",
    "--max-allowed-packet=64M",
)
_INSTALL = shutil.which("mariadb-install-db")


@dataclass(frozen=True, slots=True)
class MariaDb:
    """A server that runs on loopback; ``shop`` with the password ``secret`` owns the database ``shop``."""

    port: int
    user: str = "shop"
    password: str = "secret"  # noqa: S105 - of a server that lives for a test
    database: str = "shop"

    def run(self, *statements: str) -> None:
        """Directly, past all relays."""
        with self.connected(self.port) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def connected(self, port: int) -> "pymysql.connections.Connection[pymysql.cursors.Cursor]":
        """PyMySQL, by ``port``: the server's, or that of a relay before it."""
        return pymysql.connect(
            host="127.0.0.1",
            port=port,
            user=self.user,
            password=self.password,
            database=self.database,
            autocommit=True,
            local_infile=True,
        )


@contextmanager
def mariadb() -> Iterator[MariaDb]:
    """A new server, gone at the end; skips where there is none."""
    with cluster() as argv:
        found = MariaDb(free_port())
        with serving(found, [*argv, f"--port={found.port}"]):
            yield found


@contextmanager
def serving(
    server: MariaDb, command: Sequence[str], environ: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run ``command``, which is that server, from when it answers until the end."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
    try:
        eventually(lambda: _answers(server), timeout=60)
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def cluster() -> Iterator[list[str]]:
    """What is to be run, with ``--port=PORT`` behind it, to serve new databases; skips where there is no MariaDB."""
    if _SERVER is None or _INSTALL is None:
        assert not os.environ.get("CI"), "mariadb-server is not installed"
        pytest.skip("mariadb-server is not installed")
    place = Path(tempfile.mkdtemp(prefix="maria-"))
    try:
        as_whom = ["--user=root"] if os.geteuid() == 0 else []
        common = ["--no-defaults", f"--datadir={place / 'data'}", *as_whom]
        made = [_INSTALL, *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
        # A server that starts deletes what others have begun in the folder for temporary files.
        alone = {**os.environ, "TMPDIR": str(place)}
        done = subprocess.run(made, check=False, capture_output=True, text=True, env=alone)
        assert done.returncode == 0, f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
        init = place / "init.sql"
        init.write_text(
            "CREATE DATABASE IF NOT EXISTS shop;\n"
            "CREATE USER IF NOT EXISTS shop@'127.0.0.1' IDENTIFIED BY 'secret';\n"
            "GRANT ALL ON shop.* TO shop@'127.0.0.1';\n"
        )
        tether = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        where = [f"--socket={place / 'sock'}", f"--tmpdir={place}", f"--init-file={init}", *_SETTINGS]
        yield [*tether, _SERVER, *common, *where]
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _answers(server: MariaDb) -> bool:
    try:
        server.connected(server.port).close()
    except pymysql.err.OperationalError:
        return False
    return True
