"""PyMySQL: texts, single rows and many, transactions, an error."""

from collections import Counter
from collections.abc import Callable

import pymysql

MESSAGES = 50
VISITS = 20
PASSWORD = "secret"  # noqa: S105 - of a server that lives for a benchmark


def work(port: int, going: Callable[[], bool]) -> Counter[str]:
    """A connection after the other."""
    done: Counter[str] = Counter()
    while going():
        _visit(port, going, done)
    return done


def _visit(port: int, going: Callable[[], bool], done: Counter[str]) -> None:
    connection = pymysql.connect(
        host="127.0.0.1", port=port, user="shop", password=PASSWORD, database="shop", autocommit=None
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench (id INT PRIMARY KEY, what TEXT)")
        done.update(["CONNECT shop", "SET", "CREATE TABLE bench"])
        for _ in range(VISITS):
            if not going():
                break
            connection.begin()
            for number in range(MESSAGES):
                cursor.execute("INSERT INTO bench VALUES (%s, %s)", (number, "x" * 100))
            for number in range(MESSAGES):
                cursor.execute("SELECT what FROM bench WHERE id = %s", (number,))
            cursor.execute("SELECT * FROM bench WHERE id > 0")
            try:
                cursor.execute("INSERT INTO bench VALUES (1, 'twice')")
            except pymysql.err.IntegrityError:
                done["INSERT bench"] += 1
            cursor.execute("DELETE FROM bench")
            connection.commit()
            done["BEGIN"] += 1
            done["INSERT bench"] += MESSAGES
            done["SELECT bench"] += MESSAGES + 1
            done["DELETE bench"] += 1
            done["COMMIT"] += 1
