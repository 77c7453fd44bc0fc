"""The prober: quick before the first success, silent once stopped, whatever kind of probe."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meshdev.lifecycle.model import Incarnation, Probed
from meshdev.runners.ports import PortPool
from meshdev.runners.probe import ProbePlace, Prober
from meshdev.runners.reaper import Reaper
from meshdev.topology.model import Healthcheck, ProbeKind
from support_processes import Facts

REF = Incarnation("orders", 0, 1)


@pytest.fixture
def facts() -> Facts:
    """What the prober reports."""
    return Facts()


@pytest.fixture
async def prober(reaper: Reaper, facts: Facts) -> AsyncIterator[Prober]:
    """A prober that is closed after the test."""
    found = Prober(reaper=reaper, report=facts)
    yield found
    await found.close()


async def test_readiness_is_seen_quickly(prober: Prober, facts: Facts, tmp_path: Path) -> None:
    """Whatever the interval, a service that has become ready is seen within milliseconds."""
    pool = PortPool(tmp_path / "ports.lock")
    held = pool.hold()
    check = Healthcheck(ProbeKind.TCP, "http", interval=10.0)
    prober.start(REF, check, {"http": held.port}, ProbePlace(tmp_path, {}))
    await facts.until(lambda fact: isinstance(fact, Probed) and not fact.ok)
    begun = time.monotonic()
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", held.port)
    await facts.until(lambda fact: isinstance(fact, Probed) and fact.ok)
    assert time.monotonic() - begun < 2.0
    server.close()
    pool.close()


async def test_stopped_says_nothing_more(prober: Prober, facts: Facts, tmp_path: Path) -> None:
    """After `stop` no answer about that incarnation comes, not even of a probe that is under way."""
    check = Healthcheck(ProbeKind.EXEC, ("/bin/sleep", "0.05"), interval=0.01)
    prober.start(REF, check, {}, ProbePlace(tmp_path, {}))
    await facts.until(lambda fact: isinstance(fact, Probed) and fact.ok)
    prober.stop(REF)
    seen = len(facts.seen)
    await prober.close()
    assert len(facts.seen) == seen


async def test_each_kind_finds_its_target(prober: Prober, facts: Facts, tmp_path: Path) -> None:
    """Paths begin at the instance's directory, a text is a shell line, an endpoint is looked up by name."""
    (tmp_path / "ready").touch()
    place = ProbePlace(tmp_path, {"PATH": "/usr/bin:/bin"})
    cases = {
        "file": (Healthcheck(ProbeKind.FILE, "ready"), True),
        "exec": (Healthcheck(ProbeKind.EXEC, "test -f ready && echo yes"), True),
        "grpc": (Healthcheck(ProbeKind.GRPC, ""), False),
        "none": (Healthcheck(ProbeKind.HTTP, "/healthz", endpoint="admin"), False),
    }
    for name, (check, ok) in cases.items():
        ref = Incarnation(name, 0, 1)
        prober.start(ref, check, {"http": 1}, place)
        assert (await facts.of(Probed, ref)).ok is ok
        prober.stop(ref)
    [answer] = [fact for fact in facts.seen if isinstance(fact, Probed) and fact.ref.service == "none"][:1]
    assert answer.detail == "no endpoint 'admin' to probe"


async def test_log_is_not_asked(prober: Prober, facts: Facts, tmp_path: Path) -> None:
    """A log probe is heard by the output's sink, so there is nothing to run."""
    prober.start(REF, Healthcheck(ProbeKind.LOG, "ready"), {}, ProbePlace(tmp_path, {}))
    assert prober._tasks == {}
    assert facts.seen == []
