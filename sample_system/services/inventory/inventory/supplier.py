"""The supplier: fills the shelves at the first start, and again whenever a product runs low.

Without it, a shop that is left running would sell out overnight.
"""

import asyncio
import logging
from dataclasses import dataclass

from inventory.stock import Stock

_log = logging.getLogger("supplier")

FULL_SHELF = {
    "mug-tide": 60, "mug-ember": 60, "kettle-gull": 25, "lamp-dusk": 20, "lamp-pine": 20, "plant-fern": 40,
    "note-grid": 120, "note-blank": 120, "pen-brass": 50, "bag-canvas": 30, "bottle-frost": 80, "blanket-moor": 15,
}  # fmt: skip
_LOW_PERCENT = 25


@dataclass(frozen=True, slots=True)
class Supplier:
    """Looks at the shelves every `interval_seconds`; an interval of 0 switches deliveries off."""

    stock: Stock
    interval_seconds: float

    def fill(self) -> dict[str, int]:
        """Deliver what brings every product that runs low back to a full shelf; returns what was delivered."""
        available = {level.sku: level.available for level in self.stock.levels()}
        goods = {
            sku: full - available.get(sku, 0)
            for sku, full in FULL_SHELF.items()
            if available.get(sku, 0) * 100 <= full * _LOW_PERCENT
        }
        self.stock.receive(goods)
        return goods

    async def run(self) -> None:
        """Deliver for ever, and let overdue reservations expire."""
        while True:
            await asyncio.sleep(self.interval_seconds or 1.0)
            if expired := self.stock.expire():
                _log.info("%d reservations expired", expired)
            if self.interval_seconds and (goods := self.fill()):
                _log.info("a delivery arrived", extra={"goods": goods})
