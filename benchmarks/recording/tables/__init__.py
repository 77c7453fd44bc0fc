"""The tables of recording, in the order of the page; a new one is a class in a file here and a line in `ALL`."""

from typing import Final

from benchmarks.recording.tables.base import Table
from benchmarks.recording.tables.events import Events
from benchmarks.recording.tables.mixed import Mixed
from benchmarks.recording.tables.overhead import Bytes, Overhead
from benchmarks.recording.tables.replay import Replay

ALL: Final[tuple[Table, ...]] = (Overhead(), Bytes(), Replay(), Mixed(), Events())
