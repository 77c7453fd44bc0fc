"""Which calls of a recording are sent again, and when."""

import math

import msgspec
import pytest

from meshdev.errors import UsageError
from meshdev.recording.model import Cut, Exchange, Meta, Recording
from meshdev.replaying.chosen import chosen, due_times, entry_services, is_whole
from support_raw import exchange

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def call(path: str, **changes: object) -> Exchange:
    """A call of orders to payments, with these changes."""
    made = exchange(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), OK)
    return msgspec.structs.replace(made, **changes)


def recording(*calls: Exchange) -> Recording:
    """Of these calls."""
    return Recording(meta=Meta(name="day"), exchanges=calls)


def targets(calls: tuple[Exchange, ...]) -> list[str]:
    """What is asked in them."""
    return [one.request.target for one in calls]


def test_calls_to_the_service_over_the_edges_that_are_named() -> None:
    """Whoever made them, or only some."""
    made = recording(call("/a"), call("/b", caller="web"), call("/c", callee="stock"))
    assert targets(chosen(made, "payments").exchanges) == ["/a", "/b"]
    assert targets(chosen(made, "payments", ("web -> *",)).exchanges) == ["/b"]


def test_what_tells_nothing_of_the_service_is_left_out() -> None:
    """Answers of meshdev, faults, tunnels, bodies that are not whole: counted by reason."""
    broken = call("/cut")
    body = msgspec.structs.replace(broken.request.body, cut=Cut.CAP)
    broken = msgspec.structs.replace(broken, request=msgspec.structs.replace(broken.request, body=body))
    found = chosen(
        recording(
            call("/a"),
            call("/by", by="meshdev"),
            call("/fault", faults=("slow",)),
            call("/none", response=None),
            broken,
        ),
        "payments",
    )
    assert targets(found.exchanges) == ["/a"]
    assert dict(found.left_out) == {
        "were answered by meshdev or hit by a fault": 2,
        "had no answer": 1,
        "were not recorded whole": 1,
    }


def test_a_service_without_calls_is_told_with_the_nearest() -> None:
    """And why its calls cannot be sent, when it has some."""
    with pytest.raises(UsageError) as unknown:
        chosen(recording(call("/a")), "payment")
    assert unknown.value.hint == 'did you mean "payments"?'
    with pytest.raises(UsageError) as empty:
        chosen(recording(call("/a", response=None)), "payments")
    assert empty.value.hint == "1 had no answer"
    with pytest.raises(UsageError, match="is no edge"):
        chosen(recording(call("/a")), "payments", ("web",))


def test_entry_services() -> None:
    """Those that were called from outside; all of them when none was."""
    inner = call("/a")
    assert entry_services(recording(inner, call("/b", caller="outside", callee="web"))) == ["web"]
    assert entry_services(recording(inner, call("/b", caller="outside:8081", callee="web"))) == ["web"]
    assert entry_services(recording(inner)) == ["payments"]


def test_due_times() -> None:
    """The recorded gaps, divided by the speed; none of them when it is infinite."""
    calls = [call("/", started=at) for at in (100.0, 101.0, 104.0)]
    assert due_times(calls, 1.0) == [0.0, 1.0, 4.0]
    assert due_times(calls, 10.0) == [0.0, 0.1, 0.4]
    assert due_times(calls, math.inf) == [0.0, 0.0, 0.0]
    assert due_times([], 1.0) == []


def test_whole_answers_only_are_compared() -> None:
    """One that was cut says nothing of its end."""
    whole = call("/")
    assert is_whole(whole)
    assert whole.response is not None
    body = msgspec.structs.replace(whole.response.body, cut=Cut.CAP)
    assert not is_whole(
        msgspec.structs.replace(whole, response=msgspec.structs.replace(whole.response, body=body))
    )
