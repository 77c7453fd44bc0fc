"""The tables of the mesh, in the order of the page; a new one is a class in a file here and a line in `ALL`."""

from typing import Final

from benchmarks.mesh.tables.base import Table
from benchmarks.mesh.tables.bulk import Bulk
from benchmarks.mesh.tables.idle import Idle
from benchmarks.mesh.tables.opened import Opened
from benchmarks.mesh.tables.requests import Latency, Requests

ALL: Final[tuple[Table, ...]] = (Requests(), Latency(), Bulk(), Idle(), Opened())
