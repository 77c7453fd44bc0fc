"""A protocol of the tests with messages: a line ``SUBJECT LENGTH`` and so many bytes; the line ``-`` is none."""

from meshdev.traffic.protocols.cutting import LostPlaceError, Message, Unit


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
