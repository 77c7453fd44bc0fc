"""A real MariaDB server, Debian's, on a port of its own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pymysql
import pytest

from support_mesh import free_port
from support_product import eventually

_SERVER = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")
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
    if _SERVER is None or _INSTALL is None:
        if os.environ.get("CI"):
            raise AssertionError("mariadb-server is not installed")
        pytest.skip("mariadb-server is not installed")
    place = Path(tempfile.mkdtemp(prefix="maria-"))
    try:
        data = place / "data"
        as_whom = ["--user=root"] if os.geteuid() == 0 else []
        common = ["--no-defaults", f"--datadir={data}", *as_whom]
        subprocess.run(
            [_INSTALL, *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True,
            capture_output=True,
        )
        init = place / "init.sql"
        init.write_text(
            "CREATE DATABASE IF NOT EXISTS shop;\n"
            "CREATE USER IF NOT EXISTS shop@'127.0.0.1' IDENTIFIED BY 'secret';\n"
            "GRANT ALL ON shop.* TO shop@'127.0.0.1';\n"
        )
        port = free_port()
        tether = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with (place / "log").open("wb") as log:
            server = subprocess.Popen(
                [
                    *tether,
                    _SERVER,
                    *common,
                    f"--socket={place / 'sock'}",
                    f"--port={port}",
                    "--bind-address=127.0.0.1",
                    f"--init-file={init}",
                    "--skip-name-resolve",
                    "--local-infile=1",
                    "--innodb-buffer-pool-size=8M",
                    "--innodb-flush-log-at-trx-commit=0",
                    "--max-allowed-packet=64M",
                ],
                stdout=log,
                stderr=log,
            )
        try:
            found = MariaDb(port)
            eventually(lambda: _answers(found), timeout=60)
            yield found
        finally:
            server.kill()
            server.wait()
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _answers(server: MariaDb) -> bool:
    try:
        server.connected(server.port).close()
    except pymysql.err.OperationalError:
        return False
    return True
