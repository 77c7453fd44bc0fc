"""``memory``: a program beside each instance takes memory, within the instance's limits."""

from meshdev.daemon.faults.instances.beside import Beside
from meshdev.lifecycle.model import Incarnation
from meshdev.runners.census import Seen


class Memory(Beside):
    """See the module."""

    def _burden(self, ref: Incarnation) -> list[Seen | None]:
        return [self._start(ref, "memory", "size", self.number("size", 0.0))]
