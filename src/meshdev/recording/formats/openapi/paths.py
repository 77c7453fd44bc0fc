"""Path templates out of guessed routes: ``GET /orders/{id}`` and ``/orders/17`` give ``/orders/{order_id}``."""

import re
from typing import Final
from urllib.parse import unquote

from meshdev.recording.formats.address import split_target
from meshdev.recording.model import Exchange
from meshdev.traffic.route import route_of

_HOLE: Final = "{id}"


def template_of(exchange: Exchange) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The template, and names and values of what is in its holes."""
    path = split_target(exchange.request.target)[0]
    segments = path.split("/")
    route = exchange.route.partition(" ")[2] or route_of(exchange.request.target.encode("latin-1", "replace"))
    guessed = route.split("/")
    if len(guessed) != len(segments):
        guessed = segments
    made: list[str] = []
    values: list[tuple[str, str]] = []
    for number, (segment, guess) in enumerate(zip(segments, guessed, strict=True)):
        if guess == _HOLE and segment:
            name = _named(guessed[number - 1] if number else "", {known for known, _ in values})
            made.append(f"{{{name}}}")
            values.append((name, unquote(segment)))
        else:
            made.append(segment.replace("{", "%7B").replace("}", "%7D"))
    return "/".join(made), tuple(values)


def singular(word: str) -> str:
    """``orders`` to ``order``: as far as a rule of thumb goes."""
    for ending, other in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word.removesuffix(ending) + other
    return word.removesuffix("s") if len(word) > 3 and not word.endswith(("ss", "us", "is")) else word  # noqa: PLR2004


def snake(text: str) -> str:
    """A name out of whatever was written: ``orderId``, ``order-id`` and ``Order id`` give ``order_id``."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    return re.sub(r"[^A-Za-z0-9]+", "_", parted).strip("_").lower()


def _named(before: str, taken: set[str]) -> str:
    base = snake(singular(before)) if before != _HOLE else ""
    plain = f"{base}_id" if base else "id"
    name, count = plain, 1
    while name in taken:
        count += 1
        name = f"{plain}_{count}"
    return name
