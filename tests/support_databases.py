"""Databases as a daemon could tell them: one that lives, one with a stranger kept out, a file, one that is not read."""

from meshdev.wire.database_views import DatabaseUserView, DatabaseView, StatementView


def statement(text: str, count: int, total_ms: float, **more: object) -> StatementView:
    """One of orders'; its kind and table are its first words."""
    words = text.split()
    target = "stock" if "stock" in text else "reservations" if "reservations" in text else ""
    fields: dict[str, object] = {"p50_ms": total_ms / count / 2, "p99_ms": total_ms / count * 4, **more}
    return StatementView(
        service=str(fields.pop("service", "orders")),
        name=words[0],
        target=target,
        text=text,
        count=count,
        total_ms=total_ms,
        **fields,  # type: ignore[arg-type] # the fields of a StatementView
    )


STATEMENTS = [
    statement("SELECT sku, count FROM stock WHERE sku = ? FOR UPDATE", 48_211, 96_400.0),
    statement(
        "SELECT o.id, sum(l.count * l.price) FROM reservations o JOIN lines l ON l.order_id = o.id WHERE o.at > ? "
        "GROUP BY o.id ORDER BY ? DESC LIMIT ?",
        12,
        4_210.0,
        service="reports",
        errors=1,
    ),
    statement("INSERT INTO reservations (sku, order_id, count) VALUES (?)", 9_120, 3_300.0, refused=41),
    statement("UPDATE stock SET count = count - ? WHERE sku = ?", 9_079, 2_800.0),
    statement("BEGIN", 18_240, 310.0),
    statement("COMMIT", 18_199, 1_240.0, p50_ms=None, p99_ms=None),
]


def databases() -> list[DatabaseView]:
    """All of them."""
    users = [
        DatabaseUserView(
            service="orders", connections=8, requests=102_849, errors=0, rps=212.0, p50_ms=0.8, p99_ms=14.2
        ),
        DatabaseUserView(
            service="reports",
            foreign=True,
            connections=1,
            requests=12,
            errors=1,
            rps=0.1,
            p50_ms=180.0,
            p99_ms=1_400.0,
        ),
    ]
    reason = "databases.ledger belongs to payments, and is exclusive"
    kept_out = DatabaseUserView(service="reports", foreign=True, denied=reason, requests=3, errors=3)
    return [
        DatabaseView(
            name="databases.stock",
            engine="postgres",
            owner="orders",
            runs="process",
            protocol="postgres",
            read=True,
            users=users,
            statements=STATEMENTS,
        ),
        DatabaseView(
            name="databases.ledger",
            engine="mysql",
            owner="payments",
            exclusive=True,
            runs="container",
            protocol="mysql",
            read=True,
            users=[
                DatabaseUserView(service="payments", connections=2, requests=40, rps=1.5, p99_ms=3.0),
                kept_out,
            ],
        ),
        DatabaseView(
            name="databases.carts",
            engine="sqlite",
            owner="carts",
            runs="file",
            path="/home/ada/shop/.meshdev/data/carts.sqlite3",
            users=[DatabaseUserView(service="carts")],
        ),
        DatabaseView(name="databases.lake", engine="oracle", runs="process", protocol="tcp"),
    ]
