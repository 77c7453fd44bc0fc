"""The screens of meshdev and of its peers, at a terminal: ``python -m benchmarks dashboard``."""

from typing import Final

from benchmarks.dashboard.first_paint import FirstPaint
from benchmarks.dashboard.flood import Million, Torrent
from benchmarks.dashboard.keys import Keys
from benchmarks.dashboard.shop import Shop
from benchmarks.scenarios.base import Scenario

ALL: Final[tuple[Scenario, ...]] = (FirstPaint(), Keys(), Million(), Torrent(), Shop())
