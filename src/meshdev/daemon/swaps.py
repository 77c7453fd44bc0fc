"""Who plays a service in place of what the file says, for as long as the daemon lives or until it is taken back.

A swap is kept by the service's name and laid over every system that is read (`Swaps.over`), so that ``meshdev up`` with
a changed file leaves it standing. One that the new file makes impossible is dropped, and told.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from meshdev.errors import UsageError
from meshdev.topology.library import recordings_in
from meshdev.topology.model import Remote, Service, System
from meshdev.topology.nearest import did_you_mean
from meshdev.topology.recordings import OnMiss, RecordingRules, Stub, speed_of
from meshdev.topology.stand_ins import is_http_url, played, reached, unplayable, without_credentials
from meshdev.wire.swap import SwapRequest

PROCESS = "process"
STUB = "stub"
RECORDING = "recording:"
URL = "url:"

Played = Stub | Remote


@dataclass(frozen=True, slots=True)
class Replaced:
    """Who played a service before a swap (None: itself), and since when (monotonic seconds) the swap is in hand."""

    run: Played | None
    at: float


@dataclass(slots=True)
class Swaps:
    """The swaps that are on; ``say`` gets (service, sentence) of those that end by themselves."""

    say: Callable[[str, str], None]
    _on: dict[str, Played] = field(default_factory=dict)

    def over(self, system: System) -> System:
        """``system`` with the swaps in it; those that it has no place for are dropped."""
        services = dict(system.services)
        for name, run in list(self._on.items()):
            service = services.get(name)
            if service is None:
                del self._on[name]
            elif reason := unplayable(service):
                del self._on[name]
                self.say(name, f"is no longer played by {stand_in(run)}: {reason}")
            else:
                services[name] = with_run(service, run)
        return replace(system, services=services) if self._on else system

    def ask(self, service: Service, rules: RecordingRules, request: SwapRequest) -> Played | None:
        """Who is meant to play ``service`` (as the file has it); None for itself. Raises UsageError. Reads the disk."""
        run = _meant(service, rules, request)
        if run is not None and (reason := unplayable(service)):
            raise UsageError(f"{service.name} cannot be played: {reason}")
        return run

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
        if isinstance(service.run, Stub) or (isinstance(service.run, Remote) and service.name in self._on):
            return stand_in(service.run)
        return ""


def with_run(service: Service, run: Played) -> Service:
    """``service`` played by ``run``."""
    return played(service, run) if isinstance(run, Stub) else reached(service, run.url)


def stand_in(run: Played) -> str:
    """``recording:base,checkout`` or ``url:http://…``, without credentials."""
    if isinstance(run, Stub):
        return RECORDING + ",".join(run.recordings)
    return URL + without_credentials(run.url)


def _meant(service: Service, rules: RecordingRules, request: SwapRequest) -> Played | None:
    target = request.target
    if target == PROCESS:
        return None
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
    accepted = "accepted: recording:NAME[,NAME2], stub, url:http://…, process"
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
