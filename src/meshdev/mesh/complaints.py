"""What a person should hear of an edge, once per sentence."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshdev.mesh.edge import Edge


class Complaints:
    """Those about one edge; ``trouble`` tells them."""

    def __init__(self, edge: "Edge", trouble: Callable[[str, int], None]) -> None:
        self._edge = edge
        self._trouble = trouble
        self._told: set[str] = set()

    def once(self, text: str) -> None:
        """Tell it, unless it was told."""
        if text not in self._told:
            self._told.add(text)
            self._trouble(f"{self._edge.key}: {text}", self._edge.id)
