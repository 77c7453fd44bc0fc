"""A call begins: which recorded one it is, or why none. As `Replayer`, for calls.

Rules: a method that nobody recorded is UNIMPLEMENTED at once, other misses are FAILED_PRECONDITION · what the caller
says is looked up as it is, then without its secrets, as recordings are · later layers win.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from meshdev.recording.matching import Matcher, MatchOptions, Miss
from meshdev.recording.model import Exchange, Headers, Recording
from meshdev.recording.protobuf.codec import Codec, Codecs
from meshdev.recording.protobuf.schema import NOTHING, Schema
from meshdev.recording.redaction import Redactor
from meshdev.recording.replay.calls.dialogue import Dialogue
from meshdev.recording.replay.calls.translated import Words, initial_of
from meshdev.recording.replay.replayer import Replayer


@dataclass(frozen=True, slots=True)
class Opened:
    """A call that was recognised: its initial metadata, and how it goes on."""

    initial: Headers
    dialogue: Dialogue


class CallPlayer:
    """The recorded calls to one endpoint."""

    def __init__(
        self,
        layers: Sequence[Recording],
        redactor: Redactor,
        *,
        service: str,
        endpoint: str,
        timing: str = "fast",
        options: MatchOptions | None = None,
    ) -> None:
        codecs = [Codecs(layer.descriptors) for layer in layers]
        found = (one.of(service, endpoint) for one in reversed(codecs))
        self.codec: Codec | None = next((one for one in found if one is not None), None)
        self.missing = next((one.missing for one in codecs if one.missing), "")
        self._redactor = redactor
        calls: dict[str, list[Exchange]] = {}
        for layer in layers:
            for exchange in layer.exchanges:
                calls.setdefault(exchange.request.target[1:], []).append(exchange)
        self._calls = calls
        self._words = {path: Words(path, several, self.codec) for path, several in calls.items()}
        self._originals: dict[int, Exchange] = {}
        translated = [self._translated(layer) for layer in layers]
        self._replayer = Replayer(Matcher(translated, redactor=redactor, options=options), timing)

    @property
    def schema(self) -> Schema:
        """What is known of the messages."""
        return NOTHING if self.codec is None else self.codec.schema

    def opening(self, path: str) -> int | None:
        """How many messages a call of this method begins with, `ALL` for all there are; None: nobody recorded it."""
        words = self._words.get(path)
        return None if words is None else words.opening

    def begin(self, path: str, metadata: Headers, messages: Sequence[bytes]) -> Opened | Miss:
        """How a call goes on that begins so; or why nobody knows."""
        words = self._words.get(path)
        if words is None:
            return Miss(f"no recorded call is one of {path}")
        answer = self._replayer.answer(words.asked(path, metadata, messages))
        if isinstance(answer, Miss):
            hidden = [self.hidden(path, data) for data in messages]
            if hidden != list(messages):
                answer = self._replayer.answer(words.asked(path, metadata, hidden))
        if isinstance(answer, Miss):
            return answer
        original = self._originals[id(answer.match.entry.exchange)]
        response = answer.response
        data = b"" if response is None else response.body.data
        heard: list[Any] = msgspec.json.decode(data) if data else []
        initial = initial_of(original, () if response is None else response.headers)
        dialogue = Dialogue(
            original,
            words,
            self._replayer.pace,
            len(messages),
            heard,
            self._replayer.matcher.bindings.actual,
            lambda: self._calls[path],
        )
        return Opened(initial, dialogue)

    def hidden(self, path: str, data: bytes) -> bytes:
        """A message of the caller's without its secrets."""
        return self._redactor.message(data, path, self.schema, outgoing=True)

    def _translated(self, layer: Recording) -> Recording:
        made = []
        for exchange in layer.exchanges:
            one = self._words[exchange.request.target[1:]].translated(exchange)
            self._originals[id(one)] = exchange
            made.append(one)
        return msgspec.structs.replace(layer, exchanges=tuple(made))
