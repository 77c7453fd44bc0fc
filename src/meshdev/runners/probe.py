"""The prober: keeps one loop of probes per incarnation and reports every answer as `Probed`.

Rules: thresholds, start periods and time-outs of readiness are the core's. Before its first good answer an incarnation
is asked quickly, 20 ms after the last answer, growing to the healthcheck's interval, so that "ready" is seen as soon as
it is true; after that at the interval. Log probes are not asked but heard (`match`).
"""

import asyncio
from collections.abc import Callable, Mapping

from meshdev.lifecycle.model import Incarnation, Probed
from meshdev.runners.probes import (
    Answer,
    ProbePlace,
    probe_exec,
    probe_file,
    probe_grpc,
    probe_http,
    probe_tcp,
)
from meshdev.runners.reaper import Reaper
from meshdev.topology.model import Healthcheck, ProbeKind

__all__ = ["ProbePlace", "Prober"]

_FIRST_PAUSE = 0.02
_GROWTH = 1.5


class Prober:
    """Owns the tasks that probe; `start` and `stop` them by incarnation, `close` at the end."""

    def __init__(
        self,
        *,
        reaper: Reaper,
        report: Callable[[Probed], None],
        mark_of: Callable[[Incarnation], int] = lambda _: 0,
    ) -> None:
        self._reaper = reaper
        self._report = report
        self._mark_of = mark_of
        self._tasks: dict[Incarnation, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def start(
        self, ref: Incarnation, check: Healthcheck, ports: Mapping[str, int], place: ProbePlace
    ) -> None:
        """Probe ``ref`` by ``check`` until `stop`; ``ports`` are its ports by endpoint name."""
        if check.kind is ProbeKind.LOG:
            return
        self.stop(ref)
        loop = asyncio.get_running_loop()
        self._tasks[ref] = loop.create_task(self._keep(ref, check, ports, place), name=f"probe {ref}")

    def stop(self, ref: Incarnation) -> None:
        """No answer about ``ref`` is reported from now on."""
        task = self._tasks.pop(ref, None)
        if task is not None:
            task.cancel()
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """Stop all and wait until they have stopped."""
        for ref in tuple(self._tasks):
            self.stop(ref)
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def _keep(
        self, ref: Incarnation, check: Healthcheck, ports: Mapping[str, int], place: ProbePlace
    ) -> None:
        await asyncio.sleep(check.initial_delay)
        pause = _FIRST_PAUSE
        while True:
            answer = await self._ask(ref, check, ports, place)
            self._report(Probed(ref, answer.ok, answer.detail))
            pause = check.interval if answer.ok else min(pause * _GROWTH, check.interval)
            await asyncio.sleep(pause)

    async def _ask(  # noqa: PLR0911 -- one for each sort
        self, ref: Incarnation, check: Healthcheck, ports: Mapping[str, int], place: ProbePlace
    ) -> Answer:
        target = check.target if isinstance(check.target, str) else ""
        match check.kind:
            case ProbeKind.EXEC:
                argv = ("/bin/sh", "-c", target) if target else tuple(check.target)
                mark = self._mark_of(ref)
                return await probe_exec(self._reaper, argv, place, within=check.timeout, mark=mark)
            case ProbeKind.FILE if place.execute is not None:
                found = await probe_exec(self._reaper, ("test", "-e", target), place, within=check.timeout)
                return Answer(found.ok, f"file {target}: {'exists' if found.ok else 'does not exist'}")
            case ProbeKind.FILE:
                # A thread, since the file may be on a network that hangs.
                return await asyncio.to_thread(probe_file, place.cwd / target)
            case _:
                name, port = _endpoint(check, ports)
        tls = name in place.tls
        if port is None:
            return Answer(ok=False, detail=f"no endpoint {check.endpoint or target!r} to probe")
        if check.kind is ProbeKind.HTTP:
            return await probe_http(
                port, target, within=check.timeout, host=place.host, make=place.socket, tls=tls
            )
        if check.kind is ProbeKind.GRPC:
            return await probe_grpc(
                port, target, within=check.timeout, host=place.host, make=place.socket, tls=tls
            )
        return await probe_tcp(port, within=check.timeout, host=place.host, make=place.socket, tls=tls)


def _endpoint(check: Healthcheck, ports: Mapping[str, int]) -> tuple[str, int | None]:
    """The endpoint that ``check`` means, the first one if none is named, and its port."""
    name = check.endpoint or (check.target if check.kind is ProbeKind.TCP else "")
    if isinstance(name, str) and name:
        return name, ports.get(name)
    return next(iter(ports.items()), ("", None))
