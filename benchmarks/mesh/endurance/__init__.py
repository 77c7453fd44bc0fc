"""The trials in their order; a new one is a class in a file here and a line in `ALL`."""

from typing import Final

from benchmarks.mesh.endurance.bad_peers import BadPeers
from benchmarks.mesh.endurance.base import Trial
from benchmarks.mesh.endurance.connections import Connections
from benchmarks.mesh.endurance.gigabyte import Gigabyte
from benchmarks.mesh.endurance.killed import Killed
from benchmarks.mesh.endurance.slow import Slow
from benchmarks.mesh.endurance.soak import Soak

ALL: Final[tuple[Trial, ...]] = (Connections(), Slow(), BadPeers(), Gigabyte(), Killed(), Soak())
