"""Edges that nobody wrote: who names whom in its environment, its commands, its links and its ``depends_on``.

Each is told with its evidence, and only the first evidence of an edge counts: a service that is named in a variable
needs no word of depends_on. An edge that only waits (``service_completed_successfully``, or services that share no
network, or a callee that listens on nothing) is none. Pure: services and their texts in, edges out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from meshdev.errors import Where
from meshdev.topology.compose.addresses import addresses_in
from meshdev.topology.compose.protocols import guess, of_image
from meshdev.topology.model import Inferred


@dataclass(frozen=True, slots=True)
class Text:
    """A text that may name others: what it is called (``environment DATABASE_URL``), its variable, its value."""

    evidence: str
    value: str
    where: Where
    key: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A service as inference sees it.

    ``names`` are what others call it; ``links`` are (service, its name here); ``waits`` are the services that it
    depends on until they run; ``ports`` are those that it says it listens on, with the protocol if that is written.
    """

    name: str
    names: frozenset[str]
    where: Where
    image: str = ""
    networks: frozenset[str] = frozenset({"default"})
    texts: tuple[Text, ...] = ()
    links: tuple[tuple[str, str, Where], ...] = ()
    waits: tuple[tuple[str, Where], ...] = ()
    ports: Mapping[int, str] = field(default_factory=dict)


def infer(subjects: Sequence[Subject]) -> tuple[Inferred, ...]:
    """The edges, by caller in the file's order; each (caller, callee, port) once."""
    by_name = {subject.name: subject for subject in subjects}
    found: list[Inferred] = []
    for subject in subjects:
        found += _edges(subject, subjects, by_name)
    return tuple(found)


def _edges(
    caller: Subject, subjects: Sequence[Subject], by_name: Mapping[str, Subject]
) -> Iterator[Inferred]:
    names = _names(caller, subjects)
    seen: dict[str, set[int | None]] = {}
    named = {item.callee for item in _said(caller, names, by_name)}
    declared = (item for item in _declared(caller, by_name) if item.callee not in named)
    for item in (*_said(caller, names, by_name), *declared):
        ports = seen.setdefault(item.callee, set())
        if item.port in ports or (item.port is None and ports):
            continue
        ports.add(item.port)
        yield item


def _names(caller: Subject, subjects: Iterable[Subject]) -> dict[str, str]:
    """Who is meant by which host name; a link's alias is known to its caller alone."""
    known: dict[str, str] = {}
    for other in subjects:
        if other.name != caller.name:
            known.update({name.lower(): other.name for name in other.names})
    known.update({alias.lower(): target for target, alias, _ in caller.links})
    for name in caller.names:  # its own names are itself, even where another has them too
        known.pop(name.lower(), None)
    return known


def _said(caller: Subject, names: Mapping[str, str], by_name: Mapping[str, Subject]) -> Iterator[Inferred]:
    siblings = {text.key: text.value for text in caller.texts if text.key}
    for text in caller.texts:
        for address in addresses_in(text.value, names, key=text.key, siblings=siblings):
            callee = by_name.get(address.name)
            if callee is None:
                continue
            port = address.port or _usual_port(callee)
            schemes = (address.scheme,) if address.scheme else ()
            yield Inferred(
                caller.name, callee.name, text.evidence, port, protocol_of(callee, port, schemes), text.where
            )


def _declared(caller: Subject, by_name: Mapping[str, Subject]) -> Iterator[Inferred]:
    for target, _, where in caller.links:
        callee = by_name.get(target)
        if callee is not None and callee.name != caller.name:
            port = _usual_port(callee)
            yield Inferred(caller.name, callee.name, "links", port, protocol_of(callee, port), where)
    for target, where in caller.waits:
        callee = by_name.get(target)
        port = _usual_port(callee) if callee is not None else None
        if callee is not None and port is not None and callee.networks & caller.networks:
            yield Inferred(caller.name, callee.name, "depends_on", port, protocol_of(callee, port), where)


def _usual_port(callee: Subject) -> int | None:
    """Where it listens, as far as it says so: its image's own port when that is among them."""
    known = of_image(callee.image)
    if known is not None and (known[1] in callee.ports or not callee.ports):
        return known[1]
    return next(iter(callee.ports), None)


def protocol_of(callee: Subject, port: int | None, schemes: tuple[str, ...] = ()) -> str:
    """What ``callee`` speaks there: written, or guessed."""
    if port is None:
        return ""
    return callee.ports.get(port) or guess(port, callee.image, schemes)
