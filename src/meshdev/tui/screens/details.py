"""The details pane: a service's facts, and its environment, which is asked for when the pane is looked at.

Widgets don't ask for data; the screen calls `ask` when the pane is in sight and another service, or another run of it,
is selected.
"""

import os
from collections.abc import Awaitable, Callable

from meshdev.errors import MeshdevError
from meshdev.tui.environment import environment_of
from meshdev.tui.facts import Lines, facts_of
from meshdev.tui.golden import Golden
from meshdev.tui.model import Picture
from meshdev.tui.widgets.span_view import SpanView
from meshdev.wire.control import EnvView, ServiceView

Ask = Callable[[str], Awaitable[EnvView]]
_Run = tuple[str, tuple[tuple[str, int], ...]]


class DetailsPane(SpanView):
    """See the module."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(empty="No service is selected.", id=id)
        self._run: _Run | None = None
        self._view: EnvView | None = None
        self._trouble = ""
        self._secrets = False

    def show_service(self, picture: Picture, service: ServiceView | None, golden: Golden, now: float) -> None:
        """Draw what is known about ``service``."""
        if service is None:
            self.show_lines([])
            return
        lines: Lines = facts_of(picture, service, now, self.room, golden)
        view = self._view if self._view is not None and self._view.service == service.name else None
        lines += environment_of(view, os.environ, self.room, shown=self._secrets, trouble=self._trouble)
        self.show_lines(lines)

    def wants(self, service: ServiceView) -> bool:
        """Whether the environment of ``service`` is still to be asked for; remembers that it has been."""
        run = (service.name, tuple((instance.id, instance.generation) for instance in service.instances))
        if run == self._run:
            return False
        if self._run is not None and self._run[0] != service.name:
            self._secrets = False  # who looks at another service has not asked for its secrets
            self.scroll_home(animate=False)
        self._run = run
        return True

    async def fetch(self, name: str, ask: Ask) -> None:
        """Ask for the environment; a refusal is told in its place."""
        try:
            view, trouble = await ask(name), ""
        except MeshdevError as error:
            view, trouble = None, error.message
        if self._run is not None and self._run[0] == name:
            self._view, self._trouble = view, trouble
            if trouble:
                self._run = (name, ())  # ask again with the next run

    def toggle_secrets(self) -> bool:
        """Show or hide what is secret; whether it is shown now."""
        self._secrets = not self._secrets
        return self._secrets
