"""The core's `Build`: an image built, pulled or found; progress and the builder's output on their way to people."""

import asyncio
import re
from collections.abc import Callable
from typing import TypeVar

from meshdev.lifecycle.model import BuildMoved, Built, Event
from meshdev.runners.container.engine import Engine
from meshdev.runners.container.images import Image, Telling, build_image, find_image, pull_image
from meshdev.runners.container.trouble import EngineError
from meshdev.runners.output import OutputSink
from meshdev.topology.container import Container, ImageBuild
from meshdev.topology.model import Service, System

T = TypeVar("T")
_THREADS = 3  # builds and pulls at once


class Builder:
    """Keeps which image each service is launched from.

    ``output`` opens the log that a service's build goes to, ``renewed`` hears whose image was built.
    """

    def __init__(
        self,
        address: str,
        post: Callable[[Event], None],
        output: Callable[[str], OutputSink],
        renewed: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._renewed = renewed
        self._engine = Engine(address, _THREADS)
        self._post = post
        self._output = output
        self._images: dict[str, Image] = {}
        self._made: dict[str, Container] = {}
        self._dirty: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def image(self, service: str) -> Image | None:
        """The image that was made ready last."""
        return self._images.get(service)

    async def launchable(self, system: System, service: Service) -> Image:
        """The image that was made ready last, or made ready again if the engine has lost it. Raises EngineError."""
        known = self._images.get(service.name)
        if (
            known is not None
            and await self._engine.call(lambda client: find_image(client, known.id)) is not None
        ):
            return known
        self._images.pop(service.name, None)
        return await self.prepare(system, service)

    def outdate(self, service: str) -> None:
        """Files of its image changed: the next build makes a new one."""
        self._dirty.add(service)

    def build(self, system: System, service: Service) -> None:
        """Make ``service`` ready; `Built` is posted."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._build(system, service), name=f"build {service.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def prepare(self, system: System, service: Service) -> Image:
        """The image of ``service``, made ready if it is not. Raises EngineError."""
        container = service.run
        assert isinstance(container, Container)  # noqa: S101 -- for the type checker
        loop = asyncio.get_running_loop()
        sink = self._output(service.name)
        telling = Telling(
            progress=lambda text: _safely(loop, self._post, BuildMoved(service.name, text)),
            output=lambda text: _safely(loop, sink.write, text),
        )
        known = self._images.get(service.name)
        if (
            known is not None
            and self._made.get(service.name) == container
            and service.name not in self._dirty
        ):
            return known
        self._dirty.discard(service.name)
        build = container.build
        try:
            if build is None:
                image = await self._engine.call(
                    lambda client: pull_image(
                        client, container.image, container.platform, container.pull_policy, telling
                    )
                )
            else:
                tag = container.image or image_name(system.name, service.name)
                image = await self._make(container, build, tag, telling)
                self._renewed(service.name)
        except BaseException:
            self._dirty.add(service.name)
            raise
        finally:
            sink.end()
        self._images[service.name], self._made[service.name] = image, container
        return image

    async def close(self) -> None:
        """Give up what is being built."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._engine.close()

    async def _make(self, container: Container, build: ImageBuild, tag: str, telling: Telling) -> Image:
        try:
            return await self._engine.call(lambda client: build_image(client, container, build, tag, telling))
        except EngineError as error:
            if error.away:
                raise
            raise EngineError(f"build failed: {error.message}", hint=error.hint) from error

    async def _build(self, system: System, service: Service) -> None:
        try:
            await self.prepare(system, service)
        except EngineError as error:
            text = f"{error.message} ({error.hint})" if error.hint else error.message
            self._post(Built(service.name, ok=False, detail=text))
        except Exception as error:  # noqa: BLE001 -- the core must not wait for this build for ever
            self._post(Built(service.name, ok=False, detail=f"build failed: {error!r}"))
        else:
            self._post(Built(service.name, ok=True))


def image_name(system: str, service: str) -> str:
    """The tag of what is built for a service that names no image: ``shop-orders``."""
    return re.sub(r"[^a-z0-9._-]+", "-", f"{system}-{service}".lower()).strip("-._") + ":latest"


def _safely(loop: asyncio.AbstractEventLoop, call: Callable[[T], None], value: T) -> None:
    loop.call_soon_threadsafe(call, value)
