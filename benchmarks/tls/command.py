"""``python -m benchmarks tls [--rounds N] [--write]``: the worker and HAProxy terminate TLS, in turns."""

import argparse
import asyncio
import os
import re
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks import report
from benchmarks.mesh import load
from benchmarks.mesh.costs import cpu_seconds
from benchmarks.mesh.proxies.base import OTHER_CORE, PROXY_CORE, child, free_ports, program
from benchmarks.mesh.proxies.haproxy import HAProxy
from benchmarks.summary import shown
from benchmarks.tls import scenery
from benchmarks.tools.base import Unfit
from benchmarks.tools.binary_peers import CACHE
from meshdev.mesh.fleet import Fleet
from meshdev.wire.mesh import EdgeKey, EdgePolicy, EdgeTls, Upstream

BEGIN: Final = "# TLS at edges\n"
PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
KEPT: Final = CACHE / "results" / "tls.md"
SECONDS: Final = 2.0
CONNECTIONS: Final = 16
WAYS: Final = {
    "plain": "plain, as a measure",
    "ends": "TLS ends at the edge, plain to the callee",
    "through": "TLS ends at the edge, TLS to the callee",
}


class Place(NamedTuple):
    """A proxy that serves: its ports by `WAYS`, and its processes."""

    ports: dict[str, int]
    pids: Sequence[int]


Figures = dict[tuple[str, str], list[float]]


def main(argv: Sequence[str]) -> int:
    """Measure, print the table, keep it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks tls", description="TLS at edges")
    parser.add_argument("--rounds", type=int, default=5, help="of each (5)")
    parser.add_argument("--write", action="store_true", help="write the part of docs/benchmarks.md")
    arguments = parser.parse_args(argv)
    try:
        load.version()
        text = asyncio.run(_measure(arguments.rounds))
    except Unfit as why:
        print(f"nothing is measured: {why}", file=sys.stderr)
        return 1
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(text, "utf-8")
    print(text)
    if arguments.write:
        put_in(PAGE, text)
    return 0


def part() -> str:
    """What belongs into docs/benchmarks.md, from the last results."""
    return "\n" + KEPT.read_text("utf-8") if KEPT.exists() else ""


def put_in(page: Path, text: str) -> None:
    """Replace the part in a page, or add it before that of faults."""
    whole = page.read_text("utf-8")
    before, found, rest = whole.partition(BEGIN)
    if found:
        after = re.search(r"^# ", rest, re.MULTILINE)
        rest = rest[after.start() :] if after else ""
    else:
        before, mark, rest = whole.partition("# Faults\n")
        rest = mark + rest
    page.write_text(f"{before.rstrip()}\n\n{text}\n{rest}", "utf-8")


async def _measure(rounds: int) -> str:
    figures: Figures = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-tls-")))
        files = scenery.certificates(folder)
        behind = stack.enter_context(scenery.upstream(folder, files))
        ports = dict(zip(WAYS, free_ports(len(WAYS)), strict=True))
        config = folder / "haproxy.cfg"
        config.write_text(scenery.haproxy(ports, behind, files), "utf-8")
        peer = stack.enter_context(
            child(
                [program("haproxy", "apt-get install haproxy"), "-db", "-f", str(config)],
                folder,
                [*ports.values()],
            )
        )
        async with _ours(folder, behind, files) as own:
            places = {"HAProxy": Place(ports, peer.pids), "meshdev": own}
            for number in range(rounds):
                for name in sorted(places, reverse=bool(number % 2)):
                    for way in WAYS:
                        for fresh in (False, True):
                            cost = await asyncio.to_thread(_one, places[name], way, folder, fresh=fresh)
                            key = f"{way}{' fresh' if fresh else ''}"
                            figures.setdefault((name, key), []).append(cost)
    return _text(figures, rounds)


@asynccontextmanager
async def _ours(folder: Path, behind: scenery.Behind, files: scenery.Files) -> AsyncIterator[Place]:
    """A worker with an edge for each way."""
    fleet = Fleet(ports_file=folder / "ports.json", report=lambda text: print(text, file=sys.stderr))
    await fleet.start()
    try:
        tls = EdgeTls(
            str(files.certificate),
            str(files.key),
            str(files.authority),
            str(files.authority),
            server_name="localhost",
        )
        policies = {
            EdgeKey("bench", way): EdgePolicy(
                (
                    Upstream(
                        "127.0.0.1",
                        behind.secure if way == "through" else behind.plain,
                        way,
                        tls=way == "through",
                    ),
                ),
                "http",
                tls=None if way == "plain" else tls,
                keep=2 << 20,
            )
            for way in WAYS
        }
        ports = {edge.callee: fleet.listen(edge) for edge in policies}
        await fleet.wait_acked(fleet.apply(policies))
        pids = [pid for _, pid in fleet.processes()]
        for pid in pids:
            os.sched_setaffinity(pid, {PROXY_CORE})
        yield Place(ports, pids)
    finally:
        await fleet.close()


def _one(place: Place, way: str, folder: Path, *, fresh: bool) -> float:
    """Microseconds of the proxy's CPU for each request over kept connections, or for each with a fresh one."""
    before = cpu_seconds(place.pids)
    url = f"{'http' if way == 'plain' else 'https'}://localhost:{place.ports[way]}/"
    seen = load.run_url(url, CONNECTIONS, SECONDS, folder, core=OTHER_CORE, close=fresh)
    if seen.failed:
        print(f"{url}: {seen.failed} failed", file=sys.stderr)
    return (cpu_seconds(place.pids) - before) / max(seen.requests, 1) * 1e6


def _text(figures: Figures, rounds: int) -> str:
    columns = [(way, f"{way}{more}") for way in WAYS for more in ("", " fresh")]
    rows = [
        "| CPU per request (µs) | meshdev | HAProxy | meshdev : HAProxy |",
        "|---|---|---|---|",
    ]
    for way, key in columns:
        ours, theirs = figures["meshdev", key], figures["HAProxy", key]
        ratio = statistics.median(one / other for one, other in zip(ours, theirs, strict=True))
        title = f"{WAYS[way]}{', a new connection each' if key.endswith('fresh') else ''}"
        rows.append(f"| {title} | {_told(ours)} | {_told(theirs)} | ×{ratio:.2f} |")  # noqa: RUF001 -- typography
    when, busy = datetime.now(UTC).date(), os.getloadavg()[0]
    return (
        f"{BEGIN}\n{scenery.ABOUT.format(machine=report.machine(), haproxy=HAProxy().version(), wrk=load.version())}\n"
        + "\n".join(rows)
        + f"\n\n{rounds} rounds, {when}, load average at the end {busy:.1f} on {os.cpu_count()} cores.\n"
    )


def _told(values: Sequence[float]) -> str:
    return f"{shown(statistics.median(values))} ({shown(min(values))}–{shown(max(values))})"  # noqa: RUF001 -- typography
