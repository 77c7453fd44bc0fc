"""An endpoint of gRPC out of a recording, to real callers; other endpoints beside it, and what is missing said."""

import asyncio
import builtins
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from msgspec.structs import replace

from meshdev.errors import ServiceError
from meshdev.recording.model import (
    Cut,
    Descriptors,
    Exchange,
    Message,
    MessageKind,
    Meta,
    Recording,
    Response,
)
from meshdev.runners.grpc_reflection import descriptors_at
from meshdev.standin.answering import Stage
from meshdev.standin.grpc_stage import GrpcStage
from meshdev.standin.role import Role, read, written
from meshdev.standin.staging import staged
from meshdev.storage.recordings import Library
from support_calls import a_call, descriptors, encoded, known
from support_mesh import free_port
from support_recordings import exchange
from support_till_calls import Till, till_at

T = TypeVar("T")


def saved(folder: Path, calls: Iterable[Exchange], told: tuple[Descriptors, ...]) -> None:
    """A recording called ``r``."""
    Library(folder).save(Recording(meta=Meta(name="r"), exchanges=tuple(calls), descriptors=told))


@asynccontextmanager
async def playing(
    folder: Path, *calls: Exchange, named: bool = True, **role: Any
) -> AsyncIterator[tuple[int, list[str]]]:
    """The till out of ``calls``; its port, and what its log says."""
    said: list[str] = []
    await asyncio.to_thread(saved, folder, calls, known() if named else ())
    told = Role(
        service="till", folder=str(folder), recordings=("r",), ports={"grpc": "PORT"}, calls=("grpc",), **role
    )
    stage = (await asyncio.to_thread(staged, read(written(told)), said.append))["grpc"]
    assert isinstance(stage, GrpcStage)
    port = free_port()
    await stage.listen(port)
    try:
        yield port, said
    finally:
        await asyncio.wait_for(stage.ends(), 10)


async def call(port: int, work: Callable[[Till], T]) -> T:
    """``work`` with a client, in a thread."""

    def run() -> T:
        with till_at(port) as till:
            return work(till)

    return await asyncio.to_thread(run)


def watched(*numbers: int, gap: int = 1000, **more: Any) -> Exchange:
    """A stream of events."""
    asked = (encoded("WatchRequest", order_id="a", count=len(numbers)),)
    one = a_call("Watch", asked, tuple(encoded("Event", number=number) for number in numbers), **more)
    close = next(message.at for message in one.messages if message.kind is MessageKind.CLOSE)
    heard = [one for one in one.messages if not one.outgoing]
    later = [replace(message, at=close + gap * at) for at, message in enumerate(heard, 1)]
    said = [message for message in one.messages if message.outgoing]
    return replace(one, messages=tuple(said + later), microseconds=close + gap * (len(later) + 1))


async def test_gaps_are_those_of_the_recording(tmp_path: Path) -> None:
    """With timing recorded; nothing waits with fast."""

    def work(till: Till) -> list[float]:
        asked = till.till.WatchRequest(order_id="a", count=3)
        began = monotonic()
        return [monotonic() - began for _ in till.stub.Watch(asked, timeout=20)]

    async with playing(tmp_path, watched(1, 2, 3, gap=150_000), timing="recorded") as (port, _):
        times = await call(port, work)
    assert times[0] >= 0.14
    assert times[2] - times[0] >= 0.28


async def test_a_stream_that_was_left_stays_open_until_its_caller_leaves(tmp_path: Path) -> None:
    """All that was recorded comes, then nothing, and no end."""
    left = replace(watched(1, 2), error="caller-reset", response=Response(200))

    def work(till: Till) -> tuple[int, str]:
        heard = 0
        try:
            for _ in till.stub.Watch(till.till.WatchRequest(order_id="a", count=2), timeout=1.0):
                heard += 1
        except grpc.RpcError as error:
            return heard, error.code().name
        return heard, "OK"

    async with playing(tmp_path, left) as (port, _):
        assert await call(port, work) == (2, "DEADLINE_EXCEEDED")


async def test_many_callers_at_once_and_large_compressed_messages(tmp_path: Path) -> None:
    """Each gets its own answer; five megabytes pass, gzip or not."""
    calls = [
        a_call(
            "Charge",
            (
                encoded(
                    "ChargeRequest", order_id=f"order-{number}", notes=["n" * 5_000_000] if not number else []
                ),
            ),
            (encoded("Charged", id=f"ch-{number}"),),
            number=number,
        )
        for number in range(20)
    ]

    def work(till: Till) -> list[str]:
        asked = [till.till.ChargeRequest(order_id=f"order-{number}") for number in range(20)]
        asked[0].notes.append("n" * 5_000_000)
        made = [till.stub.Charge.future(one, timeout=60, compression=grpc.Compression.Gzip) for one in asked]
        return [one.result().id for one in made]

    async with playing(tmp_path, *calls) as (port, said):
        heard = await asyncio.gather(*(call(port, work) for _ in range(4)))
        assert not [line for line in said if "no match" in line]
    assert heard == [[f"ch-{number}" for number in range(20)]] * 4


async def test_binary_metadata_both_ways(tmp_path: Path) -> None:
    """Bytes where the name says so, also in the trailers."""
    one = a_call("Charge", (b"",), (encoded("Charged", id="x"),))
    told = replace(
        one.response or Response(200),
        headers=(("content-type", "application/grpc"), ("x-raw-bin", "AP8")),
        trailers=(("grpc-status", "0"), ("x-last-bin", "AQI="), ("x-odd", "a\x01")),
    )

    def work(till: Till) -> tuple[Any, Any]:
        _, ended = till.stub.Charge.with_call(
            till.till.ChargeRequest(), timeout=20, metadata=(("x-in-bin", b"\0"),)
        )
        return dict(ended.initial_metadata())["x-raw-bin"], dict(ended.trailing_metadata())

    async with playing(tmp_path, replace(one, response=told)) as (port, _):
        raw, last = await call(port, work)
    assert raw == b"\x00\xff"
    assert last["x-last-bin"] == b"\x01\x02"
    assert "x-odd" not in last


async def test_reflection_tells_what_the_recording_has(tmp_path: Path) -> None:
    """To our own asker and to grpcio's client; nothing without descriptors."""
    async with playing(tmp_path / "named", watched(1)) as (port, _):
        found, why = await descriptors_at("127.0.0.1", port)
        assert why == ""
        assert b"shop" in found

        def work(till: Till) -> list[str]:
            stub = reflection_pb2_grpc.ServerReflectionStub(till.channel)
            asked = [
                reflection_pb2.ServerReflectionRequest(list_services=""),
                reflection_pb2.ServerReflectionRequest(file_containing_symbol="shop.Till.Charge"),
                reflection_pb2.ServerReflectionRequest(file_containing_symbol="shop.Nope"),
                reflection_pb2.ServerReflectionRequest(file_by_filename="google/protobuf/any.proto"),
            ]
            return [
                one.WhichOneof("message_response")
                for one in stub.ServerReflectionInfo(iter(asked), timeout=20)
            ]

        assert await call(port, work) == [
            "list_services_response",
            "file_descriptor_response",
            "error_response",
            "file_descriptor_response",
        ]
    async with playing(tmp_path / "bare", watched(1), named=False) as (port, _):
        assert (await descriptors_at("127.0.0.1", port))[1] == "it has no server reflection"


async def test_an_endpoint_of_http_beside_it(tmp_path: Path) -> None:
    """Each plays its own; what fits neither is counted in the log."""
    get = exchange("GET", "/items")
    get = replace(get, callee="till", endpoint="http")
    over_h2 = replace(get, id="9", protocol="http2")
    stray = replace(watched(5), endpoint="http")
    cut = replace(
        watched(6), messages=(Message(0, outgoing=True, kind=MessageKind.BINARY, data=b"", cut=Cut.CAP),)
    )
    await asyncio.to_thread(saved, tmp_path, (get, over_h2, stray, cut, watched(1)), ())
    said: list[str] = []
    role = Role(
        service="till",
        folder=str(tmp_path),
        recordings=("r",),
        ports={"http": "A", "grpc": "B"},
        calls=("grpc",),
    )
    stages = await asyncio.to_thread(staged, role, said.append)
    assert [type(one) for one in stages.values()] == [Stage, GrpcStage]
    text = "\n".join(said)
    assert "plays till (http): 1 exchange" in text
    assert "plays till (grpc): 1 exchange" in text
    assert "it came over HTTP/2" in text
    assert "this endpoint does not speak it" in text
    assert "not all messages were kept whole" in text


async def test_without_grpcio_it_is_said_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And how to get it."""
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("meshdev.standin.grpc_stage"):
            raise ImportError("No module named 'grpc'")
        return real(name, *rest)

    await asyncio.to_thread(saved, tmp_path, (watched(1),), ())
    monkeypatch.setattr(builtins, "__import__", without)
    role = Role(service="till", folder=str(tmp_path), recordings=("r",), ports={"grpc": "B"}, calls=("grpc",))
    with pytest.raises(ServiceError) as failed:
        await asyncio.to_thread(staged, role, print)
    assert "meshdev[grpc]" in (failed.value.hint or "")
    assert descriptors()
