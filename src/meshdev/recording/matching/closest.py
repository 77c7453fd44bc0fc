"""The recorded calls closest to a request that none answers. Bounded work, whatever the number of entries."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from meshdev.recording.matching.entry import Entry
from meshdev.recording.matching.headers import value_of
from meshdev.recording.matching.index import Index
from meshdev.recording.matching.mask import Accepts, Trie, mask
from meshdev.recording.matching.miss import Candidate, FieldDifference
from meshdev.recording.matching.parts import Parts, leaves, written

_MOST_LOOKED_AT: Final = 96
_MOST_DIFFERENCES: Final = 24
_MOST_SHOWN: Final = 200  # characters of one value
_MASKS: Final = frozenset(f"\0{accepts.value}" for accepts in Accepts)


def nearby(index: Index, parts: Parts) -> list[Entry]:
    """Entries that may be close: same method and path, same route, then same path."""
    found: dict[int, Entry] = {}
    here = index.paths.get(parts.path, [])
    for entry in _spread([entry for entry in here[:4096] if entry.family[0] == parts.method]):
        found[entry.number] = entry
    for several in (index.families.get((parts.method, parts.route), []), here):
        if len(found) < _MOST_LOOKED_AT:
            for entry in _spread(several):
                found.setdefault(entry.number, entry)
    return list(found.values())


def _spread(entries: Sequence[Entry]) -> Iterable[Entry]:
    step = max(1, len(entries) // (_MOST_LOOKED_AT // 2))
    return entries[::step][:_MOST_LOOKED_AT]


def flat(parts: Parts, trie: Trie | None) -> dict[str, list[str]]:
    """Places and their values, in words; noise is left out."""
    if trie:
        mask(parts.tree, trie)
    found: dict[str, list[str]] = {}
    for place, value in leaves(parts.tree):
        if value not in _MASKS:
            found.setdefault(written(place), []).append(_json(value))
    return found


def _json(value: Any) -> str:
    """As JSON, so that a number is told from its digits; what was cut out of a text is an ellipsis."""
    text = value.replace("\0", "…") if isinstance(value, str) else value
    return msgspec.json.encode(text).decode()


def _quoted(value: str | None) -> str | None:
    return None if value is None else _json(value)


def ranked(
    entries: Iterable[Entry],
    asked: Parts,
    headers: Mapping[str, str],
    tries: Mapping[tuple[str, str], Trie],
    names: Sequence[str],
    most: int,
) -> tuple[Candidate, ...]:
    """The closest ``most`` of them, each with its differences."""
    wanted = flat(asked, tries.get((asked.method, asked.route)))
    scored = []
    for entry in entries:
        parts = entry.parts()
        differences = _compared(parts, asked, flat(parts, tries.get(entry.family)), wanted)
        differences += [
            FieldDifference(f"header.{name}", _quoted(theirs), _quoted(ours))
            for name in names
            if (theirs := value_of(entry.headers, name)) != (ours := value_of(headers, name))
        ]
        weight = sum(8 if difference.place in {"method", "path"} else 1 for difference in differences)
        scored.append(
            (weight, entry.number, Candidate(entry.exchange, tuple(differences[:_MOST_DIFFERENCES])))
        )
    scored.sort(key=lambda row: row[:2])
    return tuple(candidate for _, _, candidate in scored[:most])


def _compared(
    recorded: Parts, asked: Parts, theirs: Mapping[str, list[str]], ours: Mapping[str, list[str]]
) -> list[FieldDifference]:
    found = [
        FieldDifference(name, before, after)
        for name, before, after in (
            ("method", recorded.method, asked.method),
            ("path", recorded.path, asked.path),
            ("header.content-type", _quoted(recorded.kind or None), _quoted(asked.kind or None)),
        )
        if before != after
    ]
    for place in [*theirs, *(place for place in ours if place not in theirs)]:
        before, after = theirs.get(place), ours.get(place)
        if before != after:
            found.append(FieldDifference(place, _short(before), _short(after)))
    return found


def _short(values: list[str] | None) -> str | None:
    if values is None:
        return None
    text = ", ".join(values)
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…"
