"""Waiting until the read model shows a goal; telling the truth when it does not come."""

import time
from collections.abc import Callable, Mapping

from meshdev.cli import goal, narrate
from meshdev.cli.goal import Outcome
from meshdev.cli.progress import Progress
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.client.mirror import Mirror
from meshdev.client.stream import Follower
from meshdev.errors import DaemonError, MeshdevError, ServiceError

POLL = 0.1  # seconds between two looks at the clock, and two frames of the progress
_TAIL = 10  # lines of a failed service's log

Judge = Callable[[Mirror], Outcome]


def until_ready(
    control: Control,
    names: frozenset[str],
    *,
    title: str,
    timeout: float,
    newer_than: Mapping[str, int] | None = None,
) -> Mirror:
    """Wait until ``names`` (none: all that are wanted) are ready; raises ServiceError with who is not, and why."""
    return _until(
        control,
        lambda mirror: goal.ready(mirror, names, now=time.time(), newer_than=newer_than),
        title=title,
        timeout=timeout,
        what="ready",
    )


def until_swapped(control: Control, name: str, *, since: float, timeout: float) -> Mirror:
    """Wait until a swap of ``name`` is done that began after ``since`` (epoch seconds); raises ServiceError."""
    return _until(
        control,
        lambda mirror: goal.swapped(mirror, name, since=since),
        title="swapping",
        timeout=timeout,
        what="swapped",
    )


def until_down(control: Control, names: frozenset[str], *, title: str, timeout: float) -> Mirror:
    """Wait until ``names`` are stopped; raises ServiceError with who is not, and why."""
    return _until(control, lambda mirror: goal.down(mirror, names), title=title, timeout=timeout, what="down")


def _until(control: Control, judge: Judge, *, title: str, timeout: float, what: str) -> Mirror:
    deadline = time.monotonic() + timeout
    follower = Follower(control)
    try:
        with Progress(title) as progress:
            while True:
                outcome = judge(follower.mirror)
                total = len(outcome.reached) + len(outcome.pending) + len(outcome.failed)
                progress.update(len(outcome.reached), total, outcome.pending)
                if outcome.failed:
                    break
                if not outcome.pending:
                    return follower.mirror
                if follower.ended:
                    raise DaemonError("the system was shut down meanwhile", hint="`meshdev up` starts it")
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                before = follower.mirror
                events = follower.poll(min(POLL, left))
                for line in narrate.news(events, before, follower.mirror):
                    progress.tell(line)
    finally:
        follower.close()
    raise _shortfall(control, outcome, what, timeout)


def _shortfall(control: Control, outcome: Outcome, what: str, timeout: float) -> ServiceError:
    """The error that names everybody who has not made it, root causes with the last lines of their logs."""
    if outcome.failed:
        culprits, head = outcome.failed, f"not {what}: {', '.join(outcome.failed)}"
    else:
        culprits, head = outcome.pending, f"not {what} within {timeout:g} s: {', '.join(outcome.pending)}"
    parts = [head]
    for name, reason in culprits.items():
        parts.append(f"  {name}: {reason}")
        parts += [f"    | {line}" for line in _last_lines(control, name)]
    hint = "`meshdev why SERVICE` tells the whole chain, `meshdev logs SERVICE` the rest"
    return ServiceError("\n".join(parts), hint=hint)


def _last_lines(control: Control, name: str) -> list[str]:
    """What the service itself said last; nothing when the cause is another service, which is listed by itself."""
    try:
        view = control.send(calls.why(name))
    except MeshdevError:
        return []
    if view.chain and view.chain[-1].service != name:
        return []
    return view.last_lines[-_TAIL:]
