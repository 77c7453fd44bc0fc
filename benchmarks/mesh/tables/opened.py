"""Many connections that are open at once and silent."""

import resource
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar, Final

from benchmarks.mesh.costs import memory
from benchmarks.mesh.proxies.base import Kind, Proxy, Route
from benchmarks.mesh.tables.base import Column, Table, say, side_by_side
from benchmarks.report import Results

COUNT: Final = 10_000
_SPARE: Final = 400
_KINDS: Final = (Kind.HTTP, Kind.TCP)
_SETTLE_SECONDS: Final = 3.0
_REQUEST: Final = b"GET / HTTP/1.1\r\nHost: upstream\r\n\r\n"
_TIMEOUT: Final = 5.0
_MOST_SECONDS: Final = 60.0


class Opened(Table):
    """Each connection has had one answer, so whatever a proxy keeps for it is there."""

    name: ClassVar = "opened"
    title: ClassVar = "Open connections"
    about: ClassVar = (
        f"{COUNT:,} connections to one proxy, each after one answered request, then silent. An HTTP connection that is "
        "silent has no upstream connection; a TCP one has its own, so there the number is what the limit of "
        "descriptors lets through where that is below twice as many. Memory is PSS per connection, more than before; "
        f"*after* is what a proxy still has of it {_SETTLE_SECONDS:.0f} s after the last one was closed."
    )
    columns: ClassVar = (
        Column("http", "HTTP (kB each)"),
        Column("http-count", "HTTP opened", times=False),
        Column("http-left", "after (MB)", times=False),
        Column("tcp", "TCP (kB each)"),
        Column("tcp-count", "TCP opened", times=False),
        Column("tcp-left", "after (MB)", times=False),
    )

    def measure(self, proxies: Sequence[Proxy], rounds: int) -> Results:
        """Each proxy, once for each kind, once a round, fresh."""
        results = Results(self.source)
        limit = allow_descriptors()
        for number in range(rounds):
            for proxy in proxies:
                figures: dict[str, float] = {}
                for kind in _KINDS:
                    if proxy.name not in results.notes:
                        most = (limit - _SPARE) // (1 if kind is Kind.HTTP else 2)
                        figures |= _measure(proxy, results, kind, min(COUNT, most))
                if figures:
                    results.add(proxy.name, figures)
                    told = " ".join(f"{key}={value:.2f}" for key, value in figures.items())
                    say(f"opened {number + 1}/{rounds} {proxy.name}: {told}")
        return results


def _measure(proxy: Proxy, results: Results, kind: Kind, wanted: int) -> dict[str, float]:
    with side_by_side([proxy], results, lambda port: [Route(kind, port)]) as (_, _, running):
        for one in running.values():
            if not one.ports:
                return {}
            before = memory(one.pids)
            with opened(one.ports[0], wanted) as count:
                time.sleep(_SETTLE_SECONDS)
                each = (memory(one.pids) - before) / max(count, 1) / 1e3
            time.sleep(_SETTLE_SECONDS)
            left = (memory(one.pids) - before) / 1e6
            return {f"{kind}-count": count} | ({kind: each, f"{kind}-left": left} if count == wanted else {})
    return {}


@contextmanager
def opened(port: int, count: int) -> Iterator[int]:
    """So many connections, each after one answer; gives how many were answered before the first that was not."""
    held: list[socket.socket] = []
    deadline = time.monotonic() + _MOST_SECONDS
    try:
        while len(held) < count and time.monotonic() < deadline:
            try:
                held.append(_answered(port))
            except OSError:
                break
        yield len(held)
    finally:
        for sock in held:
            sock.close()


def _answered(port: int) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT)
    try:
        sock.sendall(_REQUEST)
        if not sock.recv(4096).startswith(b"HTTP/1.1 200"):
            raise ConnectionError("no answer")
    except OSError:
        sock.close()
        raise
    return sock


def allow_descriptors() -> int:
    """As many as the hard limit lets us have, here and in what is started from here."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
