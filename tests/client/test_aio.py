"""Following the system from an event loop."""

import asyncio

import pytest

from meshdev.client import calls
from meshdev.client.aio import AsyncControl, ask_ahead, follow
from meshdev.errors import DaemonError
from support_control import Daemon, StandIn, service, short_project, system


async def test_send_does_not_block_the_loop() -> None:
    """The same calls as the synchronous client's."""
    with short_project() as project, Daemon(project, StandIn([service()], system())):
        assert (await AsyncControl(project).send(calls.snapshot())).system.name == "shop"


async def test_follow_yields_mirrors_until_the_system_is_down() -> None:
    """A mirror at first, one after each change, and an end when the system has gone down in order."""
    with short_project() as project, Daemon(project, StandIn([service()], system())) as daemon:
        mirrors = follow(project)
        assert (await anext(mirrors)).services["orders"].phase == "running"
        next_one = asyncio.ensure_future(anext(mirrors))  # noqa: TID251 -- awaited two lines below
        await asyncio.to_thread(daemon.show, service("orders", phase="stopping"))
        assert (await next_one).services["orders"].phase == "stopping"
        await AsyncControl(project).send(calls.shutdown(1))
        assert [mirror.system.shutting_down async for mirror in mirrors] == [1]


async def test_what_was_asked_ahead_is_the_first_mirror() -> None:
    """It is of the moment when it was asked; what has happened since comes as events."""
    with short_project() as project, Daemon(project, StandIn([service()], system())) as daemon:
        first = ask_ahead(project)
        await asyncio.to_thread(first.result, 10.0)
        await asyncio.to_thread(daemon.show, service("orders", phase="stopping"))
        mirrors = follow(project, first=first)
        assert (await anext(mirrors)).services["orders"].phase == "running"
        assert (await anext(mirrors)).services["orders"].phase == "stopping"
        await mirrors.aclose()


async def test_loss_is_shown_and_mended() -> None:
    """While the daemon is away the mirror is marked; a new run begins it anew."""
    with short_project() as project:
        with Daemon(project, StandIn([service("orders")], system())):
            mirrors = follow(project)
            await anext(mirrors)
        assert not (await anext(mirrors)).connected
        with Daemon(project, StandIn([service("carts")], system(run_id="run-2"))):
            mirror = await anext(mirrors)
            assert (mirror.connected, list(mirror.services)) == (True, ["carts"])
            await mirrors.aclose()


async def test_patience_ends() -> None:
    """A daemon that stays away is an error when patience was bounded."""
    with short_project() as project:
        with Daemon(project, StandIn([service("orders")], system())):
            mirrors = follow(project, patience=0.0)
            await anext(mirrors)
        await anext(mirrors)
        with pytest.raises(DaemonError, match="gone away"):
            await anext(mirrors)


async def test_no_daemon_at_first() -> None:
    """There is nothing to follow: the error of every command."""
    with short_project() as project, pytest.raises(DaemonError, match="nothing runs"):
        await anext(follow(project))
    with short_project() as project, pytest.raises(DaemonError, match="nothing runs"):
        await anext(follow(project, first=ask_ahead(project)))
