"""What follows when a run that was still wanted is over: another try after a delay, none, or giving up.

- One-shot services are done with exit code 0, whatever their policy says.
- `always` and `unless-stopped` try again after any end (they differ only where something outlives its daemon),
  `on-failure` after any end but exit code 0, `no` never (exited; gave-up where it did not even come up).
- `burst` ends within `window` seconds are too many: gave-up, until the user asks anew or the code changes.
- Delays double from `backoff_first` to `backoff_most`, minus a drawn part; they begin anew when a run was healthy for
  `healthy_after` seconds.
"""

from meshdev.kernel.backoff import Backoff
from meshdev.lifecycle.records import Run, Slot
from meshdev.lifecycle.table import Cause
from meshdev.topology.model import RestartPolicy


def verdict(slot: Slot, run: Run, now: float, draw: float) -> tuple[Cause, float]:
    """`RETRY` with its delay, `COMPLETE` or `GIVE_UP`; counts the failure."""
    restart = run.spec.restart
    if not run.failed and (run.spec.one_shot or restart.policy is RestartPolicy.ON_FAILURE):
        return Cause.COMPLETE, 0.0
    if restart.policy is RestartPolicy.NO:
        return Cause.GIVE_UP if run.failure else Cause.COMPLETE, 0.0
    slot.failures += 1
    slot.failed_at = [at for at in slot.failed_at if now - at < restart.window]
    slot.failed_at.append(now)
    if len(slot.failed_at) >= restart.burst:
        return Cause.GIVE_UP, 0.0
    backoff = Backoff(first=restart.backoff_first, most=restart.backoff_most)
    return Cause.RETRY, backoff.delay(slot.failures, draw)
