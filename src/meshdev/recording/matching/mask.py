"""Noise put aside: its places within a tree of values, which values may stand there, and the tree without them.

The places of one route hang in a `Trie` of names, so that masking costs what there is noise, not what there is content.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Union

from meshdev.recording.matching.parts import Place, Several, Tree
from meshdev.recording.matching.shape import STRONG, TIMES, Scalar, Shape, instant, shape_of


class Accepts(StrEnum):
    """Which unseen values may stand in a place of noise."""

    SHAPES = "shapes"  # those of the recorded shapes
    RANDOM = "random"  # drawn characters, about as many
    TIME = "time"  # a time in the same notation, not before the recording
    NUMBER = "number"
    ANY = "any"  # any scalar of the same JSON type
    SECRET = "secret"  # any text or number: what was recorded is a placeholder  # noqa: S105


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """One place of noise of one route. ``token`` stands in the masked tree for whatever value was there."""

    place: Place
    accepts: Accepts
    token: str
    shapes: frozenset[Shape] = frozenset()
    types: frozenset[type] = frozenset()
    least: int = 0  # characters
    most: int = 0
    earliest: float = 0.0  # seconds since 1970
    family: tuple[str, str] = ("", "")  # method and route
    whole: bool = False  # whatever is there, values of any kind with all that is in them
    hard: bool = False  # never a reference to anything, by its name

    def takes(self, value: Scalar) -> bool:
        """Whether a value may stand here although it was never seen."""
        kind = type(value)
        match self.accepts:
            case Accepts.ANY:
                return kind in self.types and value != ""
            case Accepts.SECRET:
                return (kind is str and value != "") or kind is int
            case Accepts.NUMBER:
                return kind in self.types and (kind is not str or _is_number(str(value)))
            case Accepts.RANDOM:
                return (
                    kind is str and self.least <= len(str(value)) <= self.most and not _is_words(str(value))
                )
            case _:
                return self._takes_shape(value)

    def _takes_shape(self, value: Scalar) -> bool:
        if type(value) not in self.types or shape_of(value) not in self.shapes:
            return False
        if self.accepts is not Accepts.TIME:
            return True
        when = instant(value)
        return when is not None and when >= self.earliest


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()


def _is_words(text: str) -> bool:
    return not text.isascii() or (any(mark in text for mark in " /?&,;") and "=" not in text[-2:])


Trie = dict[str, Union["Trie", Leaf]]
Found = list[tuple[Leaf, Any]]

_BEFORE_RECORDING: Final = 86_400.0


def leaf_of(
    place: Place,
    values: list[Scalar],
    started: float,
    accepts: Accepts | None = None,
    *,
    hard: bool = False,
    family: tuple[str, str] = ("", ""),
) -> Leaf:
    """A leaf that takes what looks like the recorded values; ``started`` is the earliest call's time."""
    shapes = frozenset(map(shape_of, values))
    types = frozenset(map(type, values))
    sizes = [len(value) for value in values if isinstance(value, str)] or [0]
    if accepts is None:
        accepts = _taken(shapes)
    return Leaf(
        place=place,
        accepts=accepts,
        token=f"\0{accepts.value}",
        shapes=shapes,
        types=types,
        least=max(1, min(sizes) * 2 // 3),
        most=max(sizes) * 3 // 2,
        earliest=started - _BEFORE_RECORDING if started else 0.0,
        hard=hard,
        family=family,
    )


def _taken(shapes: frozenset[Shape]) -> Accepts:
    if shapes <= TIMES:
        return Accepts.TIME
    if shapes <= {Shape.UUID, Shape.ULID, Shape.JWT}:
        return Accepts.SHAPES
    if shapes <= {Shape.NUMBER, Shape.FRACTION, Shape.EPOCH}:
        return Accepts.NUMBER
    if shapes <= STRONG | {Shape.SHORT, Shape.NUMBER}:
        return Accepts.RANDOM
    return Accepts.ANY


def trie_of(found: list[Leaf]) -> Trie:
    """All leaves of one route; a leaf above another one wins."""
    trie: Trie = {}
    for leaf in sorted(found, key=lambda leaf: (len(leaf.place), leaf.place)):
        node = trie
        *way, last = leaf.place
        for name in way:
            inner = node.setdefault(name, {})
            if isinstance(inner, Leaf):
                break
            node = inner
        else:
            node.setdefault(last, leaf)
    return trie


def mask(tree: Tree, trie: Trie) -> Found:
    """Replaces the noise in ``tree`` by tokens, and tells what stood there, in the same order for equal trees."""
    found: Found = []
    _mask(tree, trie, found)
    return found


def _mask(node: Any, trie: Trie, found: Found) -> None:
    if type(node) is dict:
        for name, inner in trie.items():
            if name in node:
                if type(inner) is Leaf:
                    node[name] = _cover(node[name], inner, found)
                else:
                    _mask(node[name], inner, found)  # type: ignore[arg-type] # the other half of the union
    elif isinstance(node, list):
        several = trie.get("*")
        if type(several) is Leaf:
            node[:] = [_cover(value, several, found) for value in node]
        elif several is not None:
            for value in node:
                _mask(value, several, found)  # type: ignore[arg-type] # the other half of the union


def _cover(value: Any, leaf: Leaf, found: Found) -> Any:
    if leaf.whole:
        return leaf.token
    if type(value) is Several:
        return [_cover(inner, leaf, found) for inner in value]
    if type(value) is dict or not leaf.takes(value):
        return value
    found.append((leaf, value))
    return leaf.token
