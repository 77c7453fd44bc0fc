"""What came of a replay, for people."""

from meshdev.recording.comparison import Report
from meshdev.replaying.outcome import Outcome, latencies, lines


def test_latencies() -> None:
    """Percentiles of both, in milliseconds; nothing of nothing."""
    found = latencies([(number / 1000, number / 500) for number in range(1, 101)])
    assert found is not None
    assert (found.count, found.recorded_p50, found.recorded_p99, found.p50, found.p99) == (
        100,
        51.0,
        100.0,
        102.0,
        200.0,
    )
    assert latencies([]) is None


def test_lines() -> None:
    """Everything that a person must know, and nothing that did not happen."""
    plain = Outcome(recording="day", target="http://x", sent=3, report=Report(3, 0), seconds=1.0)
    assert list(lines(plain)) == ["day: 3 requests to http://x in 1s", "3 answers compared, all as recorded"]
    assert plain.same
    nobody = Outcome(
        recording="day", target="http://x", sent=3, report=Report(0, 0), errors={"ConnectError": 3}
    )
    assert list(lines(nobody))[1:] == ["no answers to compare", "3 without an answer: ConnectError"]
    bad = Outcome(
        recording="day", target="http://x", against="http://y", sent=3, report=Report(2, 1),
        errors={"ConnectError": 1}, left_out={"are WebSockets": 2}, refused=1, lag=0.5,
    )  # fmt: skip
    told = "\n".join(lines(bad))
    for text in (
        "http://x against http://y",
        "1 without an answer: ConnectError",
        "left out: 2 are WebSockets",
        "401, 403",
        "500ms behind",
    ):
        assert text in told
    assert not bad.same
