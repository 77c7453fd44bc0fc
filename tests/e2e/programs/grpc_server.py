"""The gRPC server of the tests on $PORT, with a health service; SIGUSR1 switches whether it is serving."""

import os
import signal
import sys
from pathlib import Path

from grpc_health.v1 import health, health_pb2, health_pb2_grpc

sys.path.insert(0, str(Path(__file__).parents[2]))
from support_grpc import SERVICE, bench_server

_STATUS = health_pb2.HealthCheckResponse
servicer = health.HealthServicer()
states = [_STATUS.SERVING, _STATUS.NOT_SERVING]
for name in ("", SERVICE):
    servicer.set(name, states[0])


def switch(*_: object) -> None:
    """The other status from now on."""
    states.reverse()
    servicer.set(SERVICE, states[0])


signal.signal(signal.SIGUSR1, switch)
server, _ = bench_server(
    lambda made: health_pb2_grpc.add_HealthServicer_to_server(servicer, made), port=int(os.environ["PORT"])
)
while True:
    signal.pause()
