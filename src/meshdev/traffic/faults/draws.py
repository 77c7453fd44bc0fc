"""Chance that can be repeated: every draw is a hash of what it is for, not the next number of a shared stream.

A draw is made from the seed, the fault (edge, id and kind), the ordinal of the connection or request that it is about,
the draw's name and its index. So the same seed and the same order of requests give the same decisions, on however
many workers, whichever other faults come and go, and however bytes are cut. BLAKE2b, 53 bits.

| draw | by | decides |
|---|---|---|
| ``hit`` | each fault, once per connection (TCP) or request (HTTP) | the percentage |
| ``delay``, ``angle`` | latency, delay | how long; both for bell curves |
| ``size`` | slicer, per piece | how large |
| ``gap``, ``bit`` | corrupt, per flipped byte | where, and what |
"""

from hashlib import blake2b
from math import cos, log, pi, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import blake2b as Hash  # noqa: N812 - it is a class

_SCALE = 2.0**-53


class Draws:
    """The draws of one fault on one edge; `about` gives those for one connection or request."""

    __slots__ = ("_base", "_hash", "_ordinal")

    def __init__(self, seed: int, edge: str, fault: str) -> None:
        self._hash: Hash | None = blake2b(f"{seed}\n{edge}\n{fault}\n".encode(), digest_size=8)
        self._base = self
        self._ordinal = 0

    def about(self, ordinal: int) -> "Draws":
        """The draws for connection or request number ``ordinal`` (from 1)."""
        draws = Draws.__new__(Draws)
        draws._base, draws._ordinal, draws._hash = self, ordinal, None  # noqa: SLF001 - it is one of us
        return draws

    def _begun(self) -> "Hash":
        """The hash of what they are about: made when something is drawn, which for most requests nothing is."""
        begun = self._hash
        if begun is None:
            begun = self._hash = self._base._begun().copy()  # noqa: SLF001 - it is one of us
            begun.update(b"%d\n" % self._ordinal)
        return begun

    def uniform(self, name: str, index: int = 0) -> float:
        """A number in [0, 1)."""
        drawn = self._begun().copy()
        drawn.update(f"{name} {index}".encode())
        return (int.from_bytes(drawn.digest(), "big") >> 11) * _SCALE

    def normal(self, index: int = 0) -> float:
        """A number from the standard bell curve (Box-Muller, from the draws ``delay`` and ``angle``)."""
        radius = sqrt(-2.0 * log(1.0 - self.uniform("delay", index)))
        return radius * cos(2.0 * pi * self.uniform("angle", index))
