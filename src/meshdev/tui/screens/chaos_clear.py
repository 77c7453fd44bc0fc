"""The question before all faults end."""

from collections.abc import Sequence

from meshdev.tui import units
from meshdev.tui.chaos.acting import are_on
from meshdev.tui.chaos.cells import arrow
from meshdev.tui.screens.question import Question
from meshdev.wire.fault_views import FaultView

_SHOWN = 8


def clearing(faults: Sequence[FaultView]) -> Question:
    """Which, and what that means."""
    on = are_on(faults)
    names = [f"⚡ {fault.name}  {arrow(fault.target)}" for fault in on[:_SHOWN]]
    names += [f"and {len(on) - _SHOWN} more"] if len(on) > _SHOWN else []
    added = sum(fault.origin != "topology" for fault in faults)
    leases = sum(bool(fault.lease) for fault in on)
    about = f"{added} that {'was' if added == 1 else 'were'} added will be forgotten. " if added else ""
    about += f"{leases} {'is' if leases == 1 else 'are'} held by a test or script." if leases else ""
    title = f"End {units.plural(len(on), 'fault')}?"
    return Question(title, "\n".join(names), "Enter end all   Esc leave them", about=about, again="X")
