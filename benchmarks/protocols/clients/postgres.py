"""psycopg: statements with parameters, a transaction, a constraint."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import psycopg

STATEMENTS = 20
VISITS = 20


def work(port: int, going: Callable[[], bool]) -> Counter[str]:
    """A connection after the other."""
    done: Counter[str] = Counter()
    while going():
        _visit(port, going, done)
    return done


def _visit(port: int, going: Callable[[], bool], done: Counter[str]) -> None:
    dsn = f"postgresql://shop@127.0.0.1:{port}/shop?sslmode=disable"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TEMPORARY TABLE orders (id int PRIMARY KEY, note text)")
        done.update(["CONNECT shop", "CREATE TABLE orders"])
        for _ in range(VISITS):
            if not going():
                break
            for number in range(STATEMENTS):
                connection.execute("INSERT INTO orders VALUES (%s, %s)", (number, "x" * 100))
            for number in range(STATEMENTS):
                connection.execute("SELECT note FROM orders WHERE id = %s", (number,)).fetchone()
            with suppress(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO orders VALUES (%s, %s)", (0, "again"))
            connection.execute("DELETE FROM orders")
            done["INSERT orders"] += STATEMENTS + 1
            done["SELECT orders"] += STATEMENTS
            done["DELETE orders"] += 1
