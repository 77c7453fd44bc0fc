"""Containers in the daemon: what one is launched with (`recipe`), made ready (`builder`), on which network (`callers`).

`room` wires them with the runner; everything that speaks with an engine is in `runners/container`.
"""
