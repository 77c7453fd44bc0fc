"""What the calls of endpoints are made of: asked once an instance, given by files first, never in the way."""

import asyncio
import sys
from pathlib import Path

import grpc
import pytest
from grpc_reflection.v1alpha import reflection

from meshdev.daemon.recording.describing import Describing, Endpoint
from meshdev.daemon.recording.protos import given
from meshdev.errors import ServiceError
from meshdev.recording.protobuf.codec import Codec
from meshdev.wire.mesh import Upstream
from support_calls import PROTOS, TILL, descriptors
from support_grpc import bench_server
from support_mesh import free_port, peer

TILL_AT = ("till", "grpc")

sys.path.insert(0, str(PROTOS))


async def test_files_are_read_and_compiled(tmp_path: Path) -> None:
    """Sets and sources, together; nobody is asked."""
    (tmp_path / "till.binpb").write_bytes(descriptors())
    nowhere = Upstream("127.0.0.1", free_port(), "till-0@1")
    for pattern in (tmp_path / "till.binpb", PROTOS / "*.proto"):
        (one,) = await Describing().known({TILL_AT: nowhere}, {"till": (pattern,)})
        assert (one.callee, one.endpoint) == TILL_AT

        assert Codec(one.data).schema.services == [TILL]


def test_what_protoc_says_is_told(tmp_path: Path) -> None:
    """And what is meant by a missing import."""
    (tmp_path / "a.proto").write_text('syntax = "proto3"; import "deep/b.proto";')
    with pytest.raises(ServiceError) as failed:
        given("till", (tmp_path / "a.proto",))
    assert "protos of till" in failed.value.message
    assert "deep/b.proto" in failed.value.message
    assert "first *" in failed.value.hint


async def test_an_instance_is_asked_once_and_its_successor_anew() -> None:
    """Whether it could tell anything or not."""
    asked = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.read(1)
        writer.close()

    async with peer("says", serve) as it:
        describing = Describing()
        at = {TILL_AT: Upstream("127.0.0.1", it.upstream.port, "till-0@1")}
        assert describing.unasked(at) == at
        for _ in range(3):
            assert await describing.known(at, {}) == ()
        first = asked
        assert first > 0
        assert describing.unasked(at) == {}
        later = {TILL_AT: Upstream("127.0.0.1", it.upstream.port, "till-0@2")}
        assert describing.unasked(later) == later
        await describing.known(later, {})
        assert asked > first
        assert describing.unasked({TILL_AT: None}) == {}


async def test_a_file_that_cannot_be_used_is_a_note(tmp_path: Path) -> None:
    """The recording goes on without names."""
    (tmp_path / "a.proto").write_text("message {")
    describing = Describing()
    assert await describing.known({TILL_AT: None}, {"till": (tmp_path / "a.proto",)}) == ()
    assert "recorded without names" in describing.notes[0]


async def test_who_can_tell_is_asked_where_the_files_are_of_no_use(tmp_path: Path) -> None:
    """By names more secrets are found than by numbers; the note says that it was so, once for all endpoints."""
    (tmp_path / "a.proto").write_text("message {")
    grpc.protos("till.proto")  # into the default pool
    server, port = bench_server(lambda it: reflection.enable_server_reflection([TILL], it))
    try:
        describing = Describing()
        at: dict[Endpoint, Upstream | None] = {
            ("till", name): Upstream("127.0.0.1", port, "till-0@1") for name in ("grpc", "admin")
        }
        found = await describing.known(at, {"till": (tmp_path / "a.proto",)})
    finally:
        server.stop(None).wait(10)
    assert [one.endpoint for one in found] == ["grpc", "admin"]
    assert all(TILL in Codec(one.data).schema.services for one in found)
    (note,) = describing.notes
    assert "server reflection" in note
    assert "without names" not in note


async def test_a_set_with_nothing_in_it_is_a_note(tmp_path: Path) -> None:
    """It was named, and tells nothing."""
    (tmp_path / "empty.binpb").touch()
    describing = Describing()
    assert await describing.known({TILL_AT: None}, {"till": (tmp_path / "empty.binpb",)}) == ()
    assert "there is nothing in them" in describing.notes[0]
