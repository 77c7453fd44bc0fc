"""Carts and their lines. A cart exists from its first line on; an unknown cart is an empty one."""

from pathlib import Path
from typing import Any

import msgspec

from shopkit.database import Database, connect

_SCHEMA = """
create table if not exists lines (
  cart_id          text not null,
  sku              text not null,
  name             text not null,
  unit_price_cents integer not null,
  quantity         integer not null check (quantity > 0),
  primary key (cart_id, sku)
)
"""


class Line(msgspec.Struct, frozen=True):
    """So many of one product, priced when the product went in."""

    sku: str
    name: str
    unit_price_cents: int
    quantity: int


class Carts:
    """Every cart of the shop."""

    def __init__(self, path: Path) -> None:
        self._database: Database = connect(path, _SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def lines(self, cart_id: str) -> list[Line]:
        """The cart's lines in the order in which they went in."""
        rows = self._database.execute(
            "select sku, name, unit_price_cents, quantity from lines where cart_id = ? order by rowid",
            (cart_id,),
        )
        return [Line(**row) for row in map(dict[str, Any], rows)]

    def put(self, cart_id: str, line: Line) -> None:
        """Set a line; the same call twice leaves the same cart."""
        self._database.execute(
            "insert into lines (cart_id, sku, name, unit_price_cents, quantity) values (?, ?, ?, ?, ?)"
            " on conflict (cart_id, sku) do update set quantity = excluded.quantity",
            (cart_id, line.sku, line.name, line.unit_price_cents, line.quantity),
        )

    def remove(self, cart_id: str, sku: str) -> None:
        """Take a product out; nothing happens when it isn't in."""
        self._database.execute("delete from lines where cart_id = ? and sku = ?", (cart_id, sku))
