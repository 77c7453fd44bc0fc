"""What can be recorded: everything, an edge, a service; and what somebody has typed of it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from meshdev.tui.model import Picture
from meshdev.wire.recording_views import RecordRequest

EVERYTHING = "everything"
_ARROWS = ("->", "→")


@dataclass(frozen=True, slots=True)
class Offer:
    """``text`` is what is written when it is chosen."""

    text: str
    about: str


def offers_of(picture: Picture, edge: str = "") -> list[Offer]:
    """Everything, the edge that is looked at, the edges, the services."""
    edges = [f"{one.caller} -> {one.callee}" for one in picture.signals if one.protocol == "http"]
    edges += [f"{one.caller} -> {one.callee}" for one in picture.edges if one.kind == "calls"]
    offers = [Offer(EVERYTHING, "every call over every edge")]
    offers += [Offer(edge, "the edge of the call under the cursor")] if edge else []
    offers += [Offer(one, "an edge") for one in dict.fromkeys(edges) if one != edge]
    offers += [Offer(one.name, "all edges from and to it") for one in picture.services]
    return offers


def offered(offers: Sequence[Offer], typed: str) -> list[Offer]:
    """Those that have the words of what stands behind the last comma."""
    words = typed.rpartition(",")[2].replace("→", "->").lower().split()
    if typed.strip() == EVERYTHING:
        words = []
    return [one for one in offers if all(word in one.text.lower() for word in words)]


def written_into(typed: str, text: str) -> str:
    """``typed`` with ``text`` in the place of its last part."""
    before = typed.rpartition(",")[0].strip()
    return text if not before or before == EVERYTHING else f"{before}, {text}"


def request_of(name: str, typed: str) -> RecordRequest:
    """What is asked for."""
    parts = [part.strip() for part in typed.split(",")]
    wanted = [part for part in parts if part and part != EVERYTHING]
    edges = [part.replace("→", "->") for part in wanted if any(arrow in part for arrow in _ARROWS)]
    services = [part for part in wanted if not any(arrow in part for arrow in _ARROWS)]
    return RecordRequest(name=name.strip(), edges=edges, services=services)


def words_of(request: RecordRequest) -> str:
    """The same in a sentence."""
    edges = [edge.replace("->", "→") for edge in request.edges]
    what = [*edges, *(f"all of {service}" for service in request.services)]
    return f"● records {', '.join(what) or 'every call'}, without secrets, until R stops it"
