"""A protocol of the tests with messages: a line ``SUBJECT LENGTH`` and so many bytes; the line ``-`` is none."""

from collections.abc import Sequence

from meshdev.traffic.protocols.cutting import LostPlaceError, Message, Part, Unit


class Notes:
    """Where its units end."""

    def measure(self, data: bytes, at: int) -> Unit | None:
        """A note, or a line that is none."""
        end = data.find(b"\n", at)
        if end < 0:
            return None
        subject, _, length = data[at:end].partition(b" ")
        if not length:
            if subject != b"-":
                raise LostPlaceError
            return Unit(end + 1 - at)
        name = subject.decode()
        return Unit(end + 1 - at + int(length), Message(name, inner=name.startswith("$")))

    def payload(self, data: bytes) -> bytes:
        """Behind the first line."""
        return data.partition(b"\n")[2]

    def with_payload(self, data: bytes, payload: bytes) -> bytes:
        """The length is put right."""
        return note(data.partition(b" ")[0].decode(), payload)


def note(subject: str, payload: bytes) -> bytes:
    """A message."""
    return b"%s %d\n%s" % (subject.encode(), len(payload), payload)


class Answered(Notes):
    """The same, but that each is answered: it is a part, ``-`` takes its place, and ``!`` before it is for no answer.

    Those to ``fixed…`` cannot leave alone; behind ``(`` nothing may be put in until ``)``.
    """

    def __init__(self) -> None:
        self._bound = False

    def measure(self, data: bytes, at: int) -> Unit | None:
        """A note as a part."""
        if data[at : at + 2] in {b"(\n", b")\n"}:
            self._bound = data[at : at + 1] == b"("
            return Unit(2, bound=self._bound)
        unit = super().measure(data, at)
        if unit is None or unit.message is None:
            return unit and unit._replace(bound=self._bound)
        fixed = unit.message.subject.startswith("fixed")
        return Unit(unit.size, parts=(unit.message._replace(fixed=fixed),), bound=self._bound)

    def with_parts(self, data: bytes, messages: Sequence[Message], parts: Sequence[Part]) -> bytes:
        """So often, or the line that is none."""
        del messages
        return self._changed(data, parts[0]) * parts[0].times or b"-\n"

    def alone(self, data: bytes, message: Message, part: Part) -> bytes:
        """Behind a sign."""
        del message
        return b"!" + self._changed(data, part)

    def _changed(self, data: bytes, part: Part) -> bytes:
        return data if part.payload is None else self.with_payload(data, part.payload(self.payload(data)))
