"""Readiness and health from single probe outcomes.

- Ready after ``successes`` good answers in a row, or when the log line was seen, or at once without a healthcheck.
- Not ready within ``ready_timeout`` seconds of its launch: that start has failed.
- Unhealthy after ``retries`` bad answers in a row. Bad answers within ``start_period`` of the launch don't count until
  it was ready. Unhealthy is shown and routed around; it does not restart anything.
"""

from meshdev.lifecycle import reasons, reloads, runs
from meshdev.lifecycle.ledger import Ledger
from meshdev.lifecycle.model import Health, Level, Phase, Probed, ProbeOutcome, Role
from meshdev.lifecycle.records import Node, Run, Slot
from meshdev.topology.model import Healthcheck


def judge(ledger: Ledger, node: Node, slot: Slot, run: Run, check: Healthcheck, event: Probed) -> None:
    """Count one outcome of a launched run that is neither stopping nor on its way out."""
    last = run.probe
    tries = last.tries + 1 if last is not None and last.ok is event.ok else 1
    run.probe = outcome = ProbeOutcome(ledger.now, event.ok, event.detail, tries)
    if not event.ok:
        _bad(ledger, node, run, check, outcome)
        return
    run.bad = 0
    if run.health is Health.HEALTHY:
        return  # nothing new: who looks at the state sees the last answer with the next change
    ledger.changed(node)
    if tries >= check.successes:
        _good(ledger, node, slot, run)


def _good(ledger: Ledger, node: Node, slot: Slot, run: Run) -> None:
    if run.phase is Phase.STARTING:
        became_ready(ledger, slot, run)
        return
    run.health = Health.HEALTHY
    runs.steady(ledger, slot, run)
    ledger.notice(node, "healthy again", Level.INFO, run)


def _bad(ledger: Ledger, node: Node, run: Run, check: Healthcheck, outcome: ProbeOutcome) -> None:
    ledger.changed(node)
    if run.phase is Phase.STARTING and ledger.now - run.launched_at < check.start_period:
        return
    run.bad += 1
    if run.bad < check.retries or run.health is Health.UNHEALTHY:
        return
    run.health = Health.UNHEALTHY
    if run.phase is Phase.RUNNING:
        run.deadline = None  # it is not steadily healthy
        ledger.notice(node, f"unhealthy: {reasons.probe_text(check, outcome)}", Level.WARNING, run)


def became_ready(ledger: Ledger, slot: Slot, run: Run) -> None:
    """Ready for the first time; a candidate takes over."""
    runs.ready(ledger, slot, run)
    if run.role is Role.CANDIDATE:
        runs.promote(ledger, slot, run)


def too_late(ledger: Ledger, node: Node, slot: Slot, run: Run, check: Healthcheck) -> None:
    """Not ready in time: stop it, and let its restart policy (or the reload) go on."""
    limit = reasons.seconds(check.ready_timeout)
    run.failure = f"not ready after {limit}: {reasons.probe_text(check, run.probe)}"
    runs.stop(ledger, run, asked=False)
    if run.role is Role.CANDIDATE:
        reloads.roll_back(ledger, node, slot, run, run.failure)
    else:
        slot.unready = run.failure
        ledger.notice(node, run.failure, Level.ERROR, run)
