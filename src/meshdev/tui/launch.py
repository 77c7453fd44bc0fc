"""Shows the dashboard until the user leaves; what the commands call.

When it has a defect itself, the terminal is restored, a short message says the way back, and the system runs on.
"""

import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from meshdev.tui import haste
from meshdev.tui.app import Dashboard
from meshdev.tui.outcome import Outcome

if TYPE_CHECKING:
    from meshdev.client.project import Project


def run(project: "Project", *, owner: bool) -> Outcome:
    """Show the dashboard of ``project`` until the user leaves; ``owner``: this terminal started the system.

    Raises MeshdevError when no daemon answers, KeyboardInterrupt when a signal has ended it.
    """
    from meshdev.client.aio import ask_ahead  # noqa: PLC0415 -- tests bring their own daemon
    from meshdev.tui.daemon_backend import DaemonBackend  # noqa: PLC0415

    haste.hurry()
    backend = DaemonBackend(project, first=ask_ahead(project))
    app = Dashboard(backend, owner=owner, settle=haste.settle)
    try:
        outcome = app.run()
    except Exception:  # noqa: BLE001 -- whatever it is, the user's system must outlive it
        app.defect = app.defect or traceback.format_exc()
        outcome = None
    finally:
        haste.rest()
    if app.failure is not None and outcome is not Outcome.STOP:
        raise app.failure
    if app.defect:
        _report(app.defect, project.paths.state_dir / "dashboard-crash.log")
        return Outcome.CRASHED
    if outcome is None:  # ended from outside: the loop has made a cancellation of the signal
        raise KeyboardInterrupt
    return outcome


def _report(defect: str, file: Path) -> None:
    """Say that the dashboard crashed, where the details are, and the way back."""
    where = f"The details are in {file}"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(defect)
    except OSError:
        where = defect
    last = defect.strip().splitlines()[-1]
    message = (
        f"meshdev: the dashboard had a defect and closed ({last}). Your system was not touched.\n"
        f"  `meshdev attach` opens it again, `meshdev status` and `meshdev logs -f` work without it.\n"
        f"  {where}\n"
    )
    sys.stderr.write(message)
