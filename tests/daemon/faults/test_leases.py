"""Leases: they end unless they are renewed."""

import pytest

from meshdev.daemon.faults.leases import Leases
from meshdev.errors import UsageError
from meshdev.wire.fault_views import LeaseRequest


def test_it_ends_when_nobody_renews_it() -> None:
    """Renewed, it lasts as long as at first, from then on."""
    leases = Leases()
    lease = leases.take(LeaseRequest(seconds=10.0, holder="a test"), 100.0)
    assert (lease.remaining, lease.holder, leases.next_end()) == (10.0, "a test", 110.0)

    assert leases.renew(lease.id, 108.0).remaining == 10.0
    assert leases.expire(117.9) is False
    assert leases.expire(118.0) is True
    assert lease.id not in leases
    assert leases.next_end() is None


def test_one_that_has_ended_cannot_be_renewed_but_given_back() -> None:
    """Giving back is what a holder does at its own end, whatever happened before."""
    leases = Leases()
    lease = leases.take(LeaseRequest(seconds=1.0), 0.0)
    leases.end(lease.id)
    leases.end(lease.id)
    with pytest.raises(UsageError, match="has ended"):
        leases.renew(lease.id, 0.5)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e9])
def test_a_lease_has_a_sensible_length(seconds: float) -> None:
    """Neither none nor for ever."""
    with pytest.raises(UsageError):
        Leases().take(LeaseRequest(seconds=seconds), 0.0)


def test_ids_are_never_used_again() -> None:
    """Who holds an old one must not renew another's."""
    leases = Leases()
    first = leases.take(LeaseRequest(), 0.0)
    leases.end(first.id)
    assert leases.take(LeaseRequest(), 0.0).id != first.id
