"""A service of gRPC with real messages (tests/protos/till.proto): its descriptors, its messages, calls of it."""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from grpc_tools import protoc

from meshdev.recording.model import Descriptors, Exchange, Message, MessageKind, Request, Response
from meshdev.recording.protobuf.codec import Codec

PROTOS = Path(__file__).parent / "protos"
WELL_KNOWN = Path(protoc.__file__).parent / "_proto"
TILL = "shop.Till"


@cache
def descriptors() -> bytes:
    """As `protoc` writes them, with all that is imported."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "till.binpb"
        words = [
            "protoc",
            f"-I{PROTOS}",
            f"-I{WELL_KNOWN}",
            "--include_imports",
            f"--descriptor_set_out={made}",
        ]
        assert protoc.main([*words, "till.proto"]) == 0
        return made.read_bytes()


@cache
def codec() -> Codec:
    """That of `Till`."""
    return Codec(descriptors())


def encoded(name: str, **content: Any) -> bytes:
    """A message of that name."""
    return codec().encoded(f"shop.{name}", content)


def decoded(name: str, data: bytes) -> Any:
    """The same as JSON."""
    return codec().decoded(f"shop.{name}", data)


def known(callee: str = "till", endpoint: str = "grpc") -> tuple[Descriptors, ...]:
    """What a recording has of it."""
    return (Descriptors(callee, endpoint, descriptors()),)


def a_call(  # noqa: PLR0913 -- a call has many parts
    method: str,
    asked: tuple[bytes, ...],
    heard: tuple[bytes, ...],
    *,
    number: int = 1,
    metadata: tuple[tuple[str, str], ...] = (),
    status: int = 0,
    message: str = "",
    service: str = TILL,
    callee: str = "till",
) -> Exchange:
    """A call whose caller says all, then is answered."""
    said = [
        Message(100 * at, outgoing=True, kind=MessageKind.BINARY, data=data) for at, data in enumerate(asked)
    ]
    said.append(Message(1000, outgoing=True, kind=MessageKind.CLOSE, data=b""))
    said += [
        Message(2000 + 1000 * at, outgoing=False, kind=MessageKind.BINARY, data=data)
        for at, data in enumerate(heard)
    ]
    trailers = (("grpc-status", str(status)), *((("grpc-message", message),) if message else ()))
    return Exchange(
        str(number),
        1_800_000_000.0 + number,
        5000,
        "orders",
        callee,
        Request("POST", f"/{service}/{method}", (("content-type", "application/grpc"), *metadata)),
        Response(200, "", (("content-type", "application/grpc"),), trailers=trailers),
        endpoint="grpc",
        route=f"{service}/{method}",
        messages=tuple(said),
        protocol="grpc",
    )
