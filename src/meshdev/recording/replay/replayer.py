"""Recorded exchanges given again: matched, with the values of whoever asks, in the time that is wanted."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from meshdev.recording.matching import Match, Matcher, Miss
from meshdev.recording.matching.entry import small
from meshdev.recording.model import Body, Cut, Request, Response
from meshdev.recording.replay.answer import Answer, Piece
from meshdev.recording.replay.conversation import Conversation
from meshdev.recording.replay.echo import Echoes, Source, echoes_of, put_in
from meshdev.recording.replay.heads import accepts, coded, date, has_body, kept
from meshdev.recording.replay.timing import first_byte, pace_of

_MOST_CODED: Final = 1024

Actual = Callable[[Source], str | None]


class Replayer:
    """A matcher with a voice. ``timing``: ``fast``, ``recorded``, ``x2`` (twice as fast)."""

    def __init__(self, matcher: Matcher, timing: str = "fast") -> None:
        self.matcher = matcher
        self.pace = pace_of(timing)
        self._echoes: dict[int, Echoes] = {}
        self._heads: dict[int, list[tuple[str, str]]] = {}
        self._coded: dict[int, bytes] = {}

    def answer(self, request: Request, now: float | None = None) -> Answer | Miss:
        """What answers a request, or why nothing does; ``now`` (seconds since 1970) is for the Date header."""
        match = self.matcher.find(request)
        if isinstance(match, Miss):
            return match
        exchange, response = match.exchange, match.exchange.response
        delay = self.pace.seconds(first_byte(exchange)) if self.pace.factor else 0.0
        if response is None:
            return Answer(exchange, match, None, delay, error=exchange.error)
        if response.body.cut not in {None, Cut.BROKEN}:
            return Miss(f"{exchange.id} was found, but its answer was not kept whole ({response.body.cut})")
        return self._spoken(request, match, response, delay, now)

    def _spoken(
        self, request: Request, match: Match, response: Response, delay: float, now: float | None
    ) -> Answer:
        exchange = match.exchange
        headers = small(request.headers)
        latest = self.matcher.bindings.actual

        def actual(source: Source) -> str | None:
            return source.actual(match.bindings, headers, latest)

        echoes = self._echoes.get(match.entry.number)
        if echoes is None:
            echoes = self._echoes[match.entry.number] = echoes_of(match.entry, self.matcher.introduced)
        data, moved = (
            put_in(response.body.data, echoes.body, actual) if echoes.body else (response.body.data, [])
        )
        head = list(self._head(match.entry.number, response, echoes, actual))
        pieces: Sequence[tuple[int, bytes]] = _pieces(response.body, data, moved)
        if exchange.messages or response.status == 101:  # noqa: PLR2004 - Switching Protocols
            conversation = Conversation(exchange, self.pace, latest)
        else:
            conversation = None
        if has_body(request.method, response.status):
            streamed = len(pieces) > 1
            data = self._as_accepted(match.entry.number, response, data, head, headers, plain=streamed)
            if not streamed:
                head.append(("Content-Length", str(len(data))))
        else:
            _keep_length(head, response)
            data, pieces = b"", ()
        if now is not None:
            head.append(("Date", date(int(now))))
        return Answer(
            exchange,
            match,
            Response(
                response.status,
                response.reason,
                tuple(head),
                Body(data, len(data)),
                response.minor,
                response.trailers,
            ),
            delay,
            tuple(Piece(self.pace.seconds(after), piece) for after, piece in pieces)
            if len(pieces) > 1
            else (),
            conversation,
            response.body.cut is Cut.BROKEN,
        )

    def _head(
        self, number: int, response: Response, echoes: Echoes, actual: Actual
    ) -> Sequence[tuple[str, str]]:
        if echoes.headers:
            changed = list(response.headers)
            for at, spans in echoes.headers:
                name, value = changed[at]
                data, _ = put_in(value.encode("latin-1", "replace"), spans, actual)
                changed[at] = (name, data.decode("latin-1"))
            return kept(tuple(changed))
        head = self._heads.get(number)
        if head is None:
            head = self._heads[number] = kept(response.headers)
        return head

    def _as_accepted(
        self,
        number: int,
        response: Response,
        data: bytes,
        head: list[tuple[str, str]],
        headers: Mapping[str, str],
        *,
        plain: bool,
    ) -> bytes:
        """The content in the coding that it was recorded in, when the caller takes it."""
        coding = response.body.coding
        if not coding or plain or not accepts(headers.get("accept-encoding", ""), coding):
            return data
        same = data is response.body.data
        found = self._coded.get(number) if same else None
        if found is None:
            found = coded(data, coding)
            if found is None:
                return data
            if same and len(self._coded) < _MOST_CODED:
                self._coded[number] = found
        head.append(("Content-Encoding", coding))
        return found


def _keep_length(head: list[tuple[str, str]], response: Response) -> None:
    """An answer without content may say how long it would have been (to HEAD, in 304)."""
    length = next((value for name, value in response.headers if name.lower() == "content-length"), None)
    if length is not None and response.status >= 200 and response.status != 204:  # noqa: PLR2004
        head.append(("Content-Length", length))


def _pieces(body: Body, data: bytes, moved: Sequence[tuple[int, int]]) -> list[tuple[int, bytes]]:
    """(microseconds since the piece before, bytes); the first piece waits for nothing more than the head."""
    if len(body.pieces) < 2:  # noqa: PLR2004 - one piece is all at once
        return []
    starts = [
        offset + next((grown for end, grown in reversed(moved) if end <= offset), 0)
        for offset, _ in body.pieces
    ]
    starts[0] = 0
    ends = [*starts[1:], len(data)]
    times = [at for _, at in body.pieces]
    waits = [0, *(after - before for before, after in pairwise(times))]
    return [(wait, data[start:end]) for wait, start, end in zip(waits, starts, ends, strict=True)]
