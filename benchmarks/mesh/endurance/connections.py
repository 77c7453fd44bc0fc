"""Ten thousand connections that are open at once, three times; then more than there are descriptors for."""

import asyncio
import socket
from contextlib import ExitStack
from typing import ClassVar, Final

from benchmarks.mesh.endurance.base import MEGABYTE, Finding, Setting, Taken, Trial, edge, mesh, policy
from benchmarks.mesh.proxies.nginx import upstream
from benchmarks.mesh.tables.opened import allow_descriptors, opened

COUNT: Final = 10_000
ROUNDS: Final = 3
GROWTH: Final = 4 * MEGABYTE
_SPARE: Final = 300


class Connections(Trial):
    """HTTP connections are silent after one answer; TCP ones have an upstream connection each."""

    name: ClassVar = "connections"

    async def run(self, setting: Setting, finding: Finding) -> None:
        """Open, close, compare."""
        limit = allow_descriptors()
        said: list[str] = []
        with upstream(setting.folder) as behind:
            async with mesh(setting.folder, said) as it:
                http, tcp = edge("http"), edge("tcp")
                await it.route({http: policy("http", *behind.ports), tcp: policy("tcp", *behind.ports)})
                start = it.taken()
                for one, most in ((http, limit - _SPARE), (tcp, (limit - _SPARE) // 2)):
                    wanted = min(COUNT, most)
                    closed: list[Taken] = []
                    count, full = 0, start
                    for _ in range(ROUNDS):
                        stack = ExitStack()
                        count = await asyncio.to_thread(stack.enter_context, opened(it.ports[one], wanted))
                        full = it.taken()
                        stack.close()
                        closed.append(await it.at_rest())
                    finding.check(
                        count == wanted, f"{one.callee}: {count:,} of {wanted:,} open at once, {full}"
                    )
                    finding.check(
                        closed[-1].memory - closed[-2].memory < GROWTH,
                        f"{one.callee}: after each of {ROUNDS} rounds {', '.join(map(str, closed))}",
                    )
                    finding.check(
                        closed[-1].descriptors <= start.descriptors, f"{one.callee}: no descriptor left"
                    )
                pids = it.pids
                await asyncio.to_thread(_exhaust, it.ports[tcp], limit - _SPARE)
                rest = await it.at_rest()
                with opened(it.ports[http], 1) as count:
                    finding.check(
                        count == 1 and it.pids == pids,
                        f"beyond its limit of {limit:,} descriptors the worker lives and serves on, then {rest}",
                    )
        finding.told += said


def _exhaust(port: int, count: int) -> None:
    """Connections that need more descriptors than there are; whoever is turned away is not asked why."""
    held: list[socket.socket] = []
    try:
        for _ in range(count):
            sock = socket.socket()
            held.append(sock)
            sock.settimeout(1.0)
            sock.connect(("127.0.0.1", port))
    except OSError:
        pass
    finally:
        for sock in held:
            sock.close()
