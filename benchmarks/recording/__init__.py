"""``python -m benchmarks recording``: recorders beside each other.

| where | what |
|---|---|
| `exchanges`, `mix` | calls of 1.5 kB; the sixty-four calls that recorders are tried with |
| `upstream`, `caller` | the service behind every recorder; those who call |
| `tools` | the recorders: each a proxy that records, or a server that plays |
| `tables` | what is measured |
| `serve`, `vcr_server` | processes: ours without a daemon; vcrpy in a small server |
| `command`, `page` | what is run, printed, written |
"""
