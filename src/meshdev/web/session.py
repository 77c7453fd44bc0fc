"""``python -m meshdev.web.session FILE LIFE``: the dashboard of one browser tab, as a process of its own.

Its terminal is the pair of pipes that the server holds (Textual's web driver). The exit code is how the visit ended.
LIFE is the reading end of a pipe that only the server can write to: when the server is gone, however that happened,
this process goes too. Textual by itself would go on drawing for nobody.
"""

import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from meshdev.client.project import find_project
from meshdev.errors import MeshdevError
from meshdev.tui import haste

if TYPE_CHECKING:
    from meshdev.tui.outcome import Outcome

LEFT, STOPPED, CRASHED = 0, 10, 70
"""Exit codes."""
CODES: Final = {"leave": LEFT, "stop": STOPPED, "crashed": CRASHED}


def main(arguments: Sequence[str]) -> int:
    """Show the dashboard until its user leaves; the exit code."""
    file, life = arguments
    _end_with(int(life))
    try:
        haste.hurry()
        project = find_project(file, cwd=Path.cwd(), environ=os.environ)
        from meshdev.tui.launch import run  # noqa: PLC0415 -- the pipe is watched while this takes its time

        outcome: Outcome = run(project, owner=False)
    except MeshdevError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return CODES[outcome]


def _end_with(life: int) -> None:
    os.set_inheritable(life, False)  # noqa: FBT003 -- its signature

    def watch() -> None:
        os.read(life, 1)
        os._exit(LEFT)  # nothing is ours to put in order: the services are the daemon's

    threading.Thread(target=watch, name="meshdev-server-gone", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
