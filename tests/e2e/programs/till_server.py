"""The till of the tests (tests/protos/till.proto) on $PORT, with health and, unless $SILENT is set, server reflection.

``Charge`` answers with an id of its own and the time; a negative amount is refused with metadata. ``Watch`` sends so
many events, ``Total`` adds up, ``Haggle`` answers each offer with a lower one and the last word when all was said.
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[2] / "protos"))
from support_grpc import bench_server

till: Any
services: Any
till, services = grpc.protos_and_services("till.proto")
TOKEN = "ses_9aK2mQ7xT4vB8nL1cD5e"  # noqa: S105 -- a secret is what is wanted here
GAP = float(os.environ.get("GAP", "0"))


class Till(services.TillServicer):  # type: ignore[misc]
    """Its methods."""

    def Charge(self, request: Any, context: Any) -> Any:  # noqa: N802 -- the proto's name
        """One answer, or a refusal."""
        context.send_initial_metadata((("x-till", "7"),))
        if request.amount_cents < 0:
            context.set_trailing_metadata((("x-reason", "negative"),))
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not less than nothing ☃")
        at = time.time()
        made = till.Charged(
            id=f"ch-{uuid4()}",
            order_id=request.order_id,
            state="CHARGED",
            amount_cents=request.amount_cents,
            session_token=TOKEN,
        )
        made.at.FromNanoseconds(int(at * 1e9))
        return made

    def Watch(self, request: Any, _: Any) -> Any:  # noqa: N802
        """Many answers."""
        for number in range(request.count):
            time.sleep(GAP)
            yield till.Event(number=number, order_id=request.order_id)

    def Total(self, requests: Any, _: Any) -> Any:  # noqa: N802
        """One answer to many."""
        items = list(requests)
        return till.Sum(items=len(items), cents=sum(item.cents for item in items))

    def Haggle(self, requests: Any, _: Any) -> Any:  # noqa: N802
        """An answer to each, and one more."""
        yield till.Offer(cents=1000, word="make me an offer")
        last = 0
        for offer in requests:
            last = offer.cents
            yield till.Offer(cents=(1000 + offer.cents) // 2, word="hm")
        yield till.Offer(cents=last, word=os.environ.get("SOLD", "sold"))


def prepare(server: Any) -> None:
    """All of it."""
    services.add_TillServicer_to_server(Till(), server)
    servicer = health.HealthServicer()
    servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    if not os.environ.get("SILENT"):
        reflection.enable_server_reflection(("shop.Till", reflection.SERVICE_NAME), server)


serving = bench_server(prepare, port=int(os.environ["PORT"]))
while True:
    signal.pause()
