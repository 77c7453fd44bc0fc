"""What the first bytes of a side say about its protocol."""

from collections.abc import Callable
from enum import Enum, auto


class Verdict(Enum):
    """Whether bytes begin as a protocol does; `OPEN` when there are too few of them."""

    YES = auto()
    NO = auto()
    OPEN = auto()


def begins_with(*words: bytes) -> Callable[[bytes], Verdict]:
    """A judge who recognises any of these beginnings."""

    def judge(said: bytes) -> Verdict:
        if any(said.startswith(word) for word in words):
            return Verdict.YES
        return Verdict.OPEN if any(word.startswith(said) for word in words) else Verdict.NO

    return judge
