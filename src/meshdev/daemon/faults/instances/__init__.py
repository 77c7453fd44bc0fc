"""Faults of instances at work: one file a kind, all of them in `table.AFFLICTIONS`; what is not there cannot be had.

| file | what is in it |
|---|---|
| `affliction` | what all have in common, and what they may do to instances |
| `acting` | all that act now |
| `burden` | the program that runs beside an instance; stands alone |
| the others | one kind each |

An affliction begins when its fault begins to act on a service, is looked after until it ends, and always ends: with its
fault, with the shutdown of the system, with the daemon. What it starts bears the instance's mark, so whatever ends the
instance ends that too.
"""
