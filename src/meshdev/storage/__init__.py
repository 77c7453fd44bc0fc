"""Floor 2: logs (later captures, traces) on disk.

`layout` says how a run's logs lie on disk, `store` writes them (the daemon), `reader` reads and follows them (the
command line, the dashboard, the control API). Nothing is imported here: a reader must not pay for the writer.
"""
