"""What happens to our containers, as the engine tells it; and when it stops telling, and begins again."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from meshdev.lifecycle.model import Incarnation
from meshdev.runners.container import labels
from meshdev.runners.container.stream import stream
from meshdev.runners.container.trouble import EngineError

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Happened:
    """One event: ``action`` (die, oom, health_status …), ``detail`` what stands behind its colon."""

    container: str
    ref: Incarnation
    action: str
    detail: str
    attributes: Mapping[str, str]


class EventWatch:
    """Keeps one stream of events open; ``opened`` and ``lost`` tell of each time that it is."""

    def __init__(
        self,
        address: str,
        run_id: str,
        *,
        happened: Callable[[Happened], None],
        opened: Callable[[], None],
        lost: Callable[[EngineError], None],
    ) -> None:
        self._address = address
        wanted = {"type": ["container"], "label": [f"{labels.RUN}={run_id}"]}
        self._target = f"/events?{urlencode({'filters': json.dumps(wanted)})}"
        self._happened = happened
        self._opened = opened
        self._lost = lost
        self._rest = b""

    async def run(self) -> None:
        """Watch until cancelled."""
        pause = _FIRST_PAUSE
        while True:
            self._rest = b""
            opened = False

            def open_() -> None:
                nonlocal opened
                opened = True
                self._opened()

            try:
                await stream(self._address, self._target, self._take, opened=open_)
                self._lost(EngineError("the engine ended its events", away=True))
            except EngineError as error:
                self._lost(error)
            pause = _FIRST_PAUSE if opened else min(pause * 2, _LONGEST_PAUSE)
            await asyncio.sleep(pause)

    def _take(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.strip() and (event := parse(line)) is not None:
                self._happened(event)


def parse(line: bytes) -> Happened | None:
    """One line of JSON; None for what is not about a container of ours."""
    try:
        found = json.loads(line)
        actor = found["Actor"]
        attributes = actor["Attributes"]
        identity, said = str(actor["ID"]), str(found["Action"])
    except (ValueError, KeyError, TypeError):
        return None
    ref = labels.incarnation(attributes)
    if ref is None:
        return None
    action, _, detail = said.partition(": ")
    return Happened(identity, ref, action, detail, attributes)
