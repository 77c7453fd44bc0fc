"""Promises that somebody is still there: a test, a dashboard, a script. Sans-IO, times are monotonic seconds."""

from dataclasses import dataclass, field

from meshdev.errors import UsageError
from meshdev.wire.fault_views import LeaseRequest, LeaseView

LONGEST = 86400.0


@dataclass(slots=True)
class Lease:
    """It ends at ``until`` unless it is renewed."""

    id: str
    holder: str
    seconds: float
    until: float


@dataclass(slots=True)
class Leases:
    """All leases that have not ended."""

    _leases: dict[str, Lease] = field(default_factory=dict)
    _last: int = 0

    def take(self, request: LeaseRequest, now: float) -> LeaseView:
        """A new lease. Raises UsageError."""
        if not 0 < request.seconds <= LONGEST:
            raise UsageError(f"a lease of {request.seconds:g} s", hint=f"more than 0, at most {LONGEST:g}")
        self._last += 1
        lease = Lease(f"lease-{self._last}", request.holder, request.seconds, now + request.seconds)
        self._leases[lease.id] = lease
        return _view(lease, now)

    def renew(self, name: str, now: float) -> LeaseView:
        """It lasts from now on as long as it did at first. Raises UsageError when it has ended."""
        lease = self.held(name)
        lease.until = now + lease.seconds
        return _view(lease, now)

    def end(self, name: str) -> None:
        """It is given back; one that has ended already may be given back too."""
        self._leases.pop(name, None)

    def held(self, name: str) -> Lease:
        """The lease of that id. Raises UsageError when it has ended."""
        lease = self._leases.get(name)
        if lease is None:
            raise UsageError(f"the lease {name!r} has ended", hint="POST /v1/leases gives a new one")
        return lease

    def expire(self, now: float) -> bool:
        """End those that nobody renewed; whether there were any."""
        over = [name for name, lease in self._leases.items() if lease.until <= now]
        for name in over:
            del self._leases[name]
        return bool(over)

    def next_end(self) -> float | None:
        """When the next one ends, if nobody renews it."""
        return min((lease.until for lease in self._leases.values()), default=None)

    def __contains__(self, name: str) -> bool:
        """Whether it has not ended."""
        return name in self._leases


def _view(lease: Lease, now: float) -> LeaseView:
    return LeaseView(id=lease.id, remaining=max(0.0, lease.until - now), holder=lease.holder)
