"""The tools that are compared; a new one is a class here and a line in `ALL`."""

from typing import Final

from benchmarks.tools.base import Tool
from benchmarks.tools.binary_peers import Dekit, Mprocs, Pm2
from benchmarks.tools.ours import Meshdev
from benchmarks.tools.python_peers import Circus, Honcho, Supervisor
from benchmarks.tools.watchers import Watchfiles

ALL: Final[tuple[Tool, ...]] = (
    Meshdev(),
    Honcho(),
    Supervisor(),
    Circus(),
    Mprocs(),
    Pm2(),
    Dekit(),
    Watchfiles(),
)
