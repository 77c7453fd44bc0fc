"""Which headers tell calls apart that are equal otherwise; the rest is ignored.

A header counts when calls that are equal without it are answered differently, and its values explain that: they are no
random ones that never came twice, and within one value the answers change less. Credentials, and headers named after
somebody (a tenant, an account, a locale), are believed first and count for the whole recording; others (Accept, and
what ``Vary`` names) count for their route. Cookies are looked at one by one, as ``cookie:NAME``.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from meshdev.recording.matching.answers import signature
from meshdev.recording.matching.entry import Entry
from meshdev.recording.matching.names import Hint, hint
from meshdev.recording.matching.options import Rules
from meshdev.recording.matching.parts import COUNTED
from meshdev.recording.matching.shape import Shape, shape_of

CREDENTIALS: Final = frozenset({"authorization", "x-api-key", "api-key", "x-auth-token", "x-access-token"})
_NEGOTIATED: Final = frozenset({"accept", "accept-language", "accept-charset", "prefer", "x-requested-with"})
_NEVER: Final = COUNTED | frozenset(
    "connection keep-alive proxy-connection transfer-encoding te trailer upgrade content-length content-type host date "  # noqa: SIM905
    "accept-encoding user-agent via forwarded x-forwarded-for x-forwarded-proto x-forwarded-host x-forwarded-port "
    "x-real-ip traceparent tracestate baggage b3 x-b3-traceid x-b3-spanid x-b3-parentspanid x-b3-sampled uber-trace-id "
    "sentry-trace x-amzn-trace-id x-cloud-trace-context x-datadog-trace-id x-datadog-parent-id expect "
    "cookie origin referer "
    "sec-websocket-key sec-websocket-version sec-websocket-extensions cache-control pragma dnt priority".split()
)
_SESSIONS: Final = ("sess", "sid", "auth", "token", "jwt", "user", "tenant", "account", "login")
_SPOKEN: Final = (
    "tenant",
    "account",
    "user",
    "customer",
    "org",
    "workspace",
    "locale",
    "language",
    "currency",
    "region",
    "role",
)

NO_RULES: Final = Rules()
Value = tuple[str | None, ...]


def looked_at(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that could tell calls apart, cookies one by one."""
    found = {
        name: value for name, value in headers.items() if name not in _NEVER and not name.startswith("sec-")
    }
    if "cookie" in headers:
        found.update(cookies(headers["cookie"]))
    return found


def cookies(text: str) -> dict[str, str]:
    """``cookie:NAME`` → value."""
    pairs = (pair.strip().partition("=") for pair in text.split(";"))
    return {f"cookie:{name}": value for name, _, value in pairs if name}


def value_of(headers: Mapping[str, str], name: str) -> str | None:
    """The value of a header or a cookie, None where it is missing."""
    if name.startswith("cookie:"):
        return cookies(headers["cookie"]).get(name) if "cookie" in headers else None
    return headers.get(name)


def speaks(name: str) -> bool:
    """Whether a header says on whose behalf a call is made, or for which part of the world."""
    if name in CREDENTIALS:
        return True
    if name.startswith("cookie:"):
        return any(word in name.lower() for word in _SESSIONS)
    return hint(name) is Hint.REFERENCE or any(word in name for word in _SPOKEN)


def is_secret(name: str) -> bool:
    """Whether its value is a secret of the caller's, so that a placeholder stands for it in a recording."""
    return name in CREDENTIALS or name.startswith("cookie:")


def identity(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """On whose behalf a call was made."""
    return tuple(sorted((name, value) for name, value in looked_at(headers).items() if speaks(name)))


def discriminating(
    groups: Iterable[Sequence[Entry]], everything: Sequence[Entry], rules: Rules = NO_RULES
) -> dict[object, tuple[str, ...]]:
    """Names of the headers that count, by family; under None those that count everywhere.

    ``groups`` hold calls that are equal without their headers.
    """
    drawn = _drawn(everything)
    local: dict[object, set[str]] = defaultdict(set)
    against: Counter[str] = Counter()
    for entry in everything:
        local[entry.family] |= _varied(entry) - drawn
    for group in groups:
        names = [signature(entry.exchange, entry.values) for entry in group]
        if len(set(names)) == 1:
            against.update(name for name in _candidates(group) if not speaks(name))
        for name in _reasons(group, names, drawn) if len(set(names)) > 1 else ():
            local[None if speaks(name) else group[0].family].add(name)
            against[name] -= 1
    _decide(local, everything, rules)
    return {
        family: tuple(sorted(name for name in found if against[name] <= 0))
        for family, found in local.items()
        if found
    }


def _reasons(group: Sequence[Entry], answers: Sequence[bytes], drawn: set[str]) -> Iterator[str]:
    """Headers that explain why a group is answered differently; others than `speaks` only while it is not explained."""
    chosen: list[str] = []
    candidates = _candidates(group)
    for name in sorted(candidates, key=lambda name: (not speaks(name), name)):
        sure = speaks(name)
        if not sure and (name in drawn or _settled(group, answers, chosen)):
            continue
        if _explains([value_of(entry.headers, name) for entry in group], answers, sure=sure):
            chosen.append(name)
            yield name


def _settled(group: Sequence[Entry], answers: Sequence[bytes], names: Sequence[str]) -> bool:
    """Whether calls with the same values of these headers are answered alike."""
    found: dict[Value, set[bytes]] = defaultdict(set)
    for entry, answer in zip(group, answers, strict=True):
        found[tuple(value_of(entry.headers, name) for name in names)].add(answer)
    return all(len(several) == 1 for several in found.values())


def _decide(local: dict[object, set[str]], everything: Sequence[Entry], rules: Rules) -> None:
    """What a person decided about headers goes before what was found."""
    if not any(rule.place.startswith("header.") for rule in (*rules.pinned, *rules.noise)):
        return
    carried: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in everything:
        carried[entry.family].update(looked_at(entry.headers))
    everywhere = local.pop(None, set())
    for family, names in carried.items():
        local[family] |= everywhere & names
        for name in names:
            decided = rules.header(*family, name)
            if decided is not None:
                (local[family].discard if decided else local[family].add)(name)


def _varied(entry: Entry) -> set[str]:
    """What an answer says that it depends on, beside the format that most callers leave open."""
    response = entry.exchange.response
    found = {
        word.strip().lower()
        for name, value in (response.headers if response is not None else ())
        if name.lower() == "vary"
        for word in value.split(",")
    }
    return found - _NEVER - {"*", "", "accept"}


def _drawn(entries: Sequence[Entry]) -> set[str]:
    """Headers whose values are random and never come twice, or that are called so."""
    values: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        for name, value in looked_at(entry.headers).items():
            values[name].append(value)
    return {
        name
        for name, found in values.items()
        if name.startswith("cookie:_")
        or hint(name.removeprefix("cookie:")) in {Hint.NOISE, Hint.CALL, Hint.TIME}
        or (len(set(found)) == len(found) and all(shape_of(value) is not Shape.PLAIN for value in found))
    }


def _candidates(group: Sequence[Entry]) -> list[str]:
    values: dict[str, set[str | None]] = {}
    rows = [looked_at(entry.headers) for entry in group]
    for name in {name for row in rows for name in row}:
        values[name] = {row.get(name) for row in rows}
    return sorted(name for name, found in values.items() if len(found) > 1)


def _explains(values: Sequence[str | None], answers: Sequence[bytes], *, sure: bool) -> bool:
    """Whether answers change less within one value of a header than among all calls."""
    runs: dict[str | None, list[bytes]] = defaultdict(list)
    for value, answer in zip(values, answers, strict=True):
        runs[value].append(answer)
    if sure:
        return len({tuple(run) for run in runs.values()}) > 1 or len(set(answers)) > 1
    less = _changes(answers) - sum(map(_changes, runs.values()))
    settled = all(len(set(run)) == 1 for run in runs.values())
    return less > len(runs) - 1 or (settled and len({tuple(set(run)) for run in runs.values()}) > 1)


def _changes(answers: Sequence[bytes]) -> int:
    return sum(before != after for before, after in pairwise(answers))
