"""A client of the till (tests/e2e/programs/till_server.py), and the topology that it is in."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import grpc

from support_calls import PROTOS

sys.path.insert(0, str(PROTOS))

TOPOLOGY = """
[system]
name = "shop"

[services.till]
command = "@python@ -u @programs@/till_server.py"
protocol = "grpc"
ports = ["@port@:grpc"]
healthcheck = { grpc = "", interval = "200ms", retries = 1 }
@more@
"""


def topology(port: int, more: str = "") -> str:
    """The till, published on ``port``; ``more`` lines of its table, or behind it."""
    return TOPOLOGY.replace("@port@", str(port)).replace("@more@", more)


@dataclass
class Till:
    """Calls over one channel."""

    channel: Any
    till: Any
    stub: Any

    def charge(self, order: str, cents: int, **more: Any) -> Any:
        """One charge. Raises grpc.RpcError."""
        metadata = more.pop("metadata", ())
        return self.stub.Charge(
            self.till.ChargeRequest(order_id=order, amount_cents=cents, **more), timeout=20, metadata=metadata
        )

    def refusal(self, work: Callable[[], object]) -> tuple[str, str, dict[str, str]]:
        """How a call fails: code, details, trailing metadata."""
        try:
            work()
        except grpc.RpcError as error:
            return error.code().name, error.details(), dict(error.trailing_metadata())
        raise AssertionError

    def watch(self, order: str, count: int) -> list[tuple[int, str]]:
        """Many answers."""
        asked = self.till.WatchRequest(order_id=order, count=count)
        return [(event.number, event.order_id) for event in self.stub.Watch(asked, timeout=20)]

    def total(self, *cents: int) -> tuple[int, int]:
        """Many questions."""
        made = self.stub.Total((self.till.Item(sku=f"s-{one}", cents=one) for one in cents), timeout=20)
        return made.items, made.cents

    def haggle(self, *offers: int) -> list[tuple[int, str]]:
        """Each offer is made when the one before was answered."""
        turns: SimpleQueue[Any] = SimpleQueue()
        heard: list[tuple[int, str]] = []
        more = iter(offers)
        for answer in self.stub.Haggle(iter(turns.get, None), timeout=20):
            heard.append((answer.cents, answer.word))
            if len(heard) <= len(offers) + 1:
                offer = next(more, None)
                turns.put(None if offer is None else self.till.Offer(cents=offer, word="please"))
        return heard


@contextmanager
def till_at(port: int) -> Iterator[Till]:
    """A client of whoever plays the till there."""
    till, services = grpc.protos_and_services("till.proto")
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        yield Till(channel, till, services.TillStub(channel))
