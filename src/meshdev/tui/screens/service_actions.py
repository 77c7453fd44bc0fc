"""What keys on the Services screen do to the selected service, or with it. A part of `screens.services`."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from meshdev.errors import MeshdevError, UsageError
from meshdev.tui.model import address_of
from meshdev.tui.screens.base import Frame
from meshdev.tui.sources import code_of, definition_of, named_in
from meshdev.wire.control import EnvView, ServiceView

if TYPE_CHECKING:
    from meshdev.tui.sources import Source


class ServiceActions(Frame):
    """See the module; who has a selected service fills in `service`."""

    @property
    def service(self) -> ServiceView | None:
        """The selected service."""
        raise NotImplementedError

    def action_start(self) -> None:
        """Start the selected service."""
        if self.service:
            self.dashboard.act.start(self.service.name)

    def action_stop(self) -> None:
        """Stop the selected service."""
        if self.service:
            self.dashboard.act.stop(self.service.name)

    def action_restart(self) -> None:
        """Restart the selected service."""
        if self.service:
            self.dashboard.act.restart(self.service.name)

    def action_scale(self, by: int) -> None:
        """Add or take a replica."""
        service = self.service
        if service is None:
            return
        if service.replicas + by < 1:
            self.dashboard.say(f"{service.name} has one replica; x stops it", level="warning")
        else:
            self.dashboard.act.scale(service.name, service.replicas + by)

    def action_open(self) -> None:
        """Open the service's address."""
        service = self.service
        if service is not None and address_of(service):
            self.dashboard.browse(service.url or service.ports[0])

    # --- sources ----------------------------------------------------------------------------------

    def edit_definition(self, name: str) -> None:
        """Open the service's table in the topology file."""
        system = self.dashboard.picture.system
        if system is None:
            return

        async def work() -> None:
            self._open(await asyncio.to_thread(definition_of, Path(system.file), name))

        self.dashboard.begin(work)

    def edit_code(self, name: str) -> None:
        """Open the beginning of the service's own code."""

        async def work() -> None:
            view = await self._environment_of(name, f"open the code of {name}")
            if view is not None:
                self._open(await asyncio.to_thread(code_of, Path(view.working_dir), name))

        self.dashboard.begin(work)

    def edit_named(self, text: str, name: str) -> None:
        """Open the source line that ``text``, of a log of ``name``, is about."""

        async def work() -> None:
            view = await self._environment_of(name, "open the source")
            if view is None:
                return
            source = await asyncio.to_thread(named_in, text, Path(view.working_dir))
            if source is None:
                error = UsageError(
                    "this line names no file that is here", hint="e in the table opens meshdev.toml"
                )
                self.dashboard.complain(error, "open the source")
            else:
                self._open(source)

        self.dashboard.begin(work)

    def _open(self, source: "Source") -> None:
        self.dashboard.edit(source.file, source.line)

    async def _environment_of(self, name: str, doing: str) -> EnvView | None:
        try:
            return await self.dashboard.backend.env(name)
        except MeshdevError as error:
            self.dashboard.complain(error, doing)
            return None
