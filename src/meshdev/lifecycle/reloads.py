"""Reload: new code replaces old, one slot after the other; the old goes on serving if the new does not become ready.

- `rolling`: a candidate beside the run in charge; when it is ready traffic moves, and the old one is drained and
  stopped. A candidate that ends, can't be built, launched or made ready in time is dropped: rolled back.
- `replace` (and one-shot services, and runs that were not ready yet, where there is nothing to save): stop, then
  start. If the new one fails, the reload has failed, and the restart policy goes on from there.
- Slots that are not running (backoff, gave-up, exited) start anew at once: the code was mended. Slots that wait are
  launched with the new code anyway. A service that is down stays down.
- A newer reload overtakes the one in hand. A stop or restart cancels it: the last wish wins.
- `MOST` reloads within `WINDOW` seconds suspend reloading until files are quiet for `QUIET` seconds (then what was
  missed is loaded, once), or until the user restarts or stops the service.
- A candidate does not wait for ``depends_on``: the one beside it is up already.
"""

from dataclasses import replace

from meshdev.lifecycle import runs
from meshdev.lifecycle.ledger import Ledger
from meshdev.lifecycle.model import Level, Phase, ReloadOutcome, ReloadState
from meshdev.lifecycle.records import MOST_RETIRING, Node, Run, Slot
from meshdev.lifecycle.table import IDLE
from meshdev.topology.model import ReloadStrategy

MOST = 10
WINDOW = 60.0
QUIET = 30.0


def request(ledger: Ledger, node: Node, files: tuple[str, ...]) -> None:
    """Files changed."""
    if node.suspended:
        node.missed = tuple(dict.fromkeys((*node.missed, *files)))
        ledger.agenda.set(node, ledger.now + QUIET)
        return
    if not node.up:
        node.code += 1  # what is built was built from older files
        return
    node.reloaded_at = [at for at in node.reloaded_at if ledger.now - at < WINDOW]
    node.reloaded_at.append(ledger.now)
    begin(ledger, node, files)
    if len(node.reloaded_at) >= MOST:
        node.suspended = True
        ledger.agenda.set(node, ledger.now + QUIET)
        text = (
            f"{MOST} reloads within {WINDOW:g} s (last: {shown(files)}): reloading is suspended until the watched files"
            f" are quiet for {QUIET:g} s, or until you restart {node.name}"
        )
        ledger.notice(node, text, Level.WARNING)


def begin(ledger: Ledger, node: Node, files: tuple[str, ...], what: str = "") -> None:
    """Load the new code, whatever an earlier reload was about to do; ``what`` changed, if it was no file."""
    node.code += 1
    node.rolling = bool(what)
    node.reload = ReloadState(ledger.now, files, ReloadOutcome.RUNNING)
    ledger.notice(node, f"reloads: {what or shown(files)} changed")
    ledger.changed(node)


def follow(ledger: Ledger, node: Node, what: str) -> None:
    """Somebody else plays this service: beside the run in charge, whatever its own strategy is."""
    if not node.up:
        node.code += 1
        return
    lift(node)
    begin(ledger, node, (), what)


def shown(files: tuple[str, ...]) -> str:
    """The files in a line: the first three, and how many more."""
    rest = f" and {len(files) - 3} more" if len(files) > 3 else ""  # noqa: PLR2004 -- three names fit a line
    return (", ".join(files[:3]) or "something") + rest


def resume(ledger: Ledger, node: Node) -> None:
    """The files were quiet for long enough: load what was missed."""
    missed = lift(node)
    ledger.notice(node, "reloading is resumed")
    if missed and node.up:
        begin(ledger, node, missed)


def lift(node: Node) -> tuple[str, ...]:
    """End a suspension; returns the files that changed while it lasted."""
    missed = node.missed
    node.suspended = False
    node.missed = ()
    node.deadline = None
    node.reloaded_at.clear()
    return missed


def advance(ledger: Ledger, node: Node) -> None:
    """Take the reload in hand as far as it goes now."""
    if node.reloading is None:
        return
    for slot in node.wanted_slots():
        _renew(ledger, node, slot)
    for slot in node.wanted_slots():
        if slot.current is not None and not _done(ledger, node, slot, slot.current):
            return
    _finish(ledger, node, ReloadOutcome.DONE)
    ledger.notice(node, "reloaded")
    cascade(ledger, node)


def renew(ledger: Ledger, node: Node) -> None:
    """Every run of this service is to be followed by a new one; that is more than any reload."""
    node.epoch += 1
    cancel(ledger, node, "restarted")
    lift(node)
    for slot in node.slots:
        slot.forgive()
    ledger.changed(node)


def cascade(ledger: Ledger, node: Node) -> None:
    """Restart whoever asked to be restarted with this service."""
    for name in ledger.graph.cascade(node.name):
        follower = ledger.nodes[name]
        if follower.up:
            renew(ledger, follower)
            ledger.notice(follower, f"restarts because {node.name} did")


def _renew(ledger: Ledger, node: Node, slot: Slot) -> None:
    """Slots in which nothing runs need not wait for their turn."""
    run = slot.current
    if run is None or run.code >= node.code:
        return
    if run.phase in {Phase.WAITING, Phase.BUILDING} or run.blocked:
        run.code = node.code
    elif run.phase in IDLE:
        slot.forgive()
        runs.admit(ledger, node, slot)


def _done(ledger: Ledger, node: Node, slot: Slot, run: Run) -> bool:
    """Whether this slot serves the new code; if not, take the next step towards it."""
    if slot.candidate is not None:
        _bring(ledger, node, slot, slot.candidate)
        return False
    if run.code >= node.code:
        return run.phase is Phase.RUNNING or (run.phase is Phase.EXITED and not run.failed)
    if run.phase is Phase.RUNNING and _rolls(node):
        _bring(ledger, node, slot, runs.admit_candidate(ledger, node, slot))
    elif run.phase in {Phase.STARTING, Phase.RUNNING}:
        slot.forgive()
        runs.make_room(ledger, slot, run)
    return False


def _rolls(node: Node) -> bool:
    return (node.rolling or node.spec.reload is ReloadStrategy.ROLLING) and not node.spec.one_shot


def _bring(ledger: Ledger, node: Node, slot: Slot, candidate: Run) -> None:
    if candidate.phase in {Phase.WAITING, Phase.BUILDING}:
        candidate.code = node.code
        held = node.building is not None and candidate.phase is Phase.BUILDING
        if len(slot.retiring) <= MOST_RETIRING and not held:
            runs.start(ledger, node, candidate)
    elif candidate.code < node.code:
        runs.retire(ledger, slot, candidate)


def roll_back(ledger: Ledger, node: Node, slot: Slot, candidate: Run, why: str) -> None:
    """The candidate failed: drop it, the run in charge stays."""
    runs.retire(ledger, slot, candidate)
    _finish(ledger, node, ReloadOutcome.ROLLED_BACK, why)
    ledger.notice(node, f"reload rolled back, the old one goes on serving: {why}", Level.ERROR, candidate)


def fail(ledger: Ledger, node: Node, run: Run, why: str) -> None:
    """A run in charge failed; if it was of the new code, there is nothing to roll back to."""
    if run.code >= node.code:
        _finish(ledger, node, ReloadOutcome.FAILED, why)


def cancel(ledger: Ledger, node: Node, why: str) -> None:
    """Another wish is stronger."""
    _finish(ledger, node, ReloadOutcome.CANCELLED, why)


def _finish(ledger: Ledger, node: Node, outcome: ReloadOutcome, detail: str = "") -> None:
    if node.reloading is not None:
        node.reload = replace(node.reloading, outcome=outcome, detail=detail)
        ledger.changed(node)
