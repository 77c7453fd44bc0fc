"""Same seed, same order of requests: the same decisions, over runs and on however many workers."""

from pathlib import Path
from typing import Any

import msgspec

from meshdev.wire.mesh import EdgeKey, EdgePolicy
from support_faults import specs
from support_http_edge import GET, ask, http_peer
from support_mesh import dial, fleet_of, greeting, peer

CALLERS = ("orders", "front", "mailer")
REQUESTS = 40


def faults(*tables: dict[str, Any]) -> Any:
    """On all along."""
    return specs(*tables, since=0.0)


async def statuses(folder: Path, workers: int, seed: int, *, disturbed: bool = False) -> list[list[int]]:
    """What each edge answered to requests over two connections in turns; ``disturbed`` by another fault at times."""
    table = {"status": 503, "percentage": 40, "seed": seed}
    other = {"delay": "1us", "percentage": 50, "seed": 9}
    found: list[list[int]] = []
    async with fleet_of(folder, workers=workers) as fleet, http_peer("a") as a:
        edges = [EdgeKey(caller, "payments", "http") for caller in CALLERS]
        rules = EdgePolicy((a.upstream,), "http", faults=faults(table))
        ports = [fleet.listen(edge) for edge in edges]
        await fleet.wait_acked(fleet.apply(dict.fromkeys(edges, rules)))
        for port in ports:
            answers: list[int] = []
            async with dial(port) as one, dial(port) as two:
                for number in range(REQUESTS):
                    if disturbed and number in {10, 20}:
                        both = (table, other) if number == 10 else (table,)
                        changed = msgspec.structs.replace(rules, faults=faults(*both))
                        await fleet.wait_acked(fleet.apply(dict.fromkeys(edges, changed)))
                    answers.append((await ask(one if number % 3 else two, GET))[0])
            found.append(answers)
        assert len(fleet.processes()) == workers
    return found


async def test_requests(tmp_path: Path) -> None:
    """Over runs, with one worker and with two, and whatever else is switched on and off meanwhile."""
    first = await statuses(tmp_path, 1, 7)
    assert await statuses(tmp_path, 1, 7) == first
    assert await statuses(tmp_path, 2, 7) == first
    assert await statuses(tmp_path, 2, 7, disturbed=True) == first
    assert await statuses(tmp_path, 2, 8) != first
    assert first[0] != first[1] != first[2], "each edge has its own draws"
    assert all(6 <= answers.count(503) <= 26 for answers in first)


async def test_connections(tmp_path: Path) -> None:
    """The same on TCP edges, where a connection is what is decided about."""

    async def greetings(folder: Path, workers: int) -> list[list[str]]:
        async with fleet_of(folder, workers=workers) as fleet, peer("a") as a:
            edges = [EdgeKey(caller, "cache") for caller in CALLERS]
            rules = EdgePolicy((a.upstream,), faults=faults({"refuse": True, "percentage": 50, "seed": 3}))
            ports = [fleet.listen(edge) for edge in edges]
            await fleet.wait_acked(fleet.apply(dict.fromkeys(edges, rules)))
            return [[await greeting(port) for _ in range(16)] for port in ports]

    first = await greetings(tmp_path, 1)
    assert await greetings(tmp_path, 2) == first
    assert {"", "a"} == {said for edge in first for said in edge}
