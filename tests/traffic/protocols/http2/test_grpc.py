"""gRPC's own words: statuses, deadlines, messages."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.traffic.protocols.http2.grpc import Messages, Status, is_grpc, outcome_of, status_of, timeout_of
from meshdev.traffic.protocols.operation import Outcome


@pytest.mark.parametrize(
    ("written", "status"), [(b"0", 0), (b"14", 14), (b"99", 2), (b"", 2), (b"x", 2), (b"9" * 5000, 2)]
)
def test_statuses(written: bytes, status: int) -> None:
    """What nobody knows is UNKNOWN."""
    assert status_of(written) == status


def test_every_status_blames_somebody() -> None:
    """Only OK is nobody's fault."""
    assert {status for status in Status if outcome_of(status) is Outcome.OK} == {Status.OK}
    assert outcome_of(Status.NOT_FOUND) is Outcome.REFUSED
    assert outcome_of(Status.UNAVAILABLE) is outcome_of(Status.ABORTED) is Outcome.FAILED


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(b"1H", 3600.0), (b"2M", 120.0), (b"3S", 3.0), (b"500m", 0.5), (b"7u", 7e-6), (b"1n", 1e-9)]
    + [(wrong, None) for wrong in (b"", b"S", b"5", b"-5S", b"123456789S", b"1s")],
)
def test_deadlines(written: bytes, seconds: float | None) -> None:
    """Units from hours to nanoseconds, at most eight digits."""
    assert timeout_of(written) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (b"application/grpc", True),
        (b"application/grpc+proto", True),
        (b"application/grpc;charset=utf-8", True),
        (b"application/grpc-web", False),
        (b"application/json", False),
        (b"", False),
    ],
)
def test_what_is_a_call(content_type: bytes, expected: bool) -> None:  # noqa: FBT001
    """gRPC-Web is another protocol: its status is in the body."""
    assert is_grpc(content_type) is expected


@settings(deadline=None)
@given(st.lists(st.integers(0, 40)), st.lists(st.integers(0, 400)))
def test_messages_are_counted_in_any_cut(sizes: list[int], cuts: list[int]) -> None:
    """Prefixes and messages may be cut anywhere."""
    body = b"".join(b"\0" + size.to_bytes(4, "big") + b"m" * size for size in sizes)
    places = sorted({0, len(body), *(min(cut, len(body)) for cut in cuts)})
    counter = Messages()
    for begin, end in pairwise(places):
        counter.feed(b"??" + body[begin:end] + b"??", 2, 2 + end - begin)
    assert counter.count == len(sizes)
