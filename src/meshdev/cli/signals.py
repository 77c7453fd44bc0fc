"""Ctrl-C, SIGTERM and a closed terminal as counts that a loop looks at, instead of exceptions anywhere."""

import signal
from types import FrameType, TracebackType
from typing import Any, Self


class Interrupts:
    """While entered: ``presses`` counts SIGINT and SIGTERM, ``hung_up`` tells of SIGHUP."""

    def __init__(self) -> None:
        self.presses = 0
        self.hung_up = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._press)
        self._before[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._hang_up)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _press(self, _number: int, _frame: FrameType | None) -> None:
        self.presses += 1

    def _hang_up(self, _number: int, _frame: FrameType | None) -> None:
        self.hung_up = True
