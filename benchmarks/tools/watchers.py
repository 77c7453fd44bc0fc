"""watchfiles' command line: no process manager, but the shortest way from a save to a new process."""

import shlex
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from benchmarks.case import Case
from benchmarks.tools.base import Tool, Unfit


class Watchfiles(Tool):
    """Restarts one command when a file changes; takes part in the reload scenario only."""

    name = "watchfiles"
    watches = True
    quiet = 0.05

    def version(self) -> str:
        """Of the package."""
        return metadata.version("watchfiles")

    def configure(self, case: Case) -> None:
        """Nothing to write."""
        if case.watched is None or len(case.services) != 1:
            raise Unfit("runs one command, and only to restart it")

    def command(self, case: Case) -> Sequence[str]:
        """In the foreground."""
        program = Path(sys.executable).parent / "watchfiles"
        folder = case.watched.parent if case.watched else case.folder
        return [str(program), "--filter", "all", shlex.join(case.services[0].argv), str(folder)]
