"""The command palette: every action of the screens, and every action on every service, by name.

Found by any letters in their order. The whole list is made once per opening, not once per letter: with 200 services it
has some two thousand lines.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from heapq import nlargest
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.markup import escape
from textual.style import Style

from meshdev.tui.cells import clean
from meshdev.tui.chaos.cells import words_of
from meshdev.tui.chaos.quick import ADDED
from meshdev.tui.fuzzy import Match, match
from meshdev.tui.keys import APP_KEYS, PLACES, Key, Place
from meshdev.tui.model import address_of
from meshdev.tui.screens.services import ServicesScreen
from meshdev.tui.states import state_of
from meshdev.tui.tone import Tone
from meshdev.wire.control import ServiceView

if TYPE_CHECKING:
    from meshdev.tui.app import Dashboard

_MOST = 60
"""Lines that are shown for what was typed: the best ones; nobody reads on."""

_USELESS = frozenset({"command_palette", "interrupt", "find_next", "back", "focus_next", "show", "edit"})
"""Actions that are no use from a palette, or stand there in other words."""

_OF_A_SERVICE = frozenset({"start", "stop", "restart", "scale", "open", "copy", "chaos", "chaos_form"})
"""Keys for the row under the cursor: the palette has them for every service by name."""


class Command(NamedTuple):
    """A line of the palette."""

    name: str
    help: str
    run: Callable[[], object]


class Commands(Provider):
    """Everything that can be done."""

    @property
    def dashboard(self) -> "Dashboard":
        """The application."""
        return cast("Dashboard", self.app)

    async def startup(self) -> None:
        """Make the list."""
        self._here = [*self._keys(), *self._places(), *self._general()]
        self._all = [
            *self._here,
            *self._faults(),
            *await self._recordings(),
            *self._services(),
            *self._elsewhere(),
            *self._themes(),
        ]

    async def discover(self) -> Hits:
        """What is shown before anything is typed."""
        for command in self._here:
            yield DiscoveryHit(command.name, command.run, help=escape(clean(command.help)))

    async def search(self, query: str) -> Hits:
        """What matches ``query`` best."""
        style = self.matcher(query).match_style
        for matched, command in best(query, self._all):
            shown = _marked(command.name, matched.places, style)
            yield Hit(matched.score, shown, command.run, text=command.name, help=escape(clean(command.help)))

    # --- what there is ----------------------------------------------------------------------------

    def _general(self) -> Iterator[Command]:
        dashboard, act = self.dashboard, self.dashboard.act
        services = dashboard.picture.services
        idle = [service.name for service in services if state_of(service).tone in {Tone.MUTED, Tone.BAD}]
        live = [service.name for service in services if service.desired == "up"]
        if idle:
            yield Command("Start everything", f"{len(idle)} are down", partial(act.start, *idle))
        if live:
            yield Command("Restart everything", f"{len(live)} services", partial(act.restart, *live))
        yield Command("Apply the topology file", "read it again, change only what differs", act.apply)
        system = dashboard.picture.system
        if system is not None:
            yield Command("Edit the topology file", system.file, partial(dashboard.edit_file, system.file))
            yield Command("Copy the folder of the logs", system.log_dir, partial(self._copy, system.log_dir))
            yield Command("Copy the folder of the system", system.root, partial(self._copy, system.root))
        yield Command("Save a picture of the screen", "SVG, in .meshdev", dashboard.save_picture)
        yield Command("Stop the system", "and close the dashboard", dashboard.stop_system)

    def _keys(self) -> Iterator[Command]:
        here = [place for place in PLACES if place.mode == self.app.current_mode]
        for key in (*_of(here), *APP_KEYS):
            if key.name not in _USELESS:
                yield Command(key.text, f"key {key.written}", partial(self._run, key))

    def _elsewhere(self) -> Iterator[Command]:
        for place in PLACES:
            if place.mode != self.app.current_mode:
                for key in _of([place]):
                    if key.name not in _USELESS | _OF_A_SERVICE:
                        run = partial(self._run_there, place.mode, key)
                        yield Command(f"{place.title}: {key.text}", f"keys {place.number} {key.written}", run)

    def _places(self) -> Iterator[Command]:
        for place in PLACES:
            if place.mode != self.app.current_mode:
                run = partial(self.dashboard.action_show, place.mode)
                yield Command(f"Go to {place.title}: {place.about}", f"key {place.number}", run)

    def _services(self) -> Iterator[Command]:
        for service in self.dashboard.picture.services:
            yield from self._of_service(service)

    def _faults(self) -> Iterator[Command]:
        desk, shown = self.dashboard.chaos, self.dashboard.picture.faults
        for fault in shown:
            what, verb = words_of(fault), "Switch off" if fault.on else "Switch on"
            yield Command(f"{verb} fault {fault.name}", what, partial(desk.switch, fault))
            if fault.on or fault.origin == ADDED:
                yield Command(f"End fault {fault.name}", what, partial(desk.remove, fault.name))
            yield Command(f"Go to fault {fault.name}", what, partial(self.dashboard.open_fault, fault.name))
        if desk.are_on():
            yield Command("End all faults", f"{len(desk.are_on())} are on", desk.clear)
        yield Command("Add a fault", "where, what, how long", self.dashboard.open_fault_form)

    async def _recordings(self) -> list[Command]:
        desk, open_ = self.dashboard.recordings, self.dashboard.open_recording
        found = [
            Command(f"Stop recording {view.name}", "and keep it", partial(desk.stop, view.name))
            for view in desk.active
        ]
        found.append(Command("Record", "everything, an edge, a service", desk.ask_what))
        found.append(Command("Save the last five minutes", "as a recording", desk.save_last))
        for summary in await desk.known():
            name = summary.meta.name
            found += [
                Command(f"Open recording {name}", "its calls, in Traffic", partial(open_, name)),
                Command(f"Verify recording {name}", "is it still true?", partial(desk.replay, name)),
                Command(f"Replay recording {name}", "to a live service", partial(desk.ask_replay, name)),
                Command(f"Export recording {name}", "HAR, pytest, …", partial(desk.ask_format, name)),
                Command(f"Play a service out of recording {name}", "◫", partial(desk.ask_stand_in, name)),
                Command(f"Remove recording {name}", "asks first", partial(desk.ask_removal, name)),
            ]
        return found

    def _of_service(self, service: ServiceView) -> Iterator[Command]:
        dashboard, act = self.dashboard, self.dashboard.act
        name, state = service.name, str(state_of(service))
        yield Command(f"Go to {name}", state, partial(dashboard.open_service, name))
        yield Command(f"Start {name}", state, partial(act.start, name))
        yield Command(f"Stop {name}", state, partial(act.stop, name))
        yield Command(f"Restart {name}", state, partial(act.restart, name))
        more, less = service.replicas + 1, service.replicas - 1
        yield Command(f"Scale {name} up", f"to {more}", partial(act.scale, name, more))
        if less:
            yield Command(f"Scale {name} down", f"to {less}", partial(act.scale, name, less))
        yield Command(
            f"Chaos at {name}: {dashboard.chaos.last.faults}, or end it",
            "the last fault",
            partial(dashboard.chaos.toggle_quick, name),
        )
        yield Command(
            f"Chaos at {name}: choose a fault", "the form", partial(dashboard.open_fault_form, name)
        )
        yield Command(f"Logs of {name}", "only its lines", partial(dashboard.open_logs, name))
        yield Command(
            f"Graph around {name}", "who calls it, whom it calls", partial(dashboard.open_graph, name)
        )
        yield Command(
            f"Edit {name} in the topology file", "at its line", partial(self._edit, name, code=False)
        )
        yield Command(f"Edit the code of {name}", "in your editor", partial(self._edit, name, code=True))
        if address_of(service):
            address = service.url or service.ports[0]
            yield Command(f"Open {name}", address, partial(dashboard.browse, address))
            yield Command(f"Copy the address of {name}", address, partial(self._copy, address))

    def _themes(self) -> Iterator[Command]:
        for name in sorted(self.app.available_themes):
            yield Command(f"Theme {name}", "colours", partial(setattr, self.app, "theme", name))

    # --- what they do -----------------------------------------------------------------------------

    async def _run(self, key: Key) -> None:
        await self.app.run_action(key.action, default_namespace=self.app if key in APP_KEYS else self.screen)

    async def _run_there(self, mode: str, key: Key) -> None:
        await self.app.switch_mode(mode)
        await self.app.run_action(key.action, default_namespace=self.app.screen)

    def _copy(self, text: str) -> None:
        self.dashboard.copy(text, text)

    def _edit(self, name: str, *, code: bool) -> None:
        def edit(screen: ServicesScreen) -> None:
            if code:
                screen.edit_code(name)
            else:
                screen.edit_definition(name)

        self.dashboard.visit(ServicesScreen, edit)


def _of(places: Sequence[Place]) -> list[Key]:
    return [key for place in places for group in place.groups for key in group]


def best(query: str, commands: Sequence[Command], most: int = _MOST) -> list[tuple[Match, Command]]:
    """The commands that match best, the best first; equal ones in the order of the list."""
    found = [(matched, command) for command in commands if (matched := match(query, command.name))]
    return nlargest(most, found, key=lambda pair: pair[0].score)


def _marked(name: str, places: Sequence[int], style: Style) -> Content:
    """The name as text (a name that looks like markup is none), with the found letters marked."""
    content = Content(clean(name))
    for place in places:
        content = content.stylize(style, place, place + 1)
    return content
