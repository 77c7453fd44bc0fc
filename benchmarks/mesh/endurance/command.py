"""``python -m benchmarks mesh endurance [--only soak,killed]``; exit code 1: something did not hold."""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.mesh import endurance
from benchmarks.mesh.endurance.base import Finding, Setting
from benchmarks.mesh.endurance.kept import keep
from benchmarks.mesh.tables.base import say
from benchmarks.tools.binary_peers import CACHE

RESULTS: Final = CACHE / "results"


def main(argv: Sequence[str]) -> int:
    """Run the trials, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks mesh endurance")
    known = [one.name for one in endurance.ALL]
    parser.add_argument(
        "--only", type=lambda text: text.split(","), default=known, metavar="A,B", help=", ".join(known)
    )
    parser.add_argument("--seconds", type=float, default=300.0, help="of the soak (300)")
    arguments = parser.parse_args(argv)
    if unknown := set(arguments.only) - set(known):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    broken = 0
    for trial in endurance.ALL:
        if trial.name not in arguments.only:
            continue
        say(trial.name)
        finding = Finding()
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="bench-mesh-") as folder:
            asyncio.run(trial.run(Setting(Path(folder), arguments.seconds), finding))
        print(f"{trial.name}: {'BROKEN' if finding.broken else 'held'} ({time.monotonic() - began:.0f} s)")
        for text in finding.broken:
            print(f"  broken: {text}")
        for text in finding.told:
            print(f"  {text}")
        broken += len(finding.broken)
        keep(RESULTS, trial.name, finding)
    return 1 if broken else 0
