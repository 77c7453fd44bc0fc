"""Checks, figures and times of experiments in words. Pure."""

from meshdev.chaos.report import SignalsReport
from meshdev.kernel.quantity import format_duration
from meshdev.topology.experiment import Check, ExecCheck, HttpCheck, SignalCheck


def milliseconds(seconds: float | None) -> str:
    """``312 ms``, ``1.2 s``; a dash for nothing.

    >>> milliseconds(0.0123), milliseconds(1.234), milliseconds(None)
    ('12 ms', '1.23 s', '-')
    """
    if seconds is None:
        return "-"
    if seconds >= 1:
        return f"{seconds:.3g} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.2g} ms"  # noqa: PLR2004 -- 10 ms


def took(latency_ms: float | None) -> str:
    """The same for a latency in milliseconds, as reports have them.

    >>> took(312.4), took(1500.0), took(None)
    ('312 ms', '1.5 s', '-')
    """
    return milliseconds(None if latency_ms is None else latency_ms / 1000)


def share_failed(signals: SignalsReport) -> str:
    """The share of failed calls; a dash without any call."""
    return percent(signals.failures / signals.calls) if signals.calls else "-"


def percent(share: float) -> str:
    """``2.5 %``.

    >>> percent(0.025), percent(0.0), percent(1.0)
    ('2.5 %', '0 %', '100 %')
    """
    return f"{share * 100:.3g} %"


def check_words(check: Check) -> str:
    """A check as a line."""
    match check:
        case SignalCheck():
            bounds = [] if check.errors is None else [f"errors ≤ {percent(check.errors)}"]
            for name in ("p50", "p90", "p99"):
                bound: float | None = getattr(check, name)
                bounds += [] if bound is None else [f"{name} ≤ {format_duration(bound)}"]
            bounds += [] if check.rps is None else [f"rps ≥ {check.rps:g}"]
            where = f"{check.edge} {check.route}".strip()
            return f"{where}: {', '.join(bounds)}"
        case HttpCheck():
            wanted = " or ".join(map(str, check.status)) or "below 400"
            return f"{check.url} answers {wanted}" + (f" with {check.contains!r}" if check.contains else "")
        case ExecCheck():
            command = check.command if isinstance(check.command, str) else " ".join(check.command)
            return f"{command} ends with {check.code}" + (
                f", says {check.contains!r}" if check.contains else ""
            )
