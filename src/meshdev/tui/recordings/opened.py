"""A recording that is looked at as a list of calls: numbered as they began. Pure."""

from dataclasses import dataclass
from typing import Self

from meshdev.recording.model import Exchange, Recording
from meshdev.recording.view import view_of
from meshdev.tui.flows import Flows
from meshdev.wire.control import ExchangeView


@dataclass(frozen=True, slots=True)
class Opened:
    """``flows`` has a call for each exchange of ``recording``; the first is number 1."""

    recording: Recording
    flows: Flows

    @classmethod
    def of(cls, recording: Recording) -> Self:
        """The calls of ``recording``."""
        flows = Flows(max(1, len(recording.exchanges)))
        flows.extend([view_of(one, number) for number, one in enumerate(recording.exchanges, 1)])
        return cls(recording, flows)

    @property
    def name(self) -> str:
        """The recording's."""
        return self.recording.meta.name

    def exchange(self, call: ExchangeView) -> Exchange:
        """All of ``call``."""
        return self.recording.exchanges[call.seq - 1]
