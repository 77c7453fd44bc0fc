"""``python -m benchmarks.protocols.client NAME PORT SECONDS [FILE]``: a client works and tells its counts as JSON.

With a file it writes them there and stays, as a service does.
"""

import json
import os
import signal
import sys
import time
from importlib import import_module
from pathlib import Path


def main(name: str, port: str, seconds: str, file: str = "") -> None:
    """Work for so many seconds; a port may be named by a variable."""
    at = int(port) if port.isdigit() else int(os.environ[port])
    module = import_module(f"benchmarks.protocols.clients.{name}")
    until = time.monotonic() + float(seconds)
    counts = json.dumps(module.work(at, lambda: time.monotonic() < until))
    if not file:
        print(counts)
        return
    Path(file).with_suffix(".part").write_text(counts, "utf-8")
    Path(file).with_suffix(".part").rename(file)
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
