"""What a process that is a dashboard asks of its interpreter."""

import json
import subprocess
import sys

_PROGRAM = """
import gc, json, os, sys
from meshdev.tui import haste
said = {"textual": "textual" in sys.modules}
haste.hurry()
said |= {"collects": gc.isenabled(), "turn": sys.getswitchinterval()}
haste.read_ahead()
from textual.constants import MAX_FPS
before = len(gc.get_objects())
haste.settle()
said |= {"frames": MAX_FPS, "again": gc.isenabled(), "seen": len(gc.get_objects()) / before}
haste.rest()
said |= {"left": gc.get_freeze_count(), "usual": sys.getswitchinterval()}
print(json.dumps(said))
"""


def test_what_is_there_for_good_is_not_looked_at_again() -> None:
    """In a process of its own: nothing of it may hold for the tests themselves."""
    answer = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    said = json.loads(answer.stdout)
    assert said.pop("seen") < 0.02
    assert said == {
        "textual": False,
        "collects": False,
        "turn": 0.001,
        "frames": 120,
        "again": True,
        "left": 0,
        "usual": 0.005,
    }
