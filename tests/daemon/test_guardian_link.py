"""The daemon's end of the line: a lost guardian is replaced, but not for ever."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meshdev.daemon.guardian import Ward
from meshdev.daemon.guardian_link import GuardianLink
from meshdev.runners.reaper import Reaper
from support_processes import kill, wait_until_dead

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


@pytest.fixture
async def losses() -> AsyncIterator["asyncio.Queue[bool]"]:
    """What the daemon hears about its guardians, while a reaper takes care of them."""
    reaper = Reaper()
    reaper.start()
    yield asyncio.Queue()
    reaper.close()


async def test_replaced_until_it_is_too_often(losses: "asyncio.Queue[bool]", tmp_path: Path) -> None:
    """Four losses in a minute are made good; the fifth means: shut down."""
    ours, theirs = socket.socketpair()
    link = GuardianLink(theirs.detach())
    link.introduce(project="p", run_id="r", socket_path=tmp_path / "s", lock=tmp_path / "l")
    link.watch(losses.put_nowait)
    ours.close()
    for _ in range(4):
        assert await asyncio.wait_for(losses.get(), 20) is True
        kill(link.guardian)
        assert wait_until_dead(link.guardian)
    assert await asyncio.wait_for(losses.get(), 20) is False
    link.close()


async def test_replacement_ends_with_the_daemon(losses: "asyncio.Queue[bool]", tmp_path: Path) -> None:
    """When the daemon closes its end, the replacement has nothing to guard and ends."""
    ours, theirs = socket.socketpair()
    link = GuardianLink(theirs.detach())
    link.introduce(project="p", run_id="r", socket_path=tmp_path / "s", lock=tmp_path / "l")
    link.watch(losses.put_nowait)
    ours.close()
    assert await asyncio.wait_for(losses.get(), 20) is True
    link.close()
    assert wait_until_dead(link.guardian)


def test_what_is_said_arrives_in_any_pieces(tmp_path: Path) -> None:
    """The guardian understands the introduction however the socket cuts it, blanks and all."""
    ours, theirs = socket.socketpair()
    link = GuardianLink(theirs.detach())
    path = tmp_path / "a path = with\nsurprises"
    link.introduce(project="p", run_id="r", socket_path=path, lock=tmp_path / "l", grace=1.5)
    said = ours.recv(65536)
    ward = Ward()
    assert ward.mark is None
    for byte in said:
        ward.hear(bytes([byte]))
    assert ward.said["socket"] == str(path)
    assert ward.grace == 1.5
    assert repr(ward.mark) == "RunMark('p', 'r')"
    link.close()
    ours.close()
