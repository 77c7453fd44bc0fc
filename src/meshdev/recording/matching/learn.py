"""Where the noise is, learnt from recordings: one `Trie` a route.

First the table of `verdict` for each place alone. Then calls that are equal but for soft places are held against each
other: answered differently, such a place is data. Then those that are equal but for learnable places: answered alike,
each with a value of its own, such a place is noise.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from meshdev.recording.matching.answers import counters_of, signature
from meshdev.recording.matching.entry import Entry, Family, text_of
from meshdev.recording.matching.headers import identity
from meshdev.recording.matching.mask import Accepts, Leaf, Trie, leaf_of, trie_of
from meshdev.recording.matching.names import Hint
from meshdev.recording.matching.options import Rules
from meshdev.recording.matching.parts import Place, leaves, read, written
from meshdev.recording.matching.shape import STRONG, TIMES, Shape, near, shape_of
from meshdev.recording.matching.verdict import Evidence, Verdict, evidence_of, verdict

_VALUES: Final = re.compile(rb'"([^"\\]{5,96})"|([A-Za-z0-9_-]{5,96})')
_MOST_SCANNED: Final = 256 << 10
_ENOUGH: Final = 3  # values of their own before a weak or a referring place is believed to be noise
_SOME: Final = 2


@dataclass(slots=True)
class Learning:
    """What one route showed."""

    family: Family
    entries: list[Entry] = field(default_factory=list)
    places: dict[Place, Evidence] = field(default_factory=dict)
    verdicts: dict[Place, Verdict] = field(default_factory=dict)
    leaves: dict[Place, Leaf] = field(default_factory=dict)
    secrets: set[Place] = field(default_factory=set)
    counters: frozenset[Place] | None = None

    def trie(self, more: Iterable[Place] = ()) -> Trie:
        """Of everything that is noise, and of ``more`` places."""
        chosen = [leaf for place, leaf in self.leaves.items() if self._is_noise(place)]
        chosen += [self._leaf(place) for place in more]
        return trie_of(chosen)

    def _is_noise(self, place: Place) -> bool:
        return place in self.secrets or self.verdicts.get(place) in {Verdict.NOISE, Verdict.SOFT}

    def judge(self, rules: Rules) -> None:
        """The verdict of each place alone."""
        for place, evidence in self.places.items():
            decided = rules.of(*self.family, written(place))
            if decided is None:
                self.verdicts[place] = verdict(evidence)
            else:
                self.verdicts[place] = Verdict.NOISE if decided else Verdict.DATA
            if self._is_noise(place):
                self.leaves[place] = self._leaf(place, always=decided)
        for text in rules.whole(*self.family, [written(place) for place in self.places]):
            whole = read(text)
            if whole is not None:
                self.verdicts[whole] = Verdict.NOISE
                self.leaves[whole] = Leaf(whole, Accepts.ANY, "\0whole", whole=True)
        for place in self.secrets:
            self.leaves[place] = leaf_of(place, [], 0.0, Accepts.SECRET)

    def _leaf(self, place: Place, *, always: bool | None = None) -> Leaf:
        evidence = self.places[place]
        now = all(near(value, started) for _, value, started in evidence.seen)
        started = min((started for _, _, started in evidence.seen), default=0.0) if now else 0.0
        anything = (
            Accepts.ANY
            if always or (evidence.hint is Hint.NOISE and Shape.PLAIN in map(shape_of, evidence.values))
            else None
        )
        hard = evidence.hint in {Hint.NOISE, Hint.CALL, Hint.TIME}
        return leaf_of(place, evidence.values, started, anything, hard=hard, family=self.family)

    def count(self) -> frozenset[Place]:
        """Places of the answers that count, found when first asked for."""
        if self.counters is None:
            self.counters = counters_of(entry.exchange for entry in self.entries)
        return self.counters

    def agree(self, group: Sequence[Entry]) -> bool:
        """Whether all answers of a group say the same."""
        if len({signature(entry.exchange, entry.values) for entry in group}) == 1:
            return True
        counters = self.count()
        return (
            bool(counters)
            and len({signature(entry.exchange, entry.values, counters) for entry in group}) == 1
        )


def learn(entries: Sequence[Entry], rules: Rules) -> dict[Family, Trie]:
    """The places of noise of each route; entries in the order of their numbers, families filled in."""
    families: dict[Family, Learning] = {}
    for entry in entries:
        _collect(entry, families)
    _refer(entries, families.values())
    tries: dict[Family, Trie] = {}
    for learning in families.values():
        _pin(learning, rules)
        learning.judge(rules)
        while _demote(learning):
            pass
        _promote(learning)
        trie = learning.trie()
        if trie:
            tries[learning.family] = trie
    return tries


def _collect(entry: Entry, families: dict[Family, Learning]) -> None:
    parts = entry.parts()
    entry.family = (parts.method, parts.route)
    learning = families.get(entry.family)
    if learning is None:
        learning = families[entry.family] = Learning(entry.family)
    learning.entries.append(entry)
    calls = _is_call(parts.tree.get("b"))
    for place, value in leaves(parts.tree):
        evidence = learning.places.get(place)
        if evidence is None:
            evidence = learning.places[place] = evidence_of(place, *entry.family)
            if calls and place in {("b", "id"), ("b", "*", "id")}:
                evidence.hint = Hint.NOISE
        evidence.add(entry.number, value, entry.exchange.started)
    for text in entry.exchange.redacted:
        if text.startswith("request.") and not text.startswith("request.header."):
            secret = read(text)
            if secret is not None and len(secret) > 1:
                learning.secrets.add(secret)


def _is_call(body: object) -> bool:
    """JSON-RPC 2.0 §4: the id of a call only tells its answer from others."""
    first = body[0] if isinstance(body, list) and body else body
    return isinstance(first, dict) and "jsonrpc" in first


def _pin(learning: Learning, rules: Rules) -> None:
    """Places that a person calls noise hold it whatever was there."""
    for place, evidence in learning.places.items():
        if evidence.dead and rules.of(*learning.family, written(place)):
            evidence.dead, evidence.hint = False, Hint.NOISE
            for entry in learning.entries:
                for found, value in leaves(entry.parts().tree):
                    if found == place:
                        evidence.add(entry.number, value, entry.exchange.started)


def _refer(entries: Sequence[Entry], families: Iterable[Learning]) -> None:
    """Marks the places whose values an answer gave out, or another place brought up, before."""
    brought: dict[tuple[int, str], tuple[int, Family, Place]] = {}
    candidates = []
    layers = [entry.layer for entry in entries]
    for learning in families:
        for place, evidence in learning.places.items():
            for number, value, _ in evidence.seen:
                candidates.append((number, text_of(value), learning, evidence))
                key = (layers[number], text_of(value))
                if key not in brought or number < brought[key][0]:
                    brought[key] = (number, learning.family, place)
    for entry in entries:
        for segment in entry.exchange.request.target.partition("?")[0].split("/"):
            key = (entry.layer, segment)
            if key in brought and entry.number < brought[key][0]:
                brought[key] = (entry.number, entry.family, ("p",))
    given = _given(entries, brought)
    for number, value, learning, evidence in candidates:
        key = (layers[number], value)
        first, family, place = brought[key]
        elsewhere = first < number and (family, place) != (learning.family, evidence.place)
        if given.get(key, number) < first or (elsewhere and shape_of(value) not in TIMES):
            evidence.referred = True


def _given(
    entries: Sequence[Entry], wanted: dict[tuple[int, str], tuple[int, Family, Place]]
) -> dict[tuple[int, str], int]:
    """Which of the values wanted stand in an answer, and the number of the first such call."""
    given: dict[tuple[int, str], int] = {}
    if not wanted:
        return given
    texts = {text.encode() for _, text in wanted}
    for entry in entries:
        response = entry.exchange.response
        if response is None:
            continue
        head = "\n".join(value for _, value in response.headers).encode()
        for quoted, bare in _VALUES.findall(head + b"\n" + response.body.data[:_MOST_SCANNED]):
            for found in {quoted, bare} if quoted in texts or bare in texts else _within(quoted, texts):
                key = (entry.layer, found.decode("utf-8", "replace"))
                if key in wanted and key not in given:
                    given[key] = entry.number
    return given


def _within(quoted: bytes, texts: set[bytes]) -> set[bytes]:
    return {found for _, found in _VALUES.findall(quoted) if found in texts} if quoted else set()


def _groups(learning: Learning, trie: Trie, *, layered: bool) -> list[list[Entry]]:
    groups: dict[object, list[Entry]] = defaultdict(list)
    for entry in learning.entries:
        parts = entry.masked(trie)
        groups[parts.key(), identity(entry.headers), entry.layer if layered else 0].append(entry)
    return [group for group in groups.values() if len(group) > 1]


def _varying(group: Sequence[Entry]) -> set[Place]:
    return {
        leaf.place
        for at, (leaf, value) in enumerate(group[0].found)
        if any(entry.found[at][1] != value for entry in group[1:])
    }


def _demote(learning: Learning) -> bool:
    """Soft places that tell apart what is answered differently become data; whether there were any."""
    soft = {place for place, found in learning.verdicts.items() if found is Verdict.SOFT}
    if not soft or len(learning.entries) < _SOME:
        return False
    wrong: set[Place] = set()
    for group in _groups(learning, learning.trie(), layered=True):
        varying = _varying(group) & soft
        if varying and not learning.agree(group):
            wrong |= varying
    for place in wrong:
        learning.verdicts[place] = Verdict.DATA
    return bool(wrong)


def _promote(learning: Learning) -> None:
    """Learnable places that vary among calls that are answered alike become noise."""
    learnable = {place for place, found in learning.verdicts.items() if found is Verdict.LEARNABLE}
    if not learnable or len(learning.entries) < _SOME:
        return
    proven: dict[Place, set[str]] = defaultdict(set)
    layers: dict[Place, set[int]] = defaultdict(set)
    refuted: set[Place] = set()
    for group in _groups(learning, learning.trie(learnable), layered=False):
        varying = _varying(group) & learnable
        if not varying:
            continue
        if not learning.agree(group):
            refuted |= varying
            continue
        for entry in group:
            for leaf, value in entry.found:
                if leaf.place in varying:
                    proven[leaf.place].add(text_of(value))
                    layers[leaf.place].add(entry.layer)
    for place, values in proven.items():
        evidence = learning.places[place]
        strong = evidence.hint is Hint.NONE and all(shape_of(value) in STRONG for value in evidence.values)
        least = _SOME if strong or len(layers[place]) > 1 else _ENOUGH
        once = len(set(evidence.values)) == len(evidence.values)
        if place not in refuted and once and len(values) >= least:
            learning.verdicts[place] = Verdict.NOISE
            learning.leaves[place] = learning._leaf(place)  # noqa: SLF001 - same module


def places_of(tries: dict[Family, Trie]) -> tuple[str, ...]:
    """All places of noise as they are written, sorted."""
    found: list[str] = []

    def walk(family: Family, trie: Trie) -> None:
        for inner in trie.values():
            if isinstance(inner, Leaf):
                found.append(f"{family[0]} {family[1]} {written(inner.place)}")
            else:
                walk(family, inner)

    for family, trie in tries.items():
        walk(family, trie)
    return tuple(sorted(found))
