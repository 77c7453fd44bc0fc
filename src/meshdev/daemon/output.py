"""Where instances' output goes: into the logs, past those who wait for a line."""

from collections.abc import Callable
from dataclasses import dataclass, field

from meshdev.lifecycle.model import Event, Incarnation, LogMatched
from meshdev.runners.match import MatchingSink
from meshdev.runners.output import OutputSink
from meshdev.storage.store import LogStore
from meshdev.storage.stream import LogStream
from meshdev.topology.model import Condition, ProbeKind, System


@dataclass(frozen=True, slots=True)
class LogSink:
    """One stream of one incarnation, as the runner writes it."""

    stream: LogStream

    def write(self, chunk: bytes) -> None:
        """Take what was read."""
        self.stream.feed(chunk)

    def end(self) -> None:
        """Nothing more will come."""
        self.stream.end()


@dataclass(slots=True)
class Outputs:
    """Opens sinks, and looks for the patterns that probes and dependents wait for."""

    logs: LogStore
    post: Callable[[Event], None]
    _patterns: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def adopt(self, system: System) -> None:
        """Learn which services' logs somebody waits for."""
        self._patterns = log_patterns(system)

    def open(self, ref: Incarnation, stream: str) -> OutputSink:
        """Where one stream of ``ref`` goes."""
        sink = LogSink(self.logs.stream(ref.service, ref.id, ref.generation, stream))
        patterns = self._patterns.get(ref.service)
        if not patterns:
            return sink
        return MatchingSink(sink, patterns, lambda pattern: self.post(LogMatched(ref, pattern)))


def log_patterns(system: System) -> dict[str, tuple[str, ...]]:
    """Per service, the regular expressions that its healthcheck or a dependent looks for in its log."""
    found: dict[str, dict[str, None]] = {name: {} for name in system.services}
    for service in system.services.values():
        check = service.healthcheck
        if check is not None and check.kind is ProbeKind.LOG:
            found[service.name][str(check.target)] = None
        for dependency in service.depends_on:
            if dependency.condition is Condition.LOG and dependency.log and dependency.target in found:
                found[dependency.target][dependency.log] = None
    return {name: tuple(patterns) for name, patterns in found.items()}
