"""Which recorded exchange answers a request, or why none does. Never a wrong one: in doubt there is no answer.

| where | what |
|---|---|
| `parts`, `multipart` | a request as a tree of values that is equal for equal meaning |
| `shape`, `names` | what a value looks like, what a name says |
| `verdict`, `learn`, `answers` | which places hold noise, by evidence |
| `mask` | noise put aside |
| `headers` | which headers count |
| `index`, `group`, `gates` | what a request leads to, and whose turn it is |
| `bindings` | values that the caller chose, recorded and actual |
| `matcher` | the rules together |
| `miss`, `closest` | why not |
"""

from meshdev.recording.matching.matcher import Level, Match, Matcher, Redacts
from meshdev.recording.matching.miss import Candidate, FieldDifference, Miss
from meshdev.recording.matching.options import MatchOptions, OnEnd, Reads

__all__ = [
    "Candidate",
    "FieldDifference",
    "Level",
    "Match",
    "MatchOptions",
    "Matcher",
    "Miss",
    "OnEnd",
    "Reads",
    "Redacts",
]
