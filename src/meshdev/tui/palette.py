"""The command palette: every action of the screen, and every action on every service, by name."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from meshdev.tui.keys import APP_KEYS, PLACES, Key
from meshdev.tui.screens.services import ServicesScreen
from meshdev.tui.states import state_of
from meshdev.tui.tone import Tone

if TYPE_CHECKING:
    from meshdev.tui.app import Dashboard


class Command(NamedTuple):
    """A line of the palette."""

    name: str
    help: str
    run: Callable[[], object]


class Commands(Provider):
    """Everything that can be done, found by any letters of its name."""

    @property
    def dashboard(self) -> "Dashboard":
        """The application."""
        return cast("Dashboard", self.app)

    async def discover(self) -> Hits:
        """What is shown before anything is typed."""
        for command in (*self._keys(), *self._general()):
            yield DiscoveryHit(command.name, command.run, help=command.help)

    async def search(self, query: str) -> Hits:
        """What matches ``query``."""
        matcher = self.matcher(query)
        for command in (*self._general(), *self._keys(), *self._services(), *self._themes()):
            score = matcher.match(command.name)
            if score > 0:
                yield Hit(score, matcher.highlight(command.name), command.run, help=command.help)

    def _general(self) -> Iterator[Command]:
        act = self.dashboard.act
        services = self.dashboard.picture.services
        idle = [service.name for service in services if state_of(service).tone in {Tone.MUTED, Tone.BAD}]
        live = [service.name for service in services if service.desired == "up"]
        if idle:
            yield Command("Start everything", f"{len(idle)} are down", partial(act.start, *idle))
        if live:
            yield Command("Restart everything", f"{len(live)} services", partial(act.restart, *live))
        yield Command("Apply the topology file", "read it again, change only what differs", act.apply)
        yield Command("Stop the system", "and close the dashboard", self.dashboard.stop_system)

    def _keys(self) -> Iterator[Command]:
        here = [group for place in PLACES if place.mode == self.app.current_mode for group in place.groups]
        for key in (*(key for group in here for key in group), *APP_KEYS):
            if key.action not in {"command_palette", "interrupt", "find_next", "back", "focus_next"}:
                yield Command(key.text, f"key {key.written}", partial(self._run, key))

    async def _run(self, key: Key) -> None:
        await self.app.run_action(key.action, default_namespace=self.app if key in APP_KEYS else self.screen)

    def _services(self) -> Iterator[Command]:
        act = self.dashboard.act
        for service in self.dashboard.picture.services:
            name, state = service.name, str(state_of(service))
            yield Command(f"Go to {name}", state, partial(self._select, name))
            yield Command(f"Start {name}", state, partial(act.start, name))
            yield Command(f"Stop {name}", state, partial(act.stop, name))
            yield Command(f"Restart {name}", state, partial(act.restart, name))

    def _themes(self) -> Iterator[Command]:
        for name in sorted(self.app.available_themes):
            yield Command(f"Theme {name}", "colours", partial(setattr, self.app, "theme", name))

    async def _select(self, name: str) -> None:
        await self.app.switch_mode(ServicesScreen.MODE)
        if isinstance(self.app.screen, ServicesScreen):
            self.app.screen.select(name)
