"""The gRPC server of the tests on $PORT, by TLS if it has a $TLS_CERT_FILE; SIGUSR1 switches whether it is serving."""

import os
import signal
import sys
from pathlib import Path

import grpc
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
credentials = None
if "TLS_CERT_FILE" in os.environ:
    pair = [Path(os.environ[name]).read_bytes() for name in ("TLS_KEY_FILE", "TLS_CERT_FILE")]
    credentials = grpc.ssl_server_credentials([tuple(pair)])
server, _ = bench_server(
    lambda made: health_pb2_grpc.add_HealthServicer_to_server(servicer, made),
    port=int(os.environ["PORT"]),
    credentials=credentials,
)
while True:
    signal.pause()
