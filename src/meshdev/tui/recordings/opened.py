"""A recording that is looked at as a list of calls: numbered as they began. Pure."""

from dataclasses import dataclass
from typing import Self

from meshdev.recording.model import Exchange, Recording
from meshdev.recording.protobuf.codec import Codecs
from meshdev.recording.view import view_of
from meshdev.tui.flows import Flows
from meshdev.tui.recordings.wholes import Whole
from meshdev.wire.control import ExchangeView


@dataclass(frozen=True, slots=True)
class Opened:
    """``flows`` has a call for each exchange of ``recording``; the first is number 1."""

    recording: Recording
    flows: Flows
    codecs: Codecs

    @classmethod
    def of(cls, recording: Recording) -> Self:
        """The calls of ``recording``."""
        flows = Flows(max(1, len(recording.exchanges)))
        flows.extend([view_of(one, number) for number, one in enumerate(recording.exchanges, 1)])
        return cls(recording, flows, Codecs(recording.descriptors))

    @property
    def name(self) -> str:
        """The recording's."""
        return self.recording.meta.name

    def whole(self, call: ExchangeView) -> Whole:
        """All of ``call``, its messages by their names if these are known."""
        return Whole(self.exchange(call), decode=self.codecs.decode)

    def exchange(self, call: ExchangeView) -> Exchange:
        """All of ``call``."""
        return self.recording.exchanges[call.seq - 1]
