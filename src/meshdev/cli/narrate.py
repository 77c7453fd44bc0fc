"""From two pictures of the system, and from the daemon's notices, to lines that a person reads. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from meshdev.cli.states import service_look
from meshdev.client.mirror import Mirror
from meshdev.wire.control import StreamEvent

_QUIET = frozenset(
    {"starting", "building", "stopping", "backoff"}
)  # the notices tell these with their reasons
_SERVING = frozenset({"healthy", "running"})
_COLOURS = {"info": "", "warning": "yellow", "error": "red"}


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence about a service (or about the system: no service) and its colour ("" for none).

    ``passing``: a state on the way, which a display that redraws itself shows anyway.
    """

    service: str
    text: str
    colour: str = ""
    passing: bool = False

    def __str__(self) -> str:
        return f"{self.service} {self.text}" if self.service else self.text


def changes(before: Mirror, after: Mirror) -> list[Line]:
    """What has become of the services between two pictures."""
    lines = []
    for name, view in after.services.items():
        now = service_look(view)
        old = before.services.get(name)
        if view.trouble and (old is None or old.trouble != view.trouble):
            lines.append(Line(name, view.trouble, "red"))
        was = service_look(old).word if old is not None else "stopped"
        waits = now.word == "waiting"
        waits_for_else = waits and old is not None and _gist(old.why) != _gist(view.why)
        if (now.word == was and not waits_for_else) or now.word in _QUIET:
            continue
        why = _gist(view.why) if waits else view.why
        at = f" at {view.url}" if view.url and now.word in _SERVING else ""
        lines.append(Line(name, _sentence(now.word, why) + at, now.colour, passing=waits))
    lines += [Line(name, "left the topology") for name in before.services if name not in after.services]
    return lines


def news(events: Iterable[StreamEvent], before: Mirror, after: Mirror) -> list[Line]:
    """The notices among ``events`` and what they have changed, nothing said twice."""
    seen = changes(before, after)
    said = set(map(str, seen))
    told = [notice(event) for event in events if event.kind == "notice"]
    return [line for line in told if str(line) not in said] + seen


def _gist(why: str) -> str:
    """A reason without what its probe says, which is another with every try."""
    return why.partition(" (")[0]


def _sentence(word: str, why: str) -> str:
    if word in _SERVING or word == "stopped" or not why:
        return f"is {word}"
    if why.startswith(word):
        return why if word == "gave up" else f"is {why}"
    return f"is {word}: {why}"


def notice(event: StreamEvent) -> Line:
    """A notice of the daemon; one that names its service already is not given it twice."""
    named = event.name and not event.text.startswith((f"{event.name} ", f"{event.name}-", f"{event.name}:"))
    return Line(event.name if named else "", event.text, _COLOURS.get(event.level, ""))
