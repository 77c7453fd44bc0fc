"""Rewrite: another body in place of the response's, or other text in place of some of it."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.http import Edit, HttpFault, Message, Plan, content_type
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.match import Request
from meshdev.traffic.faults.settings import Settings


class Other(Edit):
    """Replaces the body. It takes it whole; one that is too large for that passes as it is, piece by piece."""

    __slots__ = ("_settings",)
    whole = True
    resizes = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def head(self, message: Message, length: int | None) -> None:
        """A body of our own has a type of its own."""
        del length
        if self._settings.has("body"):
            message.remove("content-encoding")
            message.remove("etag")
            message.set("content-type", content_type(self._settings.text("body")))

    def body(self, data: bytes) -> bytes:
        """The other body."""
        if self._settings.has("body"):
            return self._settings.text("body").encode()
        find = self._settings.text("find").encode()
        return data.replace(find, self._settings.text("replace").encode()) if find else data


class Rewrite(HttpFault):
    """Puts `Other` into the way of the response."""

    __slots__ = ()

    def apply(self, plan: Plan, request: Request, draws: Draws, now: float) -> None:
        """Rewrite it."""
        del request, draws, now
        plan.edits.append(Other(self.settings))


REWRITE = FaultKind(
    name="rewrite",
    layer=Layer.HTTP,
    doc="responses have another body",
    main="body",
    needs=(("body", "find"),),
    directed=False,
    parameters=(
        Parameter("body", Unit.TEXT, "the whole body"),
        Parameter("find", Unit.TEXT, "instead: the text that is replaced, as often as it comes"),
        Parameter("replace", Unit.TEXT, "by what", default=""),
    ),
    http=Rewrite,
)
