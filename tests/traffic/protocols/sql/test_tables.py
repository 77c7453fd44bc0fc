"""Kinds and tables of statements: by hand, and as a parser sees them."""

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from meshdev.traffic.protocols.sql.shape import Dialect, shape_of
from meshdev.traffic.protocols.sql.tables import MOST_NAME, MOST_TABLES, Sense, sense_of

STATEMENTS = [
    ("select 1", "SELECT", ""),
    ("(select 1) union (select * from q)", "SELECT", "q"),
    ("SELECT * FROM a, b AS x, c d WHERE e IN (SELECT f FROM g)", "SELECT", "a, b, c, g"),
    (
        'SELECT * FROM a.b JOIN "C".d ON true LEFT OUTER JOIN LATERAL (SELECT 1 FROM e) x ON true',
        "SELECT",
        "a.b, C.d, e",
    ),
    ("SELECT * FROM (a JOIN b ON a.x = b.x), c", "SELECT", "a, b, c"),
    ("SELECT * FROM generate_series(1, 3) g, t", "SELECT", "t"),
    ("SELECT extract(year FROM x), trim(both FROM y), substring(z FROM 2 FOR 3) FROM t", "SELECT", "t"),
    ("SELECT a IS DISTINCT FROM b, c IS NOT DISTINCT FROM d FROM t", "SELECT", "t"),
    ("SELECT * FROM t WHERE id = 1 FOR UPDATE SKIP LOCKED", "SELECT", "t"),
    ("SELECT * FROM ONLY t TABLESAMPLE SYSTEM (1)", "SELECT", "t"),
    (
        "WITH RECURSIVE x(n) AS (SELECT 1 FROM a), y AS MATERIALIZED (SELECT 2) SELECT * FROM x, y, b",
        "SELECT",
        "a, b",
    ),
    ("WITH gone AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM gone", "INSERT", "a, b"),
    (
        "INSERT INTO shop.orders (id, name) VALUES (1, 2) ON CONFLICT DO UPDATE SET x = 1",
        "INSERT",
        "shop.orders",
    ),
    ("INSERT INTO t SELECT * FROM u", "INSERT", "t, u"),
    ("UPDATE a SET x = b.y FROM b WHERE a.id = b.id", "UPDATE", "a, b"),
    ("DELETE FROM a USING b, c WHERE true", "DELETE", "a, b, c"),
    ("MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN UPDATE SET y = 1", "MERGE", "a, b"),
    ("TRUNCATE a, b", "TRUNCATE", "a, b"),
    ("TRUNCATE TABLE ONLY a CASCADE", "TRUNCATE", "a"),
    ("TABLE t", "SELECT", "t"),
    ("VALUES (1), (2)", "VALUES", ""),
    ("LOCK TABLE a IN SHARE MODE", "LOCK", "a"),
    ("COPY shop.t (a, b) FROM STDIN", "COPY", "shop.t"),
    ("COPY (SELECT * FROM t) TO STDOUT", "COPY", "t"),
    ("CREATE TABLE IF NOT EXISTS t (id int, name text)", "CREATE TABLE", "t"),
    ("CREATE TEMP TABLE t AS SELECT * FROM u", "CREATE TABLE", "t, u"),
    ("CREATE UNIQUE INDEX CONCURRENTLY i ON t USING btree (a, b)", "CREATE INDEX", "t"),
    ("CREATE OR REPLACE VIEW v AS SELECT * FROM t", "CREATE VIEW", "v, t"),
    ("ALTER TABLE t ADD x int, ADD y int", "ALTER TABLE", "t"),
    ("DROP TABLE IF EXISTS a, b CASCADE", "DROP TABLE", "a, b"),
    ("CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", "CREATE TRIGGER", "t"),
    ("CREATE SCHEMA IF NOT EXISTS s", "CREATE SCHEMA", "s"),
    ("CREATE DATABASE shop", "CREATE DATABASE", "shop"),
    ("START TRANSACTION READ ONLY", "BEGIN", ""),
    ("END", "COMMIT", ""),
    ("ROLLBACK TO SAVEPOINT x", "ROLLBACK TO", ""),
    ("SET search_path TO a, b", "SET", ""),
    ("SHOW TABLES FROM t", "SHOW", "t"),
    ("CALL pay(1, 2)", "CALL", "pay"),
    ("NOTIFY orders, 'x'", "NOTIFY", "orders"),
    ("LISTEN orders", "LISTEN", "orders"),
    ("EXPLAIN ANALYZE SELECT * FROM t", "EXPLAIN", "t"),
    ("nonsense here", "SQL", ""),
    ("SELECT * FROM events_20240131", "SELECT", "events_{id}"),
    ("SELECT * FROM a, b, c, d, e", "SELECT", "a, b, c, d, …"),
]
MYSQL = [
    ("INSERT IGNORE `Orders` VALUES (1)", "INSERT", "Orders"),
    ("INSERT INTO t SET a = 1 ON DUPLICATE KEY UPDATE b = 2", "INSERT", "t"),
    ("REPLACE INTO t VALUES (1)", "REPLACE", "t"),
    ("SELECT replace(a, 'b', 'c') FROM t", "SELECT", "t"),
    ("UPDATE a, b SET a.x = b.x", "UPDATE", "a, b"),
    ("DELETE a FROM a JOIN b ON true", "DELETE", "a, b"),
    ("LOAD DATA LOCAL INFILE 'x' INTO TABLE t", "LOAD DATA", "t"),
    ("SELECT a INTO OUTFILE 'x' FROM t", "SELECT", "t"),
    ("USE shop", "USE", "shop"),
    ("LOCK TABLES `a` READ, b WRITE", "LOCK", "a, b"),
]


@pytest.mark.parametrize(
    ("text", "name", "target", "dialect"),
    [(*one, Dialect.POSTGRES) for one in STATEMENTS] + [(*one, Dialect.MYSQL) for one in MYSQL],
)
def test_kind_and_tables(text: str, name: str, target: str, dialect: Dialect) -> None:
    """A statement, what it is, and what it touches."""
    assert sense_of(shape_of(text.encode(), dialect).decode()) == Sense(name, target)


PARSED = [
    *(text for text, name, _ in STATEMENTS if name in {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"}),
    "SELECT o.id, (SELECT count(*) FROM items i WHERE i.order_id = o.id) FROM orders o NATURAL JOIN stock ORDER BY 1",
    "SELECT * FROM a CROSS JOIN b INNER JOIN c USING (id) FULL JOIN d ON d.x = coalesce(a.x, b.x)",
    "SELECT CASE WHEN EXISTS (SELECT 1 FROM x) THEN 1 ELSE 2 END FROM y GROUP BY 1 HAVING count(*) > 3 LIMIT 5",
    "SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM w WINDOW z AS (ORDER BY c)",
    "INSERT INTO a (x) WITH q AS (SELECT * FROM b) SELECT x FROM q RETURNING x",
    "SELECT date_part('year', t.at) FROM t WHERE t.id = ANY(ARRAY[1, 2]) AND t.doc @> '{\"from\": 1}'",
    "SELECT a FROM t1 EXCEPT SELECT b FROM t2 INTERSECT SELECT c FROM t3",
    "UPDATE a SET x = (SELECT max(y) FROM b), z = 3 WHERE id IN (SELECT id FROM c)",
]


@pytest.mark.parametrize("text", PARSED)
def test_the_same_tables_as_a_parser_finds(text: str) -> None:
    """Sqlglot knows the grammar; names of a WITH are no tables."""
    tree = sqlglot.parse_one(text, dialect="postgres")
    temporary = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = {
        (f"{table.db}." if table.db else "") + table.name
        for table in tree.find_all(exp.Table)
        if table.name and table.name not in temporary
    }
    found = sense_of(shape_of(text.encode(), Dialect.POSTGRES).decode()).target.split(", ")
    if "…" not in found:
        assert {table.replace("20240131", "{id}") for table in tables} == set(filter(None, found))


_WORDS = st.sampled_from(
    ["SELECT", "FROM", "JOIN", "(", ")", ",", "a", ".", "b", "WITH", "AS", "INTO", "ON", "UPDATE"]
)


@given(st.text(max_size=200) | st.lists(_WORDS, max_size=40).map(" ".join))
def test_whatever_text(text: str) -> None:
    """It never raises, and what it tells is short."""
    name, target = sense_of(text)
    assert name
    assert len(target) <= (MOST_NAME + len(", ")) * MOST_TABLES + 1
