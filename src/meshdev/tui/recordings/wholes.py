"""Calls whole, with headers and bodies: asked for one at a time, kept for the last few that were looked at."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshdev.errors import MeshdevError
from meshdev.wire.control import ExchangeView

if TYPE_CHECKING:
    from meshdev.recording.calls import Decode
    from meshdev.recording.model import Exchange

_KEPT = 40
GONE = (
    "Headers and bodies are gone: the mesh keeps those of the last calls only, and no recording has this one."
)
NO_SPAN = "Headers and bodies are not to be had: this call has no span by which the mesh could find it."
OPERATION = "Of other protocols than HTTP no more than this is kept."


@dataclass(frozen=True, slots=True)
class Whole:
    """A call as far as it is known: ``exchange``, or in ``words`` why not; neither while it is asked for."""

    exchange: "Exchange | None" = None
    words: str = ""
    decode: "Decode | None" = None  # of a call's messages


ASKING = Whole()
Ask = Callable[[ExchangeView], "Awaitable[Exchange | None]"]


class Wholes:
    """See the module; ``ask`` is `RecordingSource.recall`."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._known: OrderedDict[str, Whole] = OrderedDict()

    def of(self, call: ExchangeView) -> Whole | None:
        """What is known of ``call``; None when nobody has asked."""
        if call.protocol:
            return Whole(words=OPERATION)
        return Whole(words=NO_SPAN) if not call.span else self._known.get(call.span)

    async def fetch(self, call: ExchangeView) -> Whole:
        """Ask, unless that has been done; a refusal is told in its place."""
        known = self.of(call)
        if known is not None and known is not ASKING:
            return known
        self._keep(call.span, ASKING)
        found = ASKING
        try:
            exchange = await self._ask(call)
            found = Whole(exchange, "" if exchange is not None else GONE)
        except MeshdevError as error:
            found = Whole(words=f"{error.message}. {error.hint}".strip())
        finally:
            if found is ASKING:  # cancelled
                self._known.pop(call.span, None)
            else:
                self._keep(call.span, found)
        return found

    def _keep(self, span: str, whole: Whole) -> None:
        self._known[span] = whole
        self._known.move_to_end(span)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
