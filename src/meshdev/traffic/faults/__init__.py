"""Faults on purpose: what they are, whom they hit and when, and what they do to bytes and requests. Sans-IO.

| file | what is in it |
|---|---|
| `catalogue` | the one table of all kinds; command line, dashboard, documentation and JSON Schema are made from it |
| `kinds` | what an entry of the table consists of |
| a file per fault | `latency`, `bandwidth`, …: its entry, and what it does |
| `values`, `short_form`, `drafting` | from what people write to a `wire.faults.FaultSpec` |
| `target` | which edges and services are meant |
| `match`, `schedule`, `draws` | whom it hits, when it acts, and chance that can be repeated |
| `link`, `chain` | faults on one direction of one connection, spliced in and out while it lives |
| `edge`, `connection`, `exchange` | the faults of one edge at work: on connections, on requests |

**A new fault** is one file with a class and a `FaultKind`, and one line in `catalogue`. Time comes in as ``now``,
chance as `draws.Draws`.
"""
