"""Following the system synchronously, through losses."""

import pytest

from meshdev.client.control import Control
from meshdev.client.stream import Follower
from meshdev.errors import DaemonError
from support_control import Daemon, StandIn, eventually, service, short_project, system


def _until(follower: Follower, seq: int) -> list[str]:
    kinds: list[str] = []

    def arrived() -> bool:
        kinds.extend(event.kind for event in follower.poll(0.05))
        return follower.mirror.seq >= seq

    eventually(arrived)
    return kinds


def test_events_move_the_mirror() -> None:
    """What the daemon posts is in the mirror after the poll that returns it."""
    with short_project() as project, Daemon(project, StandIn([service()], system())) as daemon:
        follower = Follower(Control(project))
        daemon.post(kind="notice", text="hello")
        daemon.show(service("orders", phase="backoff"))
        assert _until(follower, 2) == ["notice", "service"]
        assert follower.mirror.services["orders"].phase == "backoff"
        follower.close()


def test_poll_waits_no_longer_than_told() -> None:
    """Nothing happens: nothing comes back, and the connection stays."""
    with short_project() as project, Daemon(project, StandIn([service()], system())):
        follower = Follower(Control(project))
        assert [event for _ in range(3) for event in follower.poll(0.001)] == []
        assert follower.mirror.connected
        follower.close()


def test_orderly_end() -> None:
    """A system that was told to go down has ended, not broken."""
    with short_project() as project, Daemon(project, StandIn([service()], system())) as daemon:
        follower = Follower(Control(project))
        daemon.stand_in.system = system(shutting_down=1)
        daemon.post(kind="system", system=daemon.stand_in.system)
        daemon.close()
        eventually(lambda: bool(follower.poll(0.02)) or follower.ended)
        eventually(lambda: bool(follower.poll(0.02)) or follower.ended)
        assert follower.ended


def test_lost_daemon_is_taken_up_again_by_another_run() -> None:
    """After a restart of the daemon the mirror begins anew with that run's snapshot."""
    with short_project() as project:
        with Daemon(project, StandIn([service("orders")], system())):
            follower = Follower(Control(project))
        eventually(lambda: not follower.poll(0.02) and not follower.mirror.connected)
        with Daemon(project, StandIn([service("carts")], system(run_id="run-2"))):
            eventually(lambda: not follower.poll(0.02) and follower.mirror.connected)
            assert (list(follower.mirror.services), follower.mirror.system.run_id) == (["carts"], "run-2")
            follower.close()


def test_patience_ends() -> None:
    """A daemon that stays away is an error."""
    now = [0.0]
    with short_project() as project:
        with Daemon(project, StandIn([service("orders")], system())):
            follower = Follower(Control(project), clock=lambda: now[0])
        eventually(lambda: not follower.poll(0.02) and not follower.mirror.connected)
        follower.poll(0.001)
        now[0] = 60.0
        with pytest.raises(DaemonError, match="gone away"):
            follower.poll(0.001)


def test_too_old_a_number_gets_a_snapshot() -> None:
    """When the daemon's memory does not reach back, a snapshot fills the hole."""
    with short_project() as project, Daemon(project, StandIn([service()], system())) as daemon:
        follower = Follower(Control(project))
        daemon.post(kind="reset")
        daemon.do(lambda: daemon.stand_in.views.update(carts=service("carts")))
        daemon.post(kind="notice", text="after")
        _until(follower, 2)
        assert "carts" in follower.mirror.services
        follower.close()
