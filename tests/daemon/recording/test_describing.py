"""What the calls of endpoints are made of: asked once an instance, given by files first, never in the way."""

import asyncio
from pathlib import Path

import pytest

from meshdev.daemon.recording.describing import Describing
from meshdev.daemon.recording.protos import given
from meshdev.errors import ServiceError
from meshdev.recording.protobuf.codec import Codec
from meshdev.wire.mesh import Upstream
from support_calls import PROTOS, TILL, descriptors
from support_mesh import free_port, peer

TILL_AT = ("till", "grpc")


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
