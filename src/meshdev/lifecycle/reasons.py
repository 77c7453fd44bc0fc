"""How ends, probes and runs are put in words. No text holds a running time: it would change with every tick."""

from signal import Signals

from meshdev.lifecycle.model import Exit, Health, ProbeOutcome, Role
from meshdev.lifecycle.records import Run
from meshdev.topology.model import Healthcheck, ProbeKind


def seconds(value: float) -> str:
    """``5 s``, ``0.25 s``: to the hundredth, or finer where that would be nothing."""
    digits = 2 if value >= 0.01 else 4  # noqa: PLR2004 -- a hundredth
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") + " s"


def signal_name(number: int) -> str:
    """``SIGKILL``, or ``signal 77`` where the number has no name."""
    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"


def exit_text(end: Exit | None) -> str:
    """``exit code 1``, ``ended by SIGKILL``."""
    if end is None or (end.code is None and end.signal is None):
        return "vanished"
    if end.signal is not None:
        return f"ended by {signal_name(end.signal)}"
    return f"exit code {end.code}"


def end_text(run: Run) -> str:
    """Why a run is over."""
    return run.failure or exit_text(run.exit)


def probe_name(check: Healthcheck) -> str:
    """What the probe asks: ``GET /healthz``, ``tcp``, ``exec pg_isready``, ``log line "ready"``."""
    target = " ".join(check.target) if isinstance(check.target, tuple) else check.target
    match check.kind:
        case ProbeKind.HTTP:
            return f"GET {target}"
        case ProbeKind.LOG:
            return f'log line "{target}"'
        case _:
            return f"{check.kind} {target}".rstrip()


def tries_text(tries: int) -> str:
    """``1 try``, ``12 tries``."""
    return "1 try" if tries == 1 else f"{tries} tries"


def probe_text(check: Healthcheck, outcome: ProbeOutcome | None) -> str:
    """``GET /healthz: connection refused, 12 tries``; most probes name themselves in what they say."""
    name = probe_name(check)
    if outcome is None:
        return f"{name}: {'not seen' if check.kind is ProbeKind.LOG else 'no answer'} yet"
    said = outcome.detail or ("ok" if outcome.ok else "failed")
    text = said if said.startswith(name.split(" ", 1)[0]) else f"{name}: {said}"
    return f"{text}, {tries_text(outcome.tries)}"


def stop_text(run: Run) -> str:
    """Why a run that is stopping is not gone yet, and what comes next."""
    grace = seconds(run.grace)
    name = run.spec.stop.signal
    if run.killed:
        return "SIGKILL sent, not gone yet"
    if not run.signalled:
        return f"is stopped as soon as it is launched, SIGKILL at the latest after {grace}"
    if run.exit is not None:
        return f"{exit_text(run.exit)}; what is left of its processes got {name}, SIGKILL after {grace}"
    head = f"{run.failure}; " if run.failure else ""
    return f"{head}{name} sent, SIGKILL after {grace}"


def starting_text(run: Run) -> str:
    """Why a run that was launched is not ready yet."""
    if not run.launched:
        return "is being launched"
    check = run.spec.healthcheck
    if check is None:
        return "has to stay up for a moment before it takes over"
    return f"not ready yet (probe {probe_text(check, run.probe)})"


def backoff_text(run: Run) -> str:
    """Why it is not tried again at once."""
    return f"{end_text(run)}; try {run.attempt + 1} follows {seconds(run.delay)} after that"


def gave_up_text(run: Run) -> str:
    """Why it is not tried again at all after too many failures."""
    restart = run.spec.restart
    return f"gave up after {restart.burst} failures within {seconds(restart.window)}: {end_text(run)}"


def exited_text(run: Run) -> str:
    """How it is over."""
    if not run.failed:
        return "completed" if run.spec.one_shot else "ended with exit code 0"
    return f'{end_text(run)}; not tried again (restart = "{run.spec.restart.policy}")'


def running_text(run: Run) -> str:
    """What there is to say of a run that goes on; nothing when all is well."""
    if run.role is Role.RETIRING:
        return "it gets no more traffic and is stopped in a moment"
    check = run.spec.healthcheck
    if run.health is Health.UNHEALTHY and check is not None:
        return f"unhealthy (probe {probe_text(check, run.probe)})"
    return ""
