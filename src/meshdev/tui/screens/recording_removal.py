"""The question before a recording is removed."""

from typing import TYPE_CHECKING

from meshdev.tui import units
from meshdev.tui.screens.question import Question

if TYPE_CHECKING:
    from meshdev.storage.recordings import Summary


def removal(name: str, summary: "Summary | None") -> Question:
    """Which, and what that means."""
    body = "It is gone for good."
    if summary is not None and summary.exchanges is not None:
        calls, size = units.plural(summary.exchanges, "call"), units.size(summary.bytes)
        body = f"{calls}, {size}B, are gone for good."
    return Question(f"Remove {name}?", body, "Enter remove it   Esc keep it", again="d")
