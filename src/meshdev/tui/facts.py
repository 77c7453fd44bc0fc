"""What the details pane says about a service, as lines of spans. Pure."""

from collections.abc import Iterator

from meshdev.tui import units
from meshdev.tui.cells import clean, cut, pad, wrap_words
from meshdev.tui.golden import Golden, error_tone
from meshdev.tui.model import NOBODY, Picture, usage_of
from meshdev.tui.neighbours import edges_of
from meshdev.tui.states import state_of, state_of_instance
from meshdev.tui.tone import Span, Tone
from meshdev.wire.control import ExitView, InstanceView, ServiceView

Lines = list[list[Span]]

_LABEL = 10


def facts_of(
    picture: Picture, service: ServiceView, now: float, width: int, golden: Golden = NOBODY
) -> Lines:
    """Everything that is known about ``service``, in at most ``width`` cells a line."""
    lines: Lines = []
    lines += _about(service, now, width)
    lines += _signals(golden)
    lines += _instances(service, now, width)
    lines += _probe(service, now, width)
    lines += _reload(service, now, width)
    lines += edges_of(picture, service, width)
    return lines


def _signals(golden: Golden) -> Iterator[list[Span]]:
    if not golden.requests:
        return
    if not golden.rps:
        yield [
            _label("Signals"),
            Span(f"quiet; {units.plural(golden.requests, 'request')} so far", Tone.MUTED),
        ]
        return
    share = golden.error_share
    spans = [
        _label("Signals"),
        Span(f"{units.rate(golden.rps)} rps  "),
        Span(f"{units.share(share)} errors", error_tone(share)),
    ]
    if golden.p50_ms is not None and golden.p99_ms is not None:
        yield spans
        percentiles = f"p50 {units.latency(golden.p50_ms)}  p99 {units.latency(golden.p99_ms)}"
        spans = [_label(""), Span(percentiles)]
    yield spans


def _about(service: ServiceView, now: float, width: int) -> Iterator[list[Span]]:
    state = state_of(service)
    since = f" for {units.age(now - service.since)}" if service.since else ""
    yield [_label("State"), Span(str(state), state.tone), Span(since, Tone.MUTED)]
    if service.why:
        yield from _wrapped("Why", service.why, width, Tone.TEXT if state.tone is Tone.OK else state.tone)
    if service.stand_in:
        until = "" if service.swapped else " (the file says so)"
        yield from _wrapped("Played by", f"{service.stand_in}{until}", width, Tone.ACCENT)
    if service.description:
        yield from _wrapped("About", service.description, width, Tone.MUTED)
    if service.url:
        yield from _wrapped("Address", service.url, width, Tone.ACCENT)
    for port in service.ports:
        if port not in service.url:
            yield from _wrapped("Port", port, width, Tone.TEXT)
    if service.team:
        yield from _wrapped("Team", service.team, width, Tone.TEXT)
    if service.kind != "service":
        yield from _wrapped("Kind", service.kind, width, Tone.TEXT)
    cpu, memory = usage_of(service.instances)
    if memory is not None:
        usage = f"{units.percent(cpu or 0.0)} of a core, {units.size(memory)}B"
        yield from _wrapped("Uses", usage, width, Tone.TEXT)
    if service.restarts:
        yield from _wrapped("Restarts", str(service.restarts), width, Tone.WARN)


def _instances(service: ServiceView, now: float, width: int) -> Iterator[list[Span]]:
    if not service.instances:
        return
    yield []
    yield [Span(f"Instances {len(service.instances)}", Tone.TITLE)]
    for instance in service.instances:
        state = state_of_instance(instance)
        role = f" {instance.role}" if instance.role != "serving" else ""
        head = f"{clean(instance.id)} gen {instance.generation}{role}"
        yield [
            Span(f"{state.shape} ", state.tone),
            Span(cut(head, width - 20), Tone.STRONG),
            Span(f"  {state.word} {units.age(now - instance.since)}", state.tone),
        ]
        yield [Span("  " + cut(_whereabouts(instance), width - 2), Tone.MUTED)]
        if instance.why and instance.why != service.why:
            for text in wrap_words(clean(instance.why), width - 2):
                yield [Span("  " + text, Tone.MUTED)]


def _whereabouts(instance: InstanceView) -> str:
    parts = []
    if instance.pid is not None:
        parts.append(f"pid {instance.pid}")
    if instance.port:
        parts.append(f"port {instance.port}")
    if instance.cpu_percent is not None:
        parts.append(units.percent(instance.cpu_percent))
    if instance.rss_bytes is not None:
        parts.append(f"{units.size(instance.rss_bytes)}B")
    if instance.exit is not None:
        parts.append(_ended(instance.exit))
    return "  ".join(parts) or "no process"


def _ended(end: ExitView) -> str:
    return f"ended by {end.signal}" if end.signal else f"exit code {end.code}"


def _probe(service: ServiceView, now: float, width: int) -> Iterator[list[Span]]:
    probes = [(instance, instance.last_probe) for instance in service.instances if instance.last_probe]
    if not probes:
        return
    yield []
    yield [Span("Last probe", Tone.TITLE)]
    for instance, probe in probes:
        assert probe is not None  # noqa: S101 -- filtered above; for the type checker
        if not probe.ok and instance.health == "healthy":
            # One failure within the threshold; that the next one passed is no change, so nobody told.
            failed = f" one failed {units.age(now - probe.at)} ago: {clean(probe.detail)}"
            yield [Span("✓ passes", Tone.OK), Span(cut(failed, width - 8), Tone.MUTED)]
            continue
        shape, tone, word = ("✓", Tone.OK, "passed") if probe.ok else ("✕", Tone.BAD, "failed")
        whose = f" {clean(instance.id)}" if len(probes) > 1 else ""
        # Only changes are told: when a probe goes on passing, its age would mislead.
        ago = "" if probe.ok else f" {units.age(now - probe.at)} ago"
        tries = f", {probe.tries} in a row" if not probe.ok and probe.tries > 1 else ""
        yield [Span(f"{shape} {word}", tone), Span(cut(f"{whose}{ago}{tries}", width - 8), Tone.MUTED)]
        if probe.detail:
            for text in wrap_words(clean(probe.detail), width - 2):
                yield [Span("  " + text, Tone.MUTED if probe.ok else Tone.TEXT)]


def _reload(service: ServiceView, now: float, width: int) -> Iterator[list[Span]]:
    reload = service.last_reload
    if reload is None:
        return
    yield []
    yield [Span("Last reload", Tone.TITLE)]
    tone = {"done": Tone.OK, "running": Tone.BUSY}.get(reload.outcome, Tone.WARN)
    shape = {"done": "✓", "running": "◐"}.get(reload.outcome, "↺")
    ago = units.age(now - reload.at)
    yield [Span(f"{shape} {clean(reload.outcome)}", tone), Span(f" {ago} ago", Tone.MUTED)]
    for file in reload.files:
        yield [Span("  " + cut(clean(file), width - 2), Tone.TEXT)]
    if reload.detail:
        for text in wrap_words(clean(reload.detail), width - 2):
            yield [Span("  " + text, Tone.MUTED if tone is Tone.OK else tone)]


def _label(text: str) -> Span:
    return Span(pad(text, _LABEL), Tone.MUTED)


def _wrapped(label: str, text: str, width: int, tone: Tone) -> Iterator[list[Span]]:
    for number, part in enumerate(wrap_words(clean(text), max(8, width - _LABEL))):
        yield [_label(label if number == 0 else ""), Span(part, tone)]
