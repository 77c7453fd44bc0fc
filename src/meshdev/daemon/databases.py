"""Databases that are files: their folder is there before anybody needs it, and a new one gets its seed."""

from collections.abc import Callable
from contextlib import closing

from meshdev.topology.model import EmbeddedFile, System


def prepare_files(system: System, complain: Callable[[str, str], None]) -> None:
    """Make the folder of every embedded file; fill those that do not exist yet and have a seed.

    A seed is applied whole or not at all, and never to a database that is there. ``complain(name, text)`` hears what
    did not work: the services that use the database will say the rest.
    """
    for database in system.embedded.values():
        import sqlite3  # noqa: PLC0415 -- not every system has such a database

        try:
            database.path.parent.mkdir(parents=True, exist_ok=True)
            if database.seed is not None and not database.path.exists():
                _fill(database)
        except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
            complain(database.name, f"cannot prepare {database.path}: {error}")


def _fill(database: EmbeddedFile) -> None:
    if database.seed is None:
        return
    import sqlite3  # noqa: PLC0415

    script = database.seed.read_text("utf-8")
    beside = database.path.with_name(f".{database.path.name}.seed")
    beside.unlink(missing_ok=True)
    with closing(sqlite3.connect(beside)) as connection:
        connection.executescript(script)
        connection.commit()
    beside.replace(database.path)
