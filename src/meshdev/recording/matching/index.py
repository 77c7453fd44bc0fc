"""One recording, indexed: what a request without its noise leads to, whatever the number of entries."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from meshdev.recording.matching.answers import signature
from meshdev.recording.matching.entry import Entry, Family
from meshdev.recording.matching.group import Group
from meshdev.recording.matching.headers import (
    CREDENTIALS,
    NO_RULES,
    Value,
    discriminating,
    is_secret,
    value_of,
)
from meshdev.recording.matching.mask import Accepts, Found, Trie
from meshdev.recording.matching.options import Rules
from meshdev.recording.matching.parts import Parts
from meshdev.recording.matching.shape import Shape, shape_of
from meshdev.recording.model import Cut

Key = tuple[str, str, str, bytes]

_MOST_SCANNED: Final = 65_536
_MAKES: Final = frozenset({201, 202})
_REFUSED: Final = frozenset({401, 403})
FRESH: Final = frozenset({Shape.UUID, Shape.ULID})
_UUIDS: Final = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b"
)
ANEW: Final = "\0new"  # in a path, for the name of a thing that the call makes


@dataclass(slots=True)
class Bucket:
    """Entries with one key; ``names`` are the headers that tell them apart, ``secrets`` whether secrets within do."""

    entries: list[Entry] = field(default_factory=list)
    names: tuple[str, ...] = ()
    secrets: bool = False
    groups: dict[Value, Group] = field(default_factory=dict)

    def value(self, headers: Mapping[str, str], found: Found) -> Value:
        """What a request has in the places that count here."""
        value: Value = tuple(value_of(headers, name) for name in self.names)
        if self.secrets:
            value += tuple(str(inner) for leaf, inner in found if leaf.accepts is Accepts.SECRET)
        return value

    def is_secret(self, at: int) -> bool:
        """Whether that one of the values is a secret."""
        return at >= len(self.names) or is_secret(self.names[at])

    def finish(self) -> None:
        """Sorts the entries into groups."""
        self.secrets = len(self.entries) > 1 and self._told_by_secrets()
        for entry in self.entries:
            value = self.value(entry.headers, entry.found)
            group = self.groups.get(value)
            if group is None:
                group = self.groups[value] = Group()
            group.add(entry)
        for group in self.groups.values():
            group.finish()

    def _told_by_secrets(self) -> bool:
        secrets: dict[tuple[str, ...], set[bytes]] = defaultdict(set)
        for entry in self.entries:
            inner = tuple(str(value) for leaf, value in entry.found if leaf.accepts is Accepts.SECRET)
            if not inner:
                return False
            secrets[inner].add(signature(entry.exchange, entry.values))
        return len(secrets) > 1 and len({frozenset(answers) for answers in secrets.values()}) > 1

    @staticmethod
    def refuses(group: Group) -> bool:
        """Whether the callee turned these callers away: that is no answer to a secret that was never seen."""
        return all(
            entry.exchange.response is not None and entry.exchange.response.status in _REFUSED
            for entry in group.entries
        )


class Index:
    """One layer."""

    def __init__(
        self, entries: Sequence[Entry], tries: Mapping[Family, Trie], rules: Rules = NO_RULES
    ) -> None:
        self.buckets: dict[Key, Bucket] = {}
        self.anew: dict[Key, Bucket] = {}  # by a path whose last names the call made up
        self.cut: dict[
            tuple[str, str], list[tuple[int, Key]]
        ] = {}  # (method, path) → how much was kept of a body
        self.families: dict[Family, list[Entry]] = defaultdict(list)
        self.paths: dict[str, list[Entry]] = defaultdict(list)
        self.known: dict[str, set[str]] = defaultdict(set)  # recorded values of secret headers
        self.credentials: dict[Family, tuple[str, ...]] = {}  # that every call of a route had
        self.names: dict[Family, set[str]] = defaultdict(set)
        made = _made(entries)
        for entry in entries:
            parts = entry.masked(tries.get(entry.family))
            self.families[entry.family].append(entry)
            self.paths[parts.path].append(entry)
            entry.made = made.get(entry.number, "")
            self._file(entry, parts)
        self._tell_apart(entries, rules)
        for family, several in self.families.items():
            had = CREDENTIALS.intersection(*(entry.headers for entry in several))
            if had:
                self.credentials[family] = tuple(sorted(had))

    def _file(self, entry: Entry, parts: Parts) -> None:
        body = entry.exchange.request.body
        if body.cut is not None:
            if body.cut is not Cut.CAP or not body.data:
                return
            key = cut_key(parts, body.data, body.size)
            self.cut.setdefault((parts.method, parts.path), []).append((len(body.data), key))
        else:
            key = parts.key()
        self.buckets.setdefault(key, Bucket()).entries.append(entry)
        if entry.made:
            path = key[1].replace(entry.made, ANEW)
            self.anew.setdefault((key[0], path, key[2], key[3]), Bucket()).entries.append(entry)

    def _tell_apart(self, entries: Sequence[Entry], rules: Rules) -> None:
        several = [bucket.entries for bucket in self.buckets.values() if len(bucket.entries) > 1]
        names = discriminating(several, entries, rules)
        everywhere = names.get(None, ())
        carried: dict[Family, set[str]] = defaultdict(set)
        for name in everywhere:
            for family, members in self.families.items():
                values = {value_of(entry.headers, name) for entry in members} - {None}
                if values:
                    carried[family].add(name)
                if is_secret(name):
                    self.known[name].update(value for value in values if value is not None)
        for bucket in [*self.buckets.values(), *self.anew.values()]:
            family = bucket.entries[0].family
            bucket.names = tuple(sorted(carried[family] | set(names.get(family, ()))))
            self.names[family].update(bucket.names)
            bucket.finish()

    def names_of(self, family: Family) -> set[str]:
        """The headers that count for a route."""
        return self.names.get(family, set())


def cut_key(parts: Parts, kept: bytes, size: int) -> Key:
    """For a body of which only the beginning was kept."""
    whole = Parts(
        parts.method, parts.path, parts.route, parts.kind, {"q": parts.tree.get("q"), "n": size, "b": kept}
    )
    return whole.key()


def _made(entries: Sequence[Entry]) -> dict[int, str]:
    """Calls that made a thing under a name which the caller chose: ``PUT /jobs/<uuid>`` answered with 201."""
    made: dict[int, str] = {}
    seen: set[str] = set()
    for entry in entries:
        request, response = entry.exchange.request, entry.exchange.response
        segments = [part for part in request.target.partition("?")[0].split("/") if shape_of(part) in FRESH]
        new = [part for part in segments if part not in seen]
        seen.update(segments)
        if response is None:
            continue
        if len(new) == 1 and request.method in {"PUT", "POST"} and response.status in _MAKES:
            made[entry.number] = new[0]
        seen.update(_UUIDS.findall(response.body.data[:_MOST_SCANNED].decode("utf-8", "replace")))
    return made
