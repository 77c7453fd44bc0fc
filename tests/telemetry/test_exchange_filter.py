"""The filter of calls: a table of terms, and what is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.errors import UsageError
from meshdev.telemetry.exchange_filter import parse_filter
from meshdev.wire.control import ExchangeView


def exchange(status: int = 200, *, error: str = "", ms: float = 12.5) -> ExchangeView:
    """A call of front to orders."""
    return ExchangeView(
        seq=1,
        at=0.0,
        caller="front",
        callee="orders",
        method="POST",
        target="/Orders/7?x=1 2",
        status=status,
        ms=ms,
        bytes_in=10,
        bytes_out=2048,
        instance="orders-0@3",
        trace="ab12",
        error=error,
        faults=["slow-payments/latency"],
    )


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", True),
        ("caller=front callee=orders", True),
        ("caller=front callee=carts", False),
        ("callee=carts,orders", True),
        ("callee=ord*", True),
        ("callee!=orders", False),
        ("!callee=carts", True),
        ("!callee!=orders", True),
        ("method=post", True),
        ("path~/orders", True),
        ("path~'1 2'", True),
        ("path=/Orders/*", True),
        ("path!~x", None),
        ("instance=orders-0*", True),
        ("trace=ab12", True),
        ("status=200", True),
        ("status=2xx", True),
        ("status=5xx,404", False),
        ("status!=2xx", False),
        ("status>=400", False),
        ("status<400", True),
        ("status=none", False),
        ("ms>12", True),
        ("ms>12.5", False),
        ("ms<=12.5", True),
        ("ms>1.5s", False),
        ("ms>10ms", True),
        ("bytes>1k", True),
        ("bytes>=2049", False),
        ("error", False),
        ("!error", True),
        ("fault", True),
        ("!fault", False),
        ("fault=slow-*", True),
        ("fault=slow-payments/latency,x", True),
        ("fault!=slow-payments", False),
        ("fault=other", False),
        ("fault>1", None),
        ("errors", None),
        ("caller", None),
        ("caller>3", None),
        ("ms~3", None),
        ("ms>fast", None),
        ("bytes>big", None),
        ("status=6xx", None),
        ("colour=red", None),
        ("=x", None),
        ("path='x", None),
    ],
)
def test_terms(text: str, holds: bool | None) -> None:  # noqa: FBT001 -- a table
    """What holds for one call; None is refused with the fields there are."""
    if holds is None:
        with pytest.raises(UsageError) as caught:
            parse_filter(text)
        assert text in caught.value.message or caught.value.hint == "a quote has no end"
    else:
        assert parse_filter(text)(exchange()) is holds


@pytest.mark.parametrize(
    ("status", "error", "failed"),
    [(200, "", False), (404, "", False), (500, "", True), (0, "refused", True), (200, "callee-reset", True)],
)
def test_error_is_what_counts_as_an_error(status: int, error: str, failed: bool) -> None:  # noqa: FBT001 -- a table
    """The same rule as in the edge's count: what the caller asked wrongly (4xx) is no error of the edge."""
    assert parse_filter("error")(exchange(status, error=error)) is failed


def test_no_answer_has_no_status() -> None:
    """Status none is a call that got no answer."""
    assert parse_filter("status=none")(exchange(0))


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing that is typed breaks it."""
    try:
        test = parse_filter(text)
    except UsageError:
        return
    assert test(exchange(ms=math.inf)) in (True, False)
