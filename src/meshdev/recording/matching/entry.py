"""A recorded exchange as the index keeps it."""

from dataclasses import dataclass, field

from meshdev.recording.matching.mask import Found, Trie, mask
from meshdev.recording.matching.parts import Parts, split
from meshdev.recording.model import Exchange, Headers

Family = tuple[str, str]  # method and guessed route


@dataclass(slots=True, eq=False)
class Entry:
    """``number`` counts through all layers in the order in which things began; ``headers`` by their small names."""

    number: int
    layer: int
    exchange: Exchange
    headers: dict[str, str]
    family: Family = ("", "")
    found: Found = field(default_factory=list)  # its noise, in the order of `mask`
    values: tuple[str, ...] = ()  # the same as texts
    made: str = ""  # the name within its path that the caller made up for a new thing

    def parts(self) -> Parts:
        """Its request, taken apart anew (masking changes it)."""
        request = self.exchange.request
        return split(request.method, request.target, self.headers, request.body.data)

    def masked(self, trie: Trie | None) -> Parts:
        """Its request without the noise, which is kept aside."""
        parts = self.parts()
        self.found = mask(parts.tree, trie) if trie else []
        self.values = tuple(text_of(value) for _, value in self.found)
        return parts


def text_of(value: object) -> str:
    """A value as it would be written in a URL."""
    return value if isinstance(value, str) else str(value)


def small(headers: Headers) -> dict[str, str]:
    """Headers by their small names; several of one name joined as RFC 9110 §5.2 says."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found
