"""A recorded WebSocket played again: the callee's messages in their order, those that answered wait for the question.

Messages of the caller are recognised like requests: to the byte, by meaning (JSON in any order of names), or but for
noise (what looks random, or like a time near the recorded one, under a name that does not say otherwise). Noise that
was recognised is put into the messages that follow wherever they gave it back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from meshdev.recording.matching.names import Hint
from meshdev.recording.matching.parts import leaves, split
from meshdev.recording.matching.shape import STRONG, TIMES, Shape, near, shape_of
from meshdev.recording.matching.verdict import Evidence, Verdict, evidence_of, named, verdict
from meshdev.recording.model import Exchange, Message, MessageKind
from meshdev.recording.replay.timing import Pace

_encode = msgspec.json.Encoder(order="sorted").encode
_CONTROL: Final = frozenset({MessageKind.PING, MessageKind.PONG})


@dataclass(frozen=True, slots=True)
class Step:
    """A message of the callee, ``delay`` seconds after what came before it."""

    delay: float
    message: Message


@dataclass(frozen=True, slots=True)
class Unexpected:
    """A message that the recording does not have here; ``reason`` is a sentence, ``expected`` what would have come."""

    reason: str
    expected: Message | None = None


class Conversation:
    """One connection. `opening` first, then `received` for each message of the caller (pings are nobody's)."""

    def __init__(self, exchange: Exchange, pace: Pace, actual: Callable[[str], str | None]) -> None:
        self._exchange = exchange
        self._messages = [message for message in exchange.messages if message.kind not in _CONTROL]
        self._pace = pace
        self._actual = actual
        self._bound: dict[str, str] = {}
        self._at = 0
        self._clock = exchange.messages[0].at if exchange.messages else 0

    @property
    def over(self) -> bool:
        """Whether everything was said."""
        return self._at >= len(self._messages)

    def opening(self) -> tuple[Step, ...]:
        """What the callee says before it is asked."""
        return self._until_asked()

    def received(self, message: Message) -> tuple[Step, ...] | Unexpected:
        """What the callee says to a message of the caller's."""
        if message.kind in _CONTROL:
            return ()
        at = next((at for at in range(self._at, len(self._messages)) if self._messages[at].outgoing), None)
        if at is None:
            if message.kind is MessageKind.CLOSE:
                return ()
            return Unexpected("the recorded conversation has no more messages of the caller")
        expected = self._messages[at]
        bound = self._recognised(expected, message)
        if bound is None:
            return Unexpected("the message is not the one that was recorded here", expected)
        self._bound.update(bound)
        skipped = [one for one in self._messages[self._at : at] if not one.outgoing]
        steps = [self._step(one) for one in skipped]
        self._clock = expected.at
        self._at = at + 1
        return (*steps, *self._until_asked())

    def _until_asked(self) -> tuple[Step, ...]:
        steps = []
        while self._at < len(self._messages) and not self._messages[self._at].outgoing:
            steps.append(self._step(self._messages[self._at]))
            self._at += 1
        return tuple(steps)

    def _step(self, message: Message) -> Step:
        delay = self._pace.seconds(message.at - self._clock)
        self._clock = max(self._clock, message.at)
        data = message.data
        if message.kind is MessageKind.TEXT:
            for recorded, actual in self._bound.items():
                data = data.replace(recorded.encode(), actual.encode())
        return Step(delay, msgspec.structs.replace(message, data=data))

    def _recognised(self, expected: Message, message: Message) -> dict[str, str] | None:
        """The values bound when the one may stand for the other, None when it may not."""
        if expected.kind is not message.kind:
            return None
        known = any(recorded.encode() in expected.data for recorded in self._bound)
        if (expected.data == message.data and not known) or expected.kind is MessageKind.CLOSE:
            return {}
        if expected.kind is not MessageKind.TEXT:
            return None
        return recognised(
            expected.data, message.data, self._exchange.started + expected.at / 1e6, self._bound, self._actual
        )


def recognised(
    recorded: bytes, asked: bytes, when: float, bound: Mapping[str, str], actual: Callable[[str], str | None]
) -> dict[str, str] | None:
    """What is bound when the message ``asked`` may stand for the ``recorded`` one, None when it may not."""
    theirs, ours = (split("WS", "/", {}, data) for data in (recorded, asked))
    if theirs.kind != ours.kind:
        return None
    rows = list(zip(_sorted(theirs.tree), _sorted(ours.tree), strict=False))
    if len(_sorted(theirs.tree)) != len(_sorted(ours.tree)) or _bones(theirs.tree) != _bones(ours.tree):
        return None
    found: dict[str, str] = {}
    for (place, before), (other, after) in rows:
        if place != other:
            return None
        text = str(before)
        known = bound.get(text) or actual(text)
        if before == after and type(before) is type(after) and known in {None, text}:
            continue
        if known is not None:
            if str(after) != known:
                return None
        elif not _is_noise(place, before, after, when):
            return None
        else:
            found[text] = str(after)
    return found


def _is_noise(place: tuple[str, ...], before: Any, after: Any, when: float) -> bool:
    evidence = Evidence(place, "POST", "/", evidence_of(place, "POST", "/").hint)
    evidence.add(0, before, when)
    if type(before) is not type(after) or verdict(evidence) not in {Verdict.NOISE, Verdict.SOFT}:
        return False
    shapes = shape_of(before), shape_of(after)
    if evidence.hint is Hint.NOISE:
        return True
    if shapes[0] in TIMES:
        return shapes[0] is shapes[1] and (near(before, when) or named(place) != "")
    if shapes[0] in {Shape.UUID, Shape.ULID, Shape.JWT}:
        return shapes[0] is shapes[1]
    return shapes[1] in STRONG | {Shape.SHORT, Shape.NUMBER}


def _sorted(tree: dict[str, Any]) -> list[tuple[tuple[str, ...], Any]]:
    return list(leaves(msgspec.json.decode(_encode(tree))))


def _bones(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _bones(inner) for name, inner in node.items()}
    if isinstance(node, list):
        return [_bones(inner) for inner in node]
    return None
