"""Secrets of callers, actual and recorded: each actual one stands for one recorded one, and the other way round.

What a recording holds in their places are placeholders, so an actual secret that is in none of them is taken for the
first that nobody stands for yet, where the answers depend on whose it is. Two users stay two users. A call that was
turned away (401, 403) is never the answer to a secret that nobody has seen, and where the same call was
turned away for a wrong password, nothing is the answer to one that nobody has seen.
"""

from collections.abc import Callable, Mapping

from meshdev.recording.matching.group import Group
from meshdev.recording.matching.headers import Value
from meshdev.recording.matching.index import Bucket, Index
from meshdev.recording.matching.mask import Found


class Sessions:
    """Who stands for whom, while a recording is played."""

    def __init__(self) -> None:
        self._recorded: dict[str, str] = {}
        self._actual: dict[str, str] = {}

    def reset(self) -> None:
        """Forgets everybody."""
        self._recorded.clear()
        self._actual.clear()

    def group(
        self,
        index: Index,
        bucket: Bucket,
        headers: Mapping[str, str],
        found: Found,
        redacted: Callable[[], tuple[Mapping[str, str], Found] | None],
    ) -> Group | None:
        """The group of a bucket that a request belongs to; None when it belongs to none."""
        value = bucket.value(headers, found)
        group = bucket.groups.get(value)
        if group is not None or not any(map(bucket.is_secret, range(len(value)))):
            return group
        value = self._mapped(bucket, value)
        group = bucket.groups.get(value)
        if group is not None:
            return group
        hidden = redacted()
        if hidden is not None:
            placeholders = self._mapped(bucket, bucket.value(*hidden))
            group = bucket.groups.get(placeholders)
            if group is not None:
                self._remember(value, placeholders)
                return group
        return self._stand_in(index, bucket, value)

    def _remember(self, ours: Value, theirs: Value) -> None:
        for one, other in zip(ours, theirs, strict=True):
            if one is not None and other is not None and one != other:
                self._recorded[one] = other
                self._actual[other] = one

    def _mapped(self, bucket: Bucket, value: Value) -> Value:
        known = self._recorded
        return tuple(
            known.get(inner, inner) if inner is not None and bucket.is_secret(at) else inner
            for at, inner in enumerate(value)
        )

    def _stand_in(self, index: Index, bucket: Bucket, value: Value) -> Group | None:
        recorded = set().union(*index.known.values()) if index.known else set()
        for theirs, group in bucket.groups.items():
            if bucket.refuses(group) or not _redacted(group):
                continue
            if bucket.secrets and any(map(bucket.refuses, bucket.groups.values())):
                return None  # a password that was never seen may be the wrong one
            pairs = [
                (at, ours, other)
                for at, (ours, other) in enumerate(zip(value, theirs, strict=False))
                if ours != other
            ]
            if len(value) == len(theirs) and all(
                bucket.is_secret(at) and self._may_stand(ours, other, recorded) for at, ours, other in pairs
            ):
                self._remember(value, theirs)
                return group
        return None

    def _may_stand(self, ours: str | None, other: str | None, recorded: set[str]) -> bool:
        if (
            ours is None
            or other is None
            or ours in recorded
            or ours in self._recorded
            or other in self._actual
        ):
            return False
        return _scheme(ours) == _scheme(other)


def _scheme(value: str) -> str:
    """``Bearer`` of ``Bearer abc``."""
    scheme, blank, _ = value.partition(" ")
    return scheme.lower() if blank else ""


def _redacted(group: Group) -> bool:
    return any(place.startswith("request.") for entry in group.entries for place in entry.exchange.redacted)
