"""A real gRPC server and callers of it (grpcio), with bytes for messages, so that nothing needs to be compiled.

`Bench` has a method of each sort: ``Echo`` (unary), ``Count`` (answers many), ``Sum`` (takes many), ``Chat`` (both),
``Fail`` (ends with the status that the request names), ``Sleep`` (waits until it is cancelled), ``Late`` (fails after
some answers).
"""

import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, Self

import grpc

SERVICE: Final = "test.Bench"
CODES: Final = {code.name: code for code in grpc.StatusCode}


def _echo(request: bytes, _: Any) -> bytes:
    return request


def _count(request: bytes, _: Any) -> Iterator[bytes]:
    yield from (b"x" * index for index in range(int(request)))


def _sum(requests: Iterator[bytes], _: Any) -> bytes:
    return str(sum(len(request) for request in requests)).encode()


def _chat(requests: Iterator[bytes], _: Any) -> Iterator[bytes]:
    yield from requests


def _fail(request: bytes, context: Any) -> bytes:
    context.abort(CODES[request.decode()], "as it was asked for")
    raise AssertionError


def _late(request: bytes, context: Any) -> Iterator[bytes]:
    yield from (b"one", b"two")
    context.abort(CODES[request.decode()], "late")


def _sleep(_: bytes, context: Any) -> bytes:
    over = threading.Event()
    context.add_callback(over.set)
    over.wait(30)
    return b""


_HANDLERS: Final = {
    "Echo": grpc.unary_unary_rpc_method_handler(_echo),
    "Count": grpc.unary_stream_rpc_method_handler(_count),
    "Sum": grpc.stream_unary_rpc_method_handler(_sum),
    "Chat": grpc.stream_stream_rpc_method_handler(_chat),
    "Fail": grpc.unary_unary_rpc_method_handler(_fail),
    "Late": grpc.unary_stream_rpc_method_handler(_late),
    "Sleep": grpc.unary_unary_rpc_method_handler(_sleep),
}


def bench_server(
    prepare: Callable[[Any], None] = lambda _: None,
    *,
    workers: int = 16,
    port: int = 0,
    credentials: Any = None,
) -> tuple[Any, int]:
    """A server on ``port``, or on a free one, started; ``prepare`` may add to it before."""
    server = grpc.server(futures.ThreadPoolExecutor(workers), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, _HANDLERS),))
    prepare(server)
    address = f"127.0.0.1:{port}"
    add = (
        server.add_insecure_port
        if credentials is None
        else partial(server.add_secure_port, server_credentials=credentials)
    )
    port = add(address)
    server.start()
    return server, port


@contextmanager
def grpc_bench() -> Iterator[int]:
    """Its port."""
    server, port = bench_server()
    try:
        yield port
    finally:
        server.stop(None).wait(10)


class Caller:
    """Calls `Bench` over one connection."""

    def __init__(self, port: int, credentials: Any = None) -> None:
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
        if credentials is None:
            self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=options)
        else:
            self.channel = grpc.secure_channel(f"127.0.0.1:{port}", credentials, options=options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()

    def unary(self, method: str, request: bytes, **more: Any) -> bytes:
        """One request, one answer. Raises grpc.RpcError."""
        call = self.channel.unary_unary(f"/{SERVICE}/{method}")
        return bytes(call(request, timeout=more.pop("timeout", 20), **more))

    def code(self, method: str, request: bytes, **more: Any) -> str:
        """How such a call ends."""
        try:
            self.unary(method, request, **more)
        except grpc.RpcError as error:
            return str(error.code().name)
        return "OK"

    def many(self, method: str, request: bytes, **more: Any) -> Any:
        """One request, many answers."""
        return self.channel.unary_stream(f"/{SERVICE}/{method}")(request, timeout=20, **more)

    def gather(self, method: str, requests: Iterator[bytes]) -> bytes:
        """Many requests, one answer."""
        return bytes(self.channel.stream_unary(f"/{SERVICE}/{method}")(requests, timeout=20))

    def chat(self, requests: Iterator[bytes]) -> Any:
        """Many requests, many answers."""
        return self.channel.stream_stream(f"/{SERVICE}/Chat")(requests, timeout=60)
