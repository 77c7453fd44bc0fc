"""A container runner in a test's hand: real containers of the base image, facts to wait for, what they said."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from meshdev.lifecycle.model import Exited, Fact, Gone, Incarnation
from meshdev.runners.container import labels
from meshdev.runners.container.engine import Engine
from meshdev.runners.container.networks import CallerNetwork, ensure_network, remove_networks
from meshdev.runners.container.runner import ContainerRunner, Ears, Prepared
from meshdev.runners.container.spec import ContainerSpec
from meshdev.runners.container.starting import Archive
from meshdev.runners.container.sweep import remove_left
from meshdev.topology.container import Container
from support_docker import ADDRESS, BASE, Leftovers

F = TypeVar("F")
DEADLINE = 30.0


class Heard:
    """A sink that keeps what was said."""

    def __init__(self) -> None:
        self.said = b""
        self.ended = False

    def write(self, chunk: bytes) -> None:
        """Keep it."""
        self.said += chunk

    def end(self) -> None:
        """Nothing more."""
        self.ended = True


@dataclass(slots=True)
class Yard:
    """A runner with its engine; what it reports is in ``facts``, what containers say in ``heard``."""

    address: str = ADDRESS
    project: str = field(default_factory=lambda: secrets.token_hex(6))
    run_id: str = field(default_factory=lambda: f"run-{secrets.token_hex(4)}")
    facts: list[Fact] = field(default_factory=list)
    heard: dict[tuple[Incarnation, str], Heard] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    health: list[bool] = field(default_factory=list)
    engine: Engine = field(init=False)
    runner: ContainerRunner = field(init=False)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.engine = Engine(self.address)
        self.runner = ContainerRunner(
            self.engine,
            run_id=self.run_id,
            project=self.project,
            report=self._report,
            output=self._output,
            ears=Ears(lambda _, ok: self.health.append(ok), lambda _, text: self.notes.append(text)),
        )

    @property
    def left(self) -> Leftovers:
        """What the engine has of it."""
        return Leftovers("", key=self.project)

    def launch(
        self,
        *command: str,
        service: str = "web",
        slot: int = 0,
        generation: int = 1,
        image: str = BASE,
        container: Container | None = None,
        archives: tuple[Archive, ...] = (),
        **fields: Any,
    ) -> Incarnation:
        """Start a container; with a list of ``names`` on a network of its own."""
        ref = Incarnation(service, slot, generation)
        names: list[str] = fields.pop("names", None) or []
        networked = fields.pop("networked", bool(names) or "ports" in fields)

        async def prepare() -> Prepared:
            spec = ContainerSpec(
                container or Container(),
                image,
                name=f"meshdev-{self.project}-{service}",
                command=command or None,
                labels=labels.of_instance(self.project, self.run_id, ref),
                **fields,
            )
            if networked:
                network = await self.network(service, len(names))
                spec = ContainerSpec(
                    **{name: getattr(spec, name) for name in ContainerSpec.__slots__}
                    | {"network": network.name, "hosts": tuple(zip(names, network.addresses, strict=True))}
                )
            return Prepared(spec, archives)

        self.runner.launch(ref, prepare)
        return ref

    async def containers(self) -> list[dict[str, Any]]:
        """What the engine has of it."""
        return await asyncio.to_thread(self.left.containers)

    async def network(self, service: str, names: int) -> CallerNetwork:
        """The service's own network."""
        name = f"meshdev-{self.project}-{service}"
        marks = labels.of_run(self.project, self.run_id)
        return await self.engine.call(lambda client: ensure_network(client, name, names, marks))

    async def fact(self, sort: type[F], ref: Incarnation | None = None) -> F:
        """Wait for a fact of this sort (about ``ref``)."""
        deadline = time.monotonic() + DEADLINE
        while True:
            for fact in self.facts:
                if isinstance(fact, sort) and (ref is None or getattr(fact, "ref", None) == ref):
                    return fact
            self._news.clear()
            assert time.monotonic() < deadline, self.facts
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._news.wait()

    async def over(self, ref: Incarnation) -> Exited:
        """Wait until it is gone; how it ended."""
        await self.fact(Gone, ref)
        return await self.fact(Exited, ref)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(DEADLINE):
            while not holds():  # noqa: ASYNC110 -- what happens in an engine sets no event
                await asyncio.sleep(0.02)

    def said(self, ref: Incarnation, stream: str = "stdout") -> bytes:
        """What a container has said so far."""
        heard = self.heard.get((ref, stream))
        return heard.said if heard is not None else b""

    def _report(self, fact: Fact) -> None:
        self.facts.append(fact)
        self._news.set()

    def _output(self, ref: Incarnation, stream: str) -> Heard:
        return self.heard.setdefault((ref, stream), Heard())


@asynccontextmanager
async def yard(address: str = ADDRESS) -> AsyncIterator[Yard]:
    """A runner that has left nothing afterwards."""
    found = Yard(address)
    try:
        yield found
    finally:
        await found.runner.close()
        if found.address == ADDRESS:
            names = await asyncio.to_thread(found.left.networks)
            await found.engine.call(lambda client: remove_networks(client, names))
            left = await asyncio.to_thread(remove_left, ADDRESS, found.project, grace=0.0)
            assert str(left) == ""
        found.engine.close()
