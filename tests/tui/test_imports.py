"""What the dashboard reads before it can show anything."""

import subprocess
import sys

HEAVY = ("pydantic", "networkx", "httpx", "starlette", "uvicorn", "watchfiles", "aiohttp", "psutil", "docker")


LATER = tuple(
    f"meshdev.tui.screens.{name}"
    for name in ("graph", "traffic", "traces", "logs", "chaos", "table", "topics", "databases")
)


def test_the_dashboard_starts_light() -> None:
    """None of what only others, single actions, or other screens need: each would be waited for at every start."""
    asked = (
        f"import sys, meshdev.tui.launch; print(*(name for name in {HEAVY + LATER} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
