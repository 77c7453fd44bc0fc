"""The rules together: a request comes in, the recorded exchange that answers it comes out, or why none does.

1. Values that the caller chose are read as they were recorded (`bindings`).
2. The request is taken apart (`parts`), its noise put aside (`mask`), and what is left looked up (`index`); a name that
   the call makes up within its path is put aside, too, when nothing else is found.
3. Headers and secrets that count choose the group (`headers`, `sessions`), turn and noise the entry (`group`, `gates`).
4. Noise of the entry and noise of the request are bound from now on.

Later layers win. The cost does not depend on the number of entries. One thread; `find` is one step.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from meshdev.recording.matching.bindings import Bindings, Own, bindable
from meshdev.recording.matching.closest import nearby, ranked
from meshdev.recording.matching.entry import Entry, Family, small, text_of
from meshdev.recording.matching.gates import Gates
from meshdev.recording.matching.group import Group, Pick, Scope
from meshdev.recording.matching.index import ANEW, FRESH, Bucket, Index, cut_key
from meshdev.recording.matching.learn import learn, places_of
from meshdev.recording.matching.mask import Found, Leaf, mask
from meshdev.recording.matching.miss import Miss
from meshdev.recording.matching.options import MatchOptions, OnEnd, Reads, Rules, rule_of
from meshdev.recording.matching.parts import Parts, Place, split
from meshdev.recording.matching.sessions import Sessions
from meshdev.recording.matching.shape import shape_of
from meshdev.recording.matching.swaps import Swaps
from meshdev.recording.model import Body, Exchange, Recording, Request

NOTHING: Found = []


class Redacts(Protocol):
    """What matching needs of `meshdev.recording.redaction.Redactor`."""

    def request(self, request: Request, /) -> tuple[Request, tuple[str, ...]]:
        """The request without its secrets, and where they were."""
        ...


class Level(StrEnum):
    """How a recorded request was recognised."""

    EXACT = "exact"  # method, target and body to the byte
    NORMALISED = "normalised"  # the same meaning
    NOISE = "noise"  # the same but for noise


@dataclass(frozen=True, slots=True)
class Match:
    """The exchange that answers. ``bindings`` are values of the caller's, recorded → actual, of this request."""

    exchange: Exchange
    level: Level
    bindings: Mapping[str, str]
    entry: Entry
    repeated: bool = False  # the last answer of a sequence once more
    layer: int = 0


@dataclass(slots=True)
class _Asked:
    """A request on its way through the rules."""

    request: Request
    headers: dict[str, str]
    target: str
    data: bytes
    own: Own
    parts: Parts
    found: Found
    values: tuple[str, ...]


class Matcher:
    """Recordings ready to be asked. Stateful: turns of sequences, bindings, sessions."""

    def __init__(
        self,
        recording_layers: Sequence[Recording],
        *,
        redactor: Redacts | None = None,
        options: MatchOptions | None = None,
    ) -> None:
        self.options = options or MatchOptions()
        self._redactor = redactor
        self._why = ""
        layers = _layers(recording_layers, self.options)
        self.entries: list[Entry] = []
        for layer, exchanges in enumerate(layers):
            for exchange in exchanges:
                headers = small(exchange.request.headers)
                self.entries.append(Entry(len(self.entries), layer, exchange, headers))
        rules = _rules(recording_layers, self.options)
        self._tries = learn(self.entries, rules)
        self._layers = [
            Index([entry for entry in self.entries if entry.layer == layer], self._tries, rules)
            for layer in range(len(layers))
        ]
        self._redacted = any(entry.exchange.redacted for entry in self.entries)
        self.introduced = _introduced(self.entries)
        self.gates = Gates()
        for index in self._layers:
            groups = [group for bucket in index.buckets.values() for group in bucket.groups.values()]
            self.gates.build(groups, [entry for several in index.families.values() for entry in several])
        self.swaps = Swaps()
        for index in self._layers:
            groups = [group for bucket in index.buckets.values() for group in bucket.groups.values()]
            self.swaps.build(groups, [entry for several in index.families.values() for entry in several])
        for name in self.swaps.given:
            self.introduced.setdefault(name, (("", ""), ("r",)))
        self.bindings = Bindings()
        self.swaps.reset(self.bindings)
        self._sessions = Sessions()

    def reset(self) -> None:
        """As if nothing had been asked: sequences at their first answer, nothing bound."""
        self.bindings = Bindings()
        self.swaps.reset(self.bindings)
        self._sessions.reset()
        self.gates.reset()
        for index in self._layers:
            for bucket in [*index.buckets.values(), *index.anew.values()]:
                for group in bucket.groups.values():
                    group.reset()

    @property
    def noise(self) -> tuple[str, ...]:
        """The places of noise, ``POST /orders body/created_at``, sorted."""
        return places_of(self._tries)

    def find(self, request: Request) -> Match | Miss:
        """The exchange that answers ``request`` (its body without content coding), or why there is none."""
        self._why = ""
        headers = small(request.headers)
        match = self._find(request, headers, bound=True)
        if match is None and len(self.bindings):
            match = self._otherwise(request, headers)
        if match is None and self._redactor is not None and self._redacted:
            hidden = self._redactor.request(request)[0]
            if hidden != request:
                match = self._find(hidden, small(hidden.headers), bound=True)
        return match if match is not None else self._miss(request)

    def _otherwise(self, request: Request, headers: dict[str, str]) -> Match | None:
        """Whether it is found when names in it are taken for others, or for what they are."""
        if self._swapped(request, headers):
            return self._find(request, headers, bound=True)
        own = self.bindings.read(request.target, request.body.data)[2]
        if any(actual in self.introduced for actual in own.values()):
            return None
        return self._find(request, headers, bound=False) if own else None

    def _swapped(self, request: Request, headers: dict[str, str]) -> bool:
        """Whether a name in the request was taken for another one so far."""
        asked = self._ask(request, headers, bound=True)
        if not asked.own:
            return False

        def fits(before: str, after: str) -> bool:
            body = Body(asked.data.replace(before.encode(), after.encode()))
            renamed = Request(request.method, asked.target.replace(before, after), request.headers, body)
            key = self._ask(renamed, headers, bound=False).parts.key()
            return any(key in index.buckets for index in self._layers)

        return self.swaps.swap(asked.own, self.bindings, self._renamed, fits)

    def _renamed(self, entry: Entry, before: str, after: str) -> Group | None:
        """The group of an entry's request with another name in it."""
        request = entry.exchange.request
        body = Body(request.body.data.replace(before.encode(), after.encode()))
        other = Request(request.method, request.target.replace(before, after), request.headers, body)
        asked = self._ask(other, entry.headers, bound=False)
        bucket = self._layers[entry.layer].buckets.get(asked.parts.key())
        return bucket.groups.get(bucket.value(entry.headers, asked.found)) if bucket is not None else None

    def _ask(self, request: Request, headers: dict[str, str], *, bound: bool) -> _Asked:
        own: Own = {}
        target, data = request.target, request.body.data
        if bound and len(self.bindings):
            target, data, own = self.bindings.read(target, data)
        parts = split(request.method, target, headers, data)
        trie = self._tries.get((parts.method, parts.route))
        found = mask(parts.tree, trie) if trie else NOTHING
        values = tuple([text_of(value) for _, value in found]) if found else ()
        return _Asked(request, headers, target, data, own, parts, found, values)

    def _find(self, request: Request, headers: dict[str, str], *, bound: bool) -> Match | None:
        asked = self._ask(request, headers, bound=bound)
        key = asked.parts.key()
        for index in reversed(self._layers):
            bucket = index.buckets.get(key) or self._cut(index, asked)
            match = self._answer(index, bucket, asked) if bucket is not None else None
            if match is None and index.anew:
                match = self._anew(index, asked, key)
            if match is not None:
                return match
        return None

    @staticmethod
    def _cut(index: Index, asked: _Asked) -> Bucket | None:
        for kept, _ in index.cut.get((asked.parts.method, asked.parts.path), ()):
            key = cut_key(asked.parts, asked.data[:kept], len(asked.data))
            if key in index.buckets:
                return index.buckets[key]
        return None

    def _anew(self, index: Index, asked: _Asked, key: tuple[str, str, str, bytes]) -> Match | None:
        for segment in key[1].split("/"):
            if shape_of(segment) not in FRESH or segment in self.introduced:
                continue
            bucket = index.anew.get((key[0], key[1].replace(segment, ANEW), key[2], key[3]))
            match = self._answer(index, bucket, asked) if bucket is not None else None
            if match is not None:
                self.bindings.bind(match.entry.made, segment)
                bindings = {**match.bindings, match.entry.made: segment}
                return Match(match.exchange, Level.NOISE, bindings, match.entry, match.repeated, match.layer)
        return None

    def _answer(self, index: Index, bucket: Bucket, asked: _Asked) -> Match | None:
        needed = index.credentials.get(bucket.entries[0].family, ())
        missing = [name for name in needed if name not in asked.headers]
        if missing:
            self._refuse(f"every recorded call of it had {' and '.join(missing)}, this one has not")
            return None
        if bucket.names or bucket.secrets:
            group = self._sessions.group(
                index, bucket, asked.headers, asked.found, lambda: self._hidden(asked)
            )
        else:
            group = bucket.groups[()]
        if group is None:
            names = [*bucket.names, *(["a secret within"] if bucket.secrets else [])]
            self._refuse(f"the answer depends on {', '.join(names)}, and this value was not recorded")
            return None
        scope = self._scope(group, asked)
        pick = self._pick(group, asked, scope)
        if pick is None:
            over = self.options.on_end is OnEnd.FAIL
            self._refuse("all its answers were given" if over else "a name in it is known from elsewhere")
            return None
        entry = group.entries[pick.at]
        bindings = self._bind(entry, asked)
        self.gates.note(entry, scope, bindings)
        self.swaps.note(group, pick.at, bindings)
        bindings = {recorded: actual for recorded, actual in bindings.items() if recorded != actual}
        level = Level.NOISE if bindings else Level.EXACT if pick.exact else Level.NORMALISED
        return Match(entry.exchange, level, bindings, entry, pick.repeated, entry.layer)

    def _refuse(self, why: str) -> None:
        self._why = self._why or why

    def _scope(self, group: Group, asked: _Asked) -> Scope:
        scope: Scope = tuple(sorted(asked.own.values())) if asked.own else ()
        if group.credential and "authorization" in asked.headers:
            scope += (asked.headers["authorization"],)
        return scope

    def _pick(self, group: Group, asked: _Asked, scope: Scope) -> Pick | None:
        raw = (asked.target, asked.data)
        if group.gates and self.options.reads is Reads.AUTO:
            turn = self.gates.turn(group, scope)
            if turn is not None:
                return group.give(turn, raw, scope)
        return group.pick(raw, asked.found, asked.values, scope, self._strange, self.options.on_end)

    def _strange(self, leaf: Leaf, value: str) -> bool:
        place = self.introduced.get(value)
        return place is not None and place != (leaf.family, leaf.place) and not leaf.hard

    def _bind(self, entry: Entry, asked: _Asked) -> dict[str, str]:
        bindings = dict(asked.own) if asked.own else {}
        for recorded, value in zip(entry.values, asked.values, strict=True):
            actual = asked.own.get(value, value)
            if actual != recorded:
                bindings[recorded] = actual
                if bindable(actual) and bindable(recorded):
                    self.bindings.bind(recorded, actual)
        return bindings

    def _hidden(self, asked: _Asked) -> tuple[Mapping[str, str], Found] | None:
        if self._redactor is None:
            return None
        hidden = self._redactor.request(asked.request)[0]
        again = self._ask(hidden, small(hidden.headers), bound=True)
        return again.headers, again.found

    def _miss(self, request: Request) -> Miss:
        if self._redactor is not None:
            request = self._redactor.request(request)[0]
        headers = small(request.headers)
        target, data, _ = self.bindings.read(request.target, request.body.data)
        parts = split(request.method, target, headers, data)
        entries: list[Entry] = []
        names: set[str] = set()
        for index in reversed(self._layers):
            entries += nearby(index, parts)
            names |= index.names_of((parts.method, parts.route))
        closest = ranked(entries, parts, headers, self._tries, sorted(names), self.options.closest)
        what = (
            f"{parts.method} {parts.path} was recorded, but {self._why}"
            if self._why
            else _reason(parts, self._layers)
        )
        return Miss(what, closest)


def _layers(recordings: Sequence[Recording], options: MatchOptions) -> list[list[Exchange]]:
    """Whole answers of the callee; below them, what meshdev answered itself and what ended in an error."""
    chosen = [
        sorted(
            (one for one in recording.exchanges if _is_meant(one, options)),
            key=lambda exchange: (exchange.started, exchange.id),
        )
        for recording in recordings
    ]
    whole = [[one for one in exchanges if _is_answer(one)] for exchanges in chosen]
    other = [one for exchanges in chosen for one in exchanges if not _is_answer(one)]
    return [other, *whole] if other else whole


def _is_meant(exchange: Exchange, options: MatchOptions) -> bool:
    if options.callee and exchange.callee != options.callee:
        return False
    if options.endpoint and exchange.endpoint != options.endpoint:
        return False
    return exchange.response is not None or bool(exchange.error)


def _is_answer(exchange: Exchange) -> bool:
    return exchange.response is not None and not exchange.by


def _rules(recordings: Sequence[Recording], options: MatchOptions) -> Rules:
    pinned: Iterable[str] = [*options.pinned, *(text for one in recordings for text in one.meta.pinned)]
    noise: Iterable[str] = [*options.noise, *(text for one in recordings for text in one.meta.noise)]
    return Rules(tuple(map(rule_of, pinned)), tuple(map(rule_of, noise)))


def _introduced(entries: Sequence[Entry]) -> dict[str, tuple[Family, Place]]:
    """Where values that the caller chose came up first."""
    found: dict[str, tuple[Family, Place]] = {}
    for entry in entries:
        if entry.made:
            found.setdefault(entry.made, (entry.family, ("p",)))
        for (leaf, _), value in zip(entry.found, entry.values, strict=True):
            if bindable(value):
                found.setdefault(value, (leaf.family, leaf.place))
    return found


def _reason(parts: Parts, layers: Sequence[Index]) -> str:
    what = f"{parts.method} {parts.path}"
    methods = sorted({entry.family[0] for index in layers for entry in index.paths.get(parts.path, ())})
    if not methods:
        known = any((parts.method, parts.route) in index.families for index in layers)
        return f"no recorded call has the path of {what}" + (
            f", though {parts.route} was called otherwise" if known else ""
        )
    if parts.method not in methods:
        return f"{parts.path} was recorded with {', '.join(methods)}, not with {parts.method}"
    return f"no recorded call of {what} equals this one"
