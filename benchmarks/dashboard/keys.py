"""How long a key takes to be seen, while forty services log."""

import random
import re
import signal
import time
from pathlib import Path
from typing import ClassVar

from benchmarks.case import opened, signal_all
from benchmarks.dashboard.faces import ready, seated
from benchmarks.dashboard.seat import Seat
from benchmarks.processes import cost
from benchmarks.scenarios.base import Figures, Metric, Scenario
from benchmarks.summary import percentile
from benchmarks.tools.base import Tool, Unfit

COUNT = 40
RATE = 250  # lines a second and service
PRESSES = 200
_PAUSES = 0.1, 0.3
_SECONDS = 120
_PATIENCE = 5.0
DOWN, UP = b"\x1b[B", b"\x1b[A"


class Keys(Scenario):
    """Only meshdev: what another tool paints after a key cannot be told apart from the lines that come anyway."""

    group: ClassVar = "dashboard"
    name: ClassVar = "keys"
    title: ClassVar = f"A key in the dashboard: {COUNT} services, {COUNT * RATE:,} log lines/s"
    about: ClassVar = (
        "From the write of an arrow key to the terminal until it has got the whole cell of the service that the cursor "
        f"stands on now; the log pane and the details follow the cursor. {PRESSES} presses at random moments in each "
        "round; p50, p99 and the worst of a round. *CPU*: of the dashboard meanwhile, in percent of a core."
    )
    metrics: ClassVar = (
        Metric("p50", "p50", "ms"),
        Metric("p99", "p99", "ms"),
        Metric("worst", "worst", "ms"),
        Metric("own50", "p50, less waiting", "ms"),
        Metric("own99", "p99, less waiting", "ms"),
        Metric("cpu", "CPU", "%"),
    )
    rounds: ClassVar = 5

    def run(self, tool: Tool, binary: Path) -> Figures:
        """Walk down the table and up again."""
        if tool.name != "meshdev":
            raise Unfit("what a key paints cannot be told from the lines that come anyway")
        with (
            opened(binary, COUNT, ("flood", str(RATE), str(_SECONDS))) as case,
            seated(tool, case) as seat,
        ):
            ready(case, seat)
            if seat.painted(f"{COUNT}/{COUNT} healthy".encode(), 30.0) is None:
                raise Unfit("not every service became healthy")
            signal_all([word.pid for word in case.observer.said("ready")], signal.SIGUSR1)
            time.sleep(2.0)
            begin, before = time.monotonic(), cost([seat.pid])
            delays, own = walk(seat, [service.name for service in case.services])
            used = cost([seat.pid]).cpu - before.cpu
            return {
                "p50": 1000 * percentile(delays, 50),
                "p99": 1000 * percentile(delays, 99),
                "worst": 1000 * max(delays),
                "own50": 1000 * percentile(own, 50),
                "own99": 1000 * percentile(own, 99),
                "cpu": 100 * used / (time.monotonic() - begin),
            }


def walk(seat: Seat, names: list[str]) -> tuple[list[float], list[float]]:
    """Seconds from each press to its picture, and less waiting; the cursor stands on the first name."""
    delays, own = [], []
    at, step = 0, 1
    for _ in range(PRESSES):
        if not 0 <= at + step < len(names):
            step = -step
        at += step
        pressed = seat.press(DOWN if step > 0 else UP)
        seen = seat.painted(under_cursor(names[at]), _PATIENCE)
        if seen is None:
            raise Unfit(f"the cursor was never seen on {names[at]}")
        delays.append(seen.at - pressed.at)
        own.append(max(0.0, delays[-1] - (seen.waited - pressed.waited)))
        time.sleep(random.uniform(*_PAUSES))
    return delays, own


def under_cursor(name: str) -> re.Pattern[bytes]:
    """What stands in the table's line of a service under the cursor, in any state: the whole cell of its name."""
    return re.compile(rf"▌\S+ [a-z ]+  {re.escape(name)}(?= )".encode())
