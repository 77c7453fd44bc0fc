"""Server-sent events, sans-IO: bytes in, messages out.

By the rules of the WHATWG HTML standard, section 9.2.6: lines end with LF, CR or CRLF; an empty line dispatches; a line
that begins with a colon is a comment (the daemon's heartbeat); an unfinished message at the end is dropped.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One dispatched message; ``id`` is the last one seen on the stream."""

    data: str
    event: str = "message"
    id: str = ""


class SseParser:
    """Feed it what arrives, cut anywhere, and take the messages that are complete."""

    def __init__(self) -> None:
        self._rest = b""
        self._begun = False
        self._data: list[str] = []
        self._event = ""
        self._id = ""

    def feed(self, chunk: bytes) -> list[Message]:
        """The messages that ``chunk`` completes."""
        buffer = self._rest + chunk
        if not self._begun:
            if b"\xef\xbb\xbf".startswith(buffer):  # perhaps the beginning of a byte order mark
                self._rest = buffer
                return []
            buffer = buffer.removeprefix(b"\xef\xbb\xbf")
            self._begun = True
        lines, self._rest = _split_lines(buffer)
        messages = []
        for line in lines:
            message = self._line(line.decode("utf-8", "replace"))
            if message is not None:
                messages.append(message)
        return messages

    def _line(self, line: str) -> Message | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "data":
                self._data.append(value)
            case "event":
                self._event = value
            case "id" if "\0" not in value:
                self._id = value
            case _:  # a comment, `retry`, or a field of the future
                pass
        return None

    def _dispatch(self) -> Message | None:
        data, event = self._data, self._event
        self._data, self._event = [], ""
        if not data:
            return None
        return Message(data="\n".join(data), event=event or "message", id=self._id)


def _split_lines(buffer: bytes) -> tuple[list[bytes], bytes]:
    """Whole lines and the rest; a CR at the very end waits, since an LF may follow."""
    lines = []
    begin = 0
    while True:
        ends = [at for at in (buffer.find(b"\n", begin), buffer.find(b"\r", begin)) if at >= 0]
        if not ends:
            break
        end = min(ends)
        if buffer[end] == ord("\r"):
            if end + 1 == len(buffer):
                break
            after = end + 2 if buffer[end + 1] == ord("\n") else end + 1
        else:
            after = end + 1
        lines.append(buffer[begin:end])
        begin = after
    return lines, buffer[begin:]
