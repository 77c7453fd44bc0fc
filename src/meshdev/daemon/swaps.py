"""Who plays a service in place of what the file says, for as long as the daemon lives or until it is taken back.

Somebody else (a recording, what runs elsewhere), or itself in another way: in a container where the file has a process.

A swap is kept by the service's name and laid over every system that is read (`Swaps.over`), so that ``meshdev up`` with
a changed file leaves it standing. One that the new file makes impossible is dropped, and told.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from meshdev.errors import MeshdevError, UsageError
from meshdev.topology.container import Container
from meshdev.topology.library import recordings_in
from meshdev.topology.model import Process, Remote, Service, System, runs_as
from meshdev.topology.nearest import did_you_mean
from meshdev.topology.recordings import OnMiss, RecordingRules, Stub, speed_of
from meshdev.topology.stand_ins import is_http_url, played, reached, unplayable, without_credentials
from meshdev.wire.swap import SwapRequest

FILE = "file"
WAYS: dict[str, type[Process | Container]] = {"process": Process, "container": Container}
STUB = "stub"
RECORDING = "recording:"
URL = "url:"

Played = Stub | Remote | Service
"""Who plays; a Service is the same one, run in another way."""

Variants = Callable[[System, str, type[Process | Container]], Service | None]
"""The service as the file has it elsewhere, run in that way; reads the disk, raises TopologyError."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """Who played a service before a swap (None: itself), and since when (monotonic seconds) the swap is in hand."""

    run: Played | None
    at: float


@dataclass(slots=True)
class Swaps:
    """The swaps that are on; ``say`` gets (service, sentence) of those that end by themselves."""

    say: Callable[[str, str], None]
    variants: Variants
    _on: dict[str, Played] = field(default_factory=dict)

    def over(self, system: System) -> System:
        """``system`` with the swaps in it; those that it has no place for are dropped."""
        services = dict(system.services)
        for name, run in list(self._on.items()):
            service = services.get(name)
            if service is None:
                del self._on[name]
            elif reason := _impossible(service, run):
                del self._on[name]
                self.say(name, f"is no longer played by {stand_in(run)}: {reason}")
            else:
                services[name] = with_run(service, run)
        return replace(system, services=services) if self._on else system

    def reread(self, system: System) -> dict[str, Service | str]:
        """Those that run in another way than the file said, as it has them now, or why it no longer does.

        Reads the disk; to be put in force by `take`.
        """
        found: dict[str, Service | str] = {}
        for name, run in list(self._on.items()):
            if isinstance(run, Service) and name in system.services:
                try:
                    found[name] = self._in_another_way(system, name, stand_in(run))
                except MeshdevError as error:
                    found[name] = error.message
        return found

    def take(self, found: Mapping[str, Service | str]) -> None:
        """Put in force what `reread` has found, for those that have not been swapped meanwhile."""
        for name, again in found.items():
            run = self._on.get(name)
            if not isinstance(run, Service):
                continue
            if isinstance(again, str):
                del self._on[name]
                self.say(name, f"no longer runs as a {stand_in(run)}: {again}")
            elif runs_as(again.run) == runs_as(run.run):
                self._on[name] = again

    def ask(self, system: System, name: str, request: SwapRequest) -> Played | None:
        """Who is meant to play the service ``name`` of ``system`` (as the file has it); None for what the file says.

        Raises UsageError, TopologyError. Reads the disk.
        """
        service = system.services[name]
        if request.target == FILE:
            return None
        if request.target in WAYS:
            if isinstance(service.run, WAYS[request.target]):
                return None
            return self._in_another_way(system, name, request.target)
        run = _meant(service, system.recording, request)
        if reason := _impossible(service, run):
            raise UsageError(f"{service.name} cannot be played: {reason}")
        return run

    def _in_another_way(self, system: System, name: str, way: str) -> Service:
        service = system.services[name]
        if service.one_shot:
            raise UsageError(f"{name} cannot be swapped: it runs once and ends")
        found = self.variants(system, name, WAYS[way])
        if found is None:
            keys = 'an image or a build, for example [profiles.boxed.services.NAME] image = "…"'
            hint = f"give a profile {keys if way == 'container' else 'a command'}; --with file is what it says now"
            raise UsageError(f"no profile of the file runs {name} as a {way}", hint=hint)
        return found

    def put(self, name: str, run: Played | None) -> Played | None:
        """From now on ``run`` plays the service; gives who did before."""
        before = self._on.pop(name, None)
        if run is not None:
            self._on[name] = run
        return before

    def is_on(self, name: str) -> bool:
        """Whether somebody plays it who is not in the file."""
        return name in self._on

    def shown(self, service: Service) -> str:
        """Who plays ``service``; empty when it runs itself (or runs elsewhere, and the file says so)."""
        if isinstance(service.run, Stub):
            return stand_in(service.run)
        on = self._on.get(service.name)
        return stand_in(on) if on is not None else ""


def with_run(service: Service, run: Played) -> Service:
    """``service`` played by ``run``."""
    match run:
        case Stub():
            return played(service, run)
        case Remote():
            return reached(service, run.url)
        case Service():
            return run


def stand_in(run: Played) -> str:
    """``recording:base,checkout``, ``url:http://…`` without credentials, ``container`` or ``process``."""
    match run:
        case Stub():
            return RECORDING + ",".join(run.recordings)
        case Remote():
            return URL + without_credentials(run.url)
        case Service():
            return runs_as(run.run)


def _impossible(service: Service, run: Played) -> str:
    return "" if isinstance(run, Service) else unplayable(service)


def _meant(service: Service, rules: RecordingRules, request: SwapRequest) -> Stub | Remote:
    target = request.target
    if target == STUB:
        if not isinstance(service.run, Stub):
            hint = f'`meshdev swap {service.name} --with recording:NAME`, or write stub = {{ recording = "NAME" }}'
            raise UsageError(
                f"the file has no stub for {service.name} (in the profiles that are active)", hint=hint
            )
        return _checked(rules, _adjusted(service.run, request))
    if target.startswith(URL):
        url = target.removeprefix(URL)
        if not is_http_url(url):
            raise UsageError(f"found {url!r}; accepted: an http:// or https:// URL")
        return Remote(url)
    if target.startswith(RECORDING):
        names = tuple(name.strip() for name in target.removeprefix(RECORDING).split(",") if name.strip())
        there = service.run.url if isinstance(service.run, Remote) else ""
        base = service.run if isinstance(service.run, Stub) else Stub((), url=there)
        return _checked(rules, _adjusted(replace(base, recordings=names), request))
    accepted = "accepted: recording:NAME[,NAME2], stub, url:http://…, process, container, file"
    raise UsageError(f"found {target!r} for whom to play {service.name}", hint=accepted)


def _adjusted(stub: Stub, request: SwapRequest) -> Stub:
    try:
        on_miss = OnMiss(request.on_miss) if request.on_miss is not None else stub.on_miss
    except ValueError:
        raise UsageError(f"found on-miss {request.on_miss!r}; accepted: {', '.join(OnMiss)}") from None
    timing = stub.timing if request.timing is None else request.timing
    try:
        speed_of(timing)
    except ValueError:
        raise UsageError(f"found timing {timing!r}; accepted: fast, recorded, x2 (any factor)") from None
    url = stub.url if request.url is None else request.url
    if url and not is_http_url(url):
        raise UsageError(f"found {url!r}; accepted: an http:// or https:// URL")
    if on_miss is not OnMiss.FAIL and not url:
        raise UsageError(f"on-miss {on_miss} needs to know where the real one is", hint="--url http://…")
    return replace(stub, on_miss=on_miss, timing=timing, url=url)


def _checked(rules: RecordingRules, stub: Stub) -> Stub:
    known = recordings_in(rules.folder)
    if not stub.recordings:
        raise UsageError("no recording is named", hint=_listed(known))
    for name in stub.recordings:
        if name not in known and (stub.on_miss is not OnMiss.RECORD or not _is_name(name)):
            near = did_you_mean(name, known, what="recordings")
            raise UsageError(f"there is no recording called {name}", hint=near if known else _listed(known))
    return stub


def _is_name(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name) is not None


def _listed(known: list[str]) -> str:
    return f"recordings: {', '.join(known)}" if known else "`meshdev record start NAME` makes one"
