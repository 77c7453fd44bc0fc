"""The packets of one way of an MQTT connection, cut anyhow: messages by their beginning, all others whole."""

from collections.abc import Callable
from typing import Final

from meshdev.traffic.protocols.mqtt import words as w
from meshdev.traffic.protocols.mqtt.flow import Flow
from meshdev.traffic.protocols.mqtt.session import UnreadableError

MOST_PACKET: Final = 256 * 1024  # of those that are kept; of a message, without its payload
_HEAD: Final = 5  # at most: the type, and a length of four bytes


class Packets:
    """Cuts what one side says into packets: messages go to ``flow``, the others to ``packet``."""

    __slots__ = ("_flow", "_left", "_need", "_packet", "_rest")

    def __init__(self, flow: Flow, packet: Callable[[int, bytes, int, float], None]) -> None:
        self._flow = flow
        self._packet = packet
        self._rest = bytearray()  # of a packet that is not whole
        self._need = 0  # how long it has to be
        self._left = 0  # bytes of a payload to come

    @property
    def place(self) -> tuple[bytes, int]:
        """What has been read of a head that is not whole, and how many bytes of a payload are to come."""
        return bytes(self._rest), self._left

    def read(self, data: bytes, now: float) -> None:
        """More bytes. Raises `UnreadableError`."""
        if self._rest:
            self._rest += data
            if len(self._rest) < self._need:
                return
            data = bytes(self._rest)
            self._rest.clear()
        at = self._go_on(data) if self._left else 0
        end = len(data)
        while at < end:
            try:
                size, begin = w.variable(data, at + 1)
            except IndexError:
                self._keep(data[at:], end - at + 1)
                return
            except KeyError:
                raise UnreadableError("a packet's length is none") from None
            first = data[at]
            stop = begin + size
            if first >> 4 == w.PUBLISH:
                after = self._message(first, data, at, begin, stop, now)
                if not after:
                    return
                at = after
                continue
            if stop > end:
                if size > MOST_PACKET:
                    raise UnreadableError(f"a packet that is no message has {size} bytes")
                self._keep(data[at:], stop - at)
                return
            try:
                self._packet(first, data[begin:stop], stop - at, now)
            except (IndexError, KeyError):
                raise UnreadableError("a packet holds less than it should") from None
            at = stop

    def _message(self, first: int, data: bytes, at: int, begin: int, stop: int, now: float) -> int:
        """A message, perhaps only its beginning; where the next packet begins, 0 if all is read or kept."""
        flow = self._flow
        end = len(data)
        try:
            payload = flow.begin(first, data, begin, min(stop, end), stop - at, now)
        except IndexError:
            if stop <= end:
                raise UnreadableError("a message is shorter than its head") from None
            if end - at > MOST_PACKET:
                raise UnreadableError(f"a message's head has more than {MOST_PACKET} bytes") from None
            self._keep(data[at:], end - at + 1)
            return 0
        except KeyError:
            raise UnreadableError("a message has a property that there is not") from None
        if flow.wanted:
            flow.keep(data[payload : min(stop, payload + flow.wanted)])
        if stop <= end:
            flow.complete()
            return stop
        self._left = stop - end
        return 0

    def _go_on(self, data: bytes) -> int:
        """More of a payload; where the next packet begins."""
        left = self._left
        if self._flow.wanted:
            self._flow.keep(data[: min(left, self._flow.wanted)])
        if len(data) < left:
            self._left = left - len(data)
            return len(data)
        self._left = 0
        self._flow.complete()
        return left

    def _keep(self, rest: bytes, need: int) -> None:
        self._rest += rest
        self._need = need
