"""What the interpreter is told so that the first picture, and each key, is answered soon.

Measured over 40 services that log: a full collection holds everything up for 30 to 45 ms, every few seconds, because it
looks at each object that Textual and we have made (200,000, nearly all of them there for good). So while the dashboard
is being read and drawn for the first time nothing is collected, and what is there when a screen has been drawn is put
out of the collector's sight. A thread that reads logs keeps the interpreter for 5 ms at a time by default; a key needs
it three times (input, drawing, output).

All of it holds for a process that is a dashboard and nothing else: `app.run` and the commands do it, tests do not.
"""

import gc
import os
import sys
from importlib import import_module
from typing import Final

NEEDED: Final = (
    "meshdev.tui.launch",
    "meshdev.tui.daemon_backend",
    "meshdev.tui.screens.services",
    "textual.drivers.linux_driver",
    "textual.scrollbar",
)
"""Modules that the first picture needs and that are read when they are first used."""

_FRAMES = "120"
_TURN, _USUAL_TURN = 0.001, 0.005
"""Seconds that a thread may compute while another one wants to."""


def hurry() -> None:
    """Collect nothing until `settle`, and let no thread keep the interpreter for longer than a moment.

    To be called before Textual is imported: it asks the environment how often a second it may draw. Drawing waits for
    the next frame, and it is only drawn when something has changed; so more frames cost nothing and a key waits less.
    """
    os.environ.setdefault("TEXTUAL_FPS", _FRAMES)
    sys.setswitchinterval(_TURN)
    gc.disable()


def read_ahead() -> None:
    """Import what the first picture needs."""
    for name in NEEDED:
        import_module(name)


def settle() -> None:
    """What exists now stays: later collections need not look at it. For moments at which much has been made."""
    gc.collect()
    gc.freeze()
    gc.enable()


def rest() -> None:
    """There is no dashboard any more: everything as usual."""
    gc.unfreeze()
    gc.enable()
    sys.setswitchinterval(_USUAL_TURN)
