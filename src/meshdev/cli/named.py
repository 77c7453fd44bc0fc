"""The one that a person means, of things that have names. Pure."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from meshdev.errors import UsageError
from meshdev.kernel.nearest import did_you_mean


class _Named(Protocol):
    @property
    def name(self) -> str:
        """Its name."""
        ...


N = TypeVar("N", bound=_Named)


def named(views: Sequence[N], name: str, what: str, prefix: str = "") -> N:
    """The one of that name, with or without ``prefix``; ``what`` is the word for one. Raises UsageError."""
    for view in views:
        if name in (view.name, view.name.removeprefix(prefix)):
            return view
    hint = did_you_mean(name, [view.name.removeprefix(prefix) for view in views], what=f"{what}s")
    raise UsageError(f'no {what} is called "{name}"', hint=hint)
