"""The products' table, filled from ``products.json`` at every start so that an edit of that file shows."""

import json
from pathlib import Path
from typing import Any

from shopkit.database import Database, connect, transaction

_SCHEMA = """
create table if not exists products (
  sku         text primary key,
  rank        integer not null,
  name        text not null,
  category    text not null,
  price_cents integer not null check (price_cents > 0),
  drawing     text not null,
  hue         integer not null,
  description text not null
)
"""
_SEED = Path(__file__).with_name("products.json")


class Products:
    """Products by SKU and by category, in the order of the seed file."""

    def __init__(self, path: Path, seed: Path = _SEED) -> None:
        self._database: Database = connect(path, _SCHEMA)
        products = json.loads(seed.read_text(encoding="utf-8"))
        with transaction(self._database):
            self._database.execute("delete from products")
            self._database.executemany(
                "insert into products (sku, rank, name, category, price_cents, drawing, hue, description)"
                " values (:sku, :rank, :name, :category, :price_cents, :drawing, :hue, :description)",
                [{**product, "rank": rank} for rank, product in enumerate(products)],
            )

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def all(self, category: str | None = None) -> list[dict[str, Any]]:
        """Every product, or those of one category."""
        rows = self._database.execute(
            "select * from products where ?1 is null or category = ?1 order by rank", (category,)
        )
        return [_public(dict(row)) for row in rows]

    def one(self, sku: str) -> dict[str, Any] | None:
        """The product, if the shop sells it."""
        row = self._database.execute("select * from products where sku = ?", (sku,)).fetchone()
        return None if row is None else _public(dict(row))


def _public(row: dict[str, Any]) -> dict[str, Any]:
    del row["rank"]
    return row
