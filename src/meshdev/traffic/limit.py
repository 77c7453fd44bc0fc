"""How many requests an edge may have under way at a time; what is more is turned away, not queued.

A queue would hide from a developer what the limit costs, and would make a slow callee look slower still.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Limit:
    """At most ``most`` at a time; lowering it turns nothing away that is under way."""

    most: int
    taken: int = 0

    def take(self) -> bool:
        """Whether one more may go; it must be given back then."""
        if self.taken >= self.most:
            return False
        self.taken += 1
        return True

    def give_back(self) -> None:
        """One is over."""
        self.taken -= 1
