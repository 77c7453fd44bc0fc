"""A caller of the gRPC server behind $BENCH_PORT: calls of every sort, over and over, and says how they end."""

import os
import sys
import time
from pathlib import Path

import grpc

sys.path.insert(0, str(Path(__file__).parents[2]))
from support_grpc import Caller

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
secure = os.environ["BENCH_URL"].startswith("https:")
with Caller(int(os.environ["BENCH_PORT"]), grpc.ssl_channel_credentials() if secure else None) as caller:
    while True:
        began = time.monotonic()
        said = [
            caller.unary("Echo", b"hello", metadata=(("traceparent", TRACE),)).decode(),
            caller.code("Fail", b"NOT_FOUND"),
            caller.code("Fail", b"UNAVAILABLE"),
            str(len(list(caller.many("Count", b"30")))),
            caller.gather("Sum", iter([b"abc"] * 50)).decode(),
            str(len(list(caller.chat(iter([b"m" * 2000] * 20))))),
        ]
        took = time.monotonic() - began
        print("slow" if took > 2 else "quick", *said, flush=True)
        time.sleep(0.2)
