"""Names of tests and of variables, out of routes and keys; each only once."""

import builtins
import keyword
import re
from typing import Final

from meshdev.recording.formats.openapi.paths import singular, snake, template_of
from meshdev.recording.model import Exchange

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_TAKEN: Final = frozenset(
    {"base64", "like", "mesh", "os", "re", "reply", "uuid4", *keyword.kwlist, *dir(builtins)}
)
_MOST: Final = 60
_BAD: Final = 400


class Names:
    """Hands out names that nobody has yet."""

    def __init__(self) -> None:
        self._given: set[str] = set(_TAKEN)

    def new(self, wanted: str, fallback: str = "value") -> str:
        """``order_id``, then ``order_id_2``."""
        plain = snake(wanted) or fallback
        if plain[0].isdigit():
            plain = f"{fallback}_{plain}"
        name, count = plain, 1
        while name in self._given:
            count += 1
            name = f"{plain}_{count}"
        self._given.add(name)
        return name


def route(exchange: Exchange) -> str:
    """``POST /orders/{order_id}``, in characters that may stand in a docstring."""
    plain = f"{exchange.request.method} {template_of(exchange)[0]}"
    return re.sub(r"[^ -~]|[\\\"]", "?", plain)


def name_of_test(calls: list[Exchange]) -> str:
    """After the first call that changes something and the last one: ``test_post_cart_then_post_checkout``."""
    changing = [call for call in calls if call.request.method not in _SAFE] or calls
    ends = [changing[0]] if changing[0] is changing[-1] else [changing[0], changing[-1]]
    plain = "_then_".join(_words(call) for call in ends)
    status = calls[-1].response.status if calls[-1].response else 0
    if len(calls) == 1 and status >= _BAD:
        plain += f"_answers_{status}"
    return f"test_{plain[:_MOST].strip('_')}"


def _words(call: Exchange) -> str:
    segments = template_of(call)[0].split("/")
    words = [call.request.method.lower()]
    for number, segment in enumerate(segments):
        if segment and not segment.startswith("{"):
            inside = number + 1 < len(segments) and segments[number + 1].startswith("{")
            words.append(snake(singular(segment) if inside else segment))
    return "_".join(filter(None, words)) if len(words) > 1 else f"{words[0]}_root"
