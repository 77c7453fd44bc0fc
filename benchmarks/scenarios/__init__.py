"""The scenarios in the order of the tables; a new one is a class in a file here and a line in `ALL`."""

from typing import Final

from benchmarks.scenarios.base import Scenario
from benchmarks.scenarios.commands import Commands
from benchmarks.scenarios.flood import Flood
from benchmarks.scenarios.reload import Reload
from benchmarks.scenarios.start import Start50
from benchmarks.scenarios.survivors import Survivors

ALL: Final[tuple[Scenario, ...]] = (Start50(), Commands(), Flood(), Reload(), Survivors())
