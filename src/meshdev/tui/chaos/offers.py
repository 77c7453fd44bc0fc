"""What the form offers for the field that is being typed in: targets, kinds of faults, their parameters. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from meshdev.tui.model import Picture
from meshdev.wire.fault_views import FaultKindView, ParameterView


@dataclass(frozen=True, slots=True)
class Offer:
    """A line of the list: ``text`` takes the place of the word that is being typed (of a whole target)."""

    text: str
    shown: str
    about: str


DIRECTIONS = (
    Offer("upstream", "upstream", "what the caller says"),
    Offer("downstream", "downstream", "what the callee answers"),
    Offer("both", "both", "both ways"),
)
MATCHES = (
    Offer("method=", "method=POST", "only requests with this method"),
    Offer("path=", "path=/charges/*", "* within a segment, ** over slashes"),
    Offer("header=", "header=x-user:test-*", "only requests with this header"),
    Offer("subject=", "subject=order.*", "only messages of such subjects, topics, queues"),
    Offer("statement=", "statement=UPDATE", "only such statements of SQL"),
    Offer("table=", "table=orders", "only statements of SQL that name this table"),
    Offer("caller=", "caller=orders", "only what this service sends"),
    Offer("first=", "first=3", "only the first so many"),
    Offer("after=", "after=10", "not the first so many"),
    Offer("every=", "every=10", "each so-many-th"),
    Offer("times=", "times=1", "so many hits in all"),
)
WORDS = {
    "duration": "how long it acts: 30s, 2m; empty is until somebody ends it",
    "percentage": "of the requests, statements, messages, or connections: 10%",
    "ramp": "it grows to its strength over this time: 30s",
    "seed": "a number: the same seed and order of requests decide the same",
    "name": "what it is called; without, it gets a name",
}


def targets_of(picture: Picture) -> tuple[Offer, ...]:
    """All edges, then the services and teams."""
    known = {(edge.caller, edge.callee): "used" if edge.observed else "" for edge in picture.signals}
    for edge in picture.edges:
        if edge.kind in {"calls", "uses"} and not edge.callee.startswith("databases."):
            known.setdefault((edge.caller, edge.callee), "")
    edges = [Offer(f"{caller} -> {callee}", f"{caller} → {callee}", "edge") for caller, callee in known]
    services = [Offer(service.name, service.name, "all that lead to it") for service in picture.services]
    names = dict.fromkeys(service.team for service in picture.services if service.team)
    teams = [Offer(f"team:{name}", f"team:{name}", "all services of the team") for name in names]
    return (*edges, *services, *teams)


def offered_targets(targets: Sequence[Offer], typed: str) -> list[Offer]:
    """Those that have every word of ``typed``; all when one of them stands there already."""
    if any(offer.text == typed for offer in targets):
        return list(targets)
    words = typed.lower().replace("->", " ").replace("→", " ").split()
    return [offer for offer in targets if all(word in offer.text.lower() for word in words)]


def word_at(typed: str, cursor: int) -> tuple[int, int]:
    """Where the word under the cursor begins and ends."""
    begin = max(typed.rfind(" ", 0, cursor) + 1, 0)
    end = typed.find(" ", cursor)
    return begin, len(typed) if end < 0 else end


def offered_faults(kinds: Sequence[FaultKindView], typed: str, cursor: int) -> list[Offer]:
    """Kinds, or once one is written its parameters."""
    begin, end = word_at(typed, cursor)
    word = typed[begin:end]
    name, equals, _ = word.partition("=")
    kind = next((kind for kind in kinds if name in (kind.name, *kind.aliases)), None)
    if equals and kind is not None:
        return list(_parameters(kind, word))
    said = word.lower()
    named = [kind for kind in kinds if any(said in text for text in (kind.name, *kind.aliases))]
    told = [kind for kind in kinds if kind not in named and said in f"{kind.layer} {kind.doc}".lower()]
    return [_offer(kind) for kind in (*sorted(named, key=lambda kind: not kind.name.startswith(said)), *told)]


def _offer(kind: FaultKindView) -> Offer:
    text = f"{kind.name}=" if "=" in kind.example or kind.main else kind.name
    return Offer(text, kind.example or kind.name, f"{kind.layer}: {kind.doc}")


def _parameters(kind: FaultKindView, word: str) -> Iterator[Offer]:
    body, at, percentage = word.partition("@")
    for parameter in kind.parameters:
        if f"{parameter.name}=" in body.replace(f"{kind.name}=", "", 1) and parameter.name != kind.main:
            continue
        if parameter.name == kind.main:
            yield Offer(word, f"{kind.name}={_unit(parameter)}", _doc(parameter))
            continue
        comma = "" if body.endswith(("=", ",")) else ","
        yield Offer(
            f"{body}{comma}{parameter.name}={at}{percentage}",
            f",{parameter.name}={_unit(parameter)}",
            _doc(parameter),
        )
    if not at:
        yield Offer(f"{word}@10%", "@10%", "of the requests or connections only")


def _unit(parameter: ParameterView) -> str:
    return "|".join(parameter.choices) or parameter.unit.upper()


def _doc(parameter: ParameterView) -> str:
    notes = ["required"] if parameter.required else []
    notes += [f"default {parameter.default}"] if parameter.default else []
    notes += ["can grow: 0..VALUE"] if parameter.ramps else []
    return parameter.doc + (f" ({', '.join(notes)})" if notes else "")
