"""Two answers to the same request: what differs, by route and field, less the noise.

| where | what |
|---|---|
| `noise` | places of answers that differ from call to call, learnt, serialisable |
| `fields` | an answer as places and values |
| `compare` | the differences of one answer |
| `report` | many differences summed up, for people and as data |
| `carry` | names that the live callee gave out, put into the requests that follow |
"""

from meshdev.recording.comparison.carry import Carry
from meshdev.recording.comparison.compare import Difference, compare
from meshdev.recording.comparison.noise import Noise, learn_noise
from meshdev.recording.comparison.report import Line, Report, report

__all__ = ["Carry", "Difference", "Line", "Noise", "Report", "compare", "learn_noise", "report"]
