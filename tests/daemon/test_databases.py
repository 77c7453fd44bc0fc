"""Embedded files: folder, seed, and what happens to a bad seed."""

import sqlite3
from contextlib import closing
from pathlib import Path

from meshdev.daemon.databases import prepare_files
from support_system import system

TOML = """
[services.orders]
command = "sleep 1"
uses = ["databases.orders"]
[databases.orders]
engine = "sqlite"
seed = "seed.sql"
"""


def rows(path: Path) -> list[tuple[int]]:
    """What is in the seeded table."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("select n from t order by n").fetchall()


def test_a_new_database_gets_its_seed_once(tmp_path: Path) -> None:
    """The seed fills a database that is not there yet; one that is there is left alone."""
    (tmp_path / "seed.sql").write_text("create table t (n integer); insert into t values (1), (2);")
    topology = system(tmp_path, TOML)
    path = topology.embedded["databases.orders"].path
    complaints: list[tuple[str, str]] = []

    prepare_files(topology, lambda *said: complaints.append(said))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("insert into t values (3)")
    prepare_files(topology, lambda *said: complaints.append(said))

    assert (rows(path), complaints) == ([(1,), (2,), (3,)], [])


def test_a_bad_seed_leaves_no_half_database(tmp_path: Path) -> None:
    """An error in the seed is told, and the next start tries again from nothing."""
    (tmp_path / "seed.sql").write_text("create table t (n integer); insert into nowhere values (1);")
    topology = system(tmp_path, TOML)
    complaints: list[tuple[str, str]] = []

    prepare_files(topology, lambda *said: complaints.append(said))

    assert not topology.embedded["databases.orders"].path.exists()
    assert ["no such table: nowhere" in text for _, text in complaints] == [True]
