"""Server reflection asked of real servers: v1alpha, v1, none at all, and nonsense."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_reflection.v1alpha import reflection

from meshdev.recording.protobuf.codec import Codec
from meshdev.recording.protobuf.schema import file_names
from meshdev.runners.grpc_reflection import Reflection, descriptors_at
from support_calls import PROTOS, TILL, decoded, encoded
from support_grpc import bench_server
from support_mesh import free_port, peer
from support_tls import issued

sys.path.insert(0, str(PROTOS))


class _AsV1(grpc.GenericRpcHandler):  # type: ignore[misc]
    """The handlers of a server under another name: grpcio's package has v1alpha only."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def service(self, details: Any) -> Any:
        """The v1alpha's handler for a call to v1."""
        if "reflection.v1." not in details.method:
            return None
        return self._inner.service(details._replace(method=details.method.replace(".v1.", ".v1alpha.")))


class _Taking:
    """Takes what `reflection` adds to a server."""

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """Keep it."""
        (self.handler,) = handlers

    def add_registered_method_handlers(self, *_: Any) -> None:
        """Not these."""


@contextmanager
def reflecting(version: str, credentials: Any = None) -> Iterator[int]:
    """A server with reflection of that version; its port."""
    grpc.protos("till.proto")  # into the default pool

    def prepare(server: Any) -> None:
        if version == "v1alpha":
            reflection.enable_server_reflection((TILL, reflection.SERVICE_NAME), server)
        elif version == "v1":
            taking = _Taking()
            reflection.enable_server_reflection((TILL,), taking)
            server.add_generic_rpc_handlers((_AsV1(taking.handler),))

    server, port = bench_server(prepare, credentials=credentials)
    try:
        yield port
    finally:
        server.stop(None).wait(10)


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_a_server_tells_what_its_calls_are_made_of(version: str) -> None:
    """All files, imported ones too, so that messages are decoded by them."""
    with reflecting(version) as port:
        found, why = await descriptors_at("127.0.0.1", port)
    assert why == ""
    assert {"till.proto", "google/protobuf/any.proto", "google/protobuf/timestamp.proto"} <= set(
        file_names(found)
    )
    data = encoded("ChargeRequest", order_id="o", extra={"a": 1}, card={"cvv": 3})
    assert Codec(found).decoded("shop.ChargeRequest", data) == decoded("ChargeRequest", data)


async def test_a_server_that_speaks_tls_is_asked_by_tls(tmp_path: Path) -> None:
    """Whatever its certificate is: it is asked for names, not trusted with anything."""
    both = issued(tmp_path, "localhost").certificate.read_bytes()
    at = (
        both.index(b"-----BEGIN PRIVATE KEY")
        if b"-----BEGIN PRIVATE KEY" in both
        else both.index(b"-----BEGIN EC")
    )
    credentials = grpc.ssl_server_credentials([(both[at:], both[:at])])
    with reflecting("v1", credentials) as port:
        found, why = await descriptors_at("127.0.0.1", port, tls=True)
    assert why == ""
    assert "till.proto" in set(file_names(found))


async def test_a_server_without_reflection_says_so() -> None:
    """It is no error."""
    with reflecting("none") as port:
        assert await descriptors_at("127.0.0.1", port) == (b"", "it has no server reflection")


async def test_whoever_is_not_there_or_speaks_otherwise() -> None:
    """Neither is one."""
    found, why = await descriptors_at("127.0.0.1", free_port())
    assert (found, why[:22]) == (b"", "it cannot be reached: ")

    async def serve(reader: Any, writer: Any) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.write_eof()
        await reader.read()

    async with peer("says", serve) as it:
        assert await descriptors_at("127.0.0.1", it.upstream.port) == (b"", "its answers make no sense")


def test_nonsense_is_nothing() -> None:
    """Answers that are no messages, files without a name."""
    reflection_ = Reflection()
    assert len(reflection_.asks()) == 1
    reflection_.heard([b"\xff", b""])
    assert reflection_.asks() == []
    assert reflection_.descriptors() == b""
