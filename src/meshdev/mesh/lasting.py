"""Calls that go on when their answer has begun: tunnels, and streams of server-sent events.

Rules: such a call counts with the time until its answer, for how long it then lasted is no latency · it is in flight
while it lasts · it is told when it is over, with the whole time and what passed · that its caller ends a stream of
events is no error: streams have no other end.
"""

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from meshdev.mesh.edge import Edge
from meshdev.mesh.exchanges import UNMARKED, Marks
from meshdev.traffic.event_stream import readable_events
from meshdev.traffic.http1 import ResponseEvent
from meshdev.traffic.http1_head import RequestHead, ResponseHead

if TYPE_CHECKING:
    from meshdev.mesh.capture import Take


@dataclass(slots=True, eq=False)
class LastingCall:
    """One such call; ``counted`` if its edge counts calls and not connections, ``started`` is `perf_counter`."""

    edge: Edge
    head: RequestHead
    status: int
    started: float
    bytes_in: int = 0
    bytes_out: int = 0
    instance: str = ""
    ids: bytes = b""
    error: str = ""
    marks: Marks = UNMARKED
    counted: bool = True
    take: "Take | None" = None

    def answered(self, at: float = 0.0) -> None:
        """Its answer began, now or at that time."""
        if self.counted:
            self.edge.exchanges.count(self.head, self.status, (at or perf_counter()) - self.started)
            self.edge.touch()

    def over(self) -> None:
        """Nothing more passes."""
        exchanges = self.edge.exchanges
        if self.counted:
            self.edge.in_flight -= 1
            if self.error:
                exchanges.count_broken(self.head, self.status)
        sizes = (self.bytes_in, self.bytes_out)
        exchanges.tell(
            self.head, self.status, self.started, sizes, self.instance, self.ids, self.error, self.marks
        )
        if self.take is not None:
            self.take.over(self.status, self.instance, self.ids, self.error, self.marks)
        self.edge.touch()


class Lasting(Protocol):
    """What makes a call last."""

    def lasts(self, call: LastingCall, /) -> None:
        """This is the call; the caller's connection is done with it."""


class EventStream:
    """An answer that brings events; they are counted as they pass, unless they are compressed."""

    __slots__ = ("_began", "_counter")

    def __init__(self, answer: ResponseHead) -> None:
        self._began = perf_counter()
        self._counter = readable_events(answer)

    def feed(self, events: list[ResponseEvent]) -> None:
        """What came of the answer."""
        if self._counter is not None:
            for event in events:
                if type(event) is bytes:
                    self._counter.feed(event)

    def lasts(self, call: LastingCall) -> None:
        """The stream is over."""
        if self._counter is not None:
            call.marks = call.marks._replace(events=self._counter.events)
        call.answered(self._began)
        call.over()
