"""The fault of one key, and what the form's fields come to."""

import pytest
from msgspec import structs

from meshdev.errors import UsageError
from meshdev.tui.chaos.quick import Typed, added_for, command_of, like, same_target, short_of
from support_chaos import SLOW, SOME, fault, part


def test_the_fields_make_a_table() -> None:
    """As it would stand in the topology file; what is empty is not said."""
    typed = Typed(
        target=" orders -> payments ",
        faults="latency=300ms±50ms status=503,body='so sorry'",
        duration="30s",
        percentage="10%",
        match="method=POST times=3",
        seed="7",
    )
    assert typed.table() == {
        "edge": "orders -> payments",
        "latency": {"latency": "300ms", "jitter": "50ms"},
        "status": {"code": "503", "body": "so sorry"},
        "match": {"method": "POST", "times": 3},
        "duration": "30s",
        "percentage": "10%",
        "seed": "7",
    }


@pytest.mark.parametrize(
    "typed", [Typed("a", "latenzy=1s"), Typed("a", "latency='1s"), Typed("a", match="x")]
)
def test_what_cannot_be_read_is_refused(typed: Typed) -> None:
    """With a reason."""
    with pytest.raises(UsageError):
        typed.table()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("orders -> payments", "orders → payments", True),
        ("team sales", "team:sales", True),
        ("payments", "payments", True),
        ("payments", "orders -> payments", False),
    ],
)
def test_targets_are_compared_by_meaning(one: str, other: str, same: bool) -> None:  # noqa: FBT001 -- a case
    """However they are written."""
    assert same_target(one, other) is same


def test_only_what_was_added_by_hand_for_the_same_target_is_ended() -> None:
    """Not the topology's, not a test's, not one that is off."""
    mine = fault("mine", origin="ad hoc", target="payments")
    others = [
        fault("named", target="payments"),
        fault("held", origin="lease", target="payments"),
        fault("off", origin="ad hoc", target="payments", on=False),
        fault("elsewhere", origin="ad hoc", target="orders"),
    ]
    assert added_for([*others, mine], "payments") == [mine]


def test_a_fault_can_be_typed_again() -> None:
    """Kind, values, spread, share, match."""
    spread = part(values={"latency": "300ms", "jitter": "50ms"}, percentage=10.0)
    assert short_of(spread) == "latency=300ms±50ms@10%"
    assert short_of(part("reset", values={})) == "reset"
    said = part("status", values={"code": "503", "body": "so sorry"})
    assert Typed("a", like(fault("x", parts=[said])).faults).table()["status"] == {
        "code": "503",
        "body": "so sorry",
    }
    table = like(SLOW).table()
    assert table["latency"] == {"p50": "300ms", "p99": "2s", "percentage": "50%"}
    assert table["match"] == {"method": "POST", "path": "/charges/*"}


def test_the_command_does_the_same() -> None:
    """By name, or as it was added."""
    assert command_of(SLOW) == "meshdev fault on slow-payments"
    added = structs.replace(SLOW, origin="ad hoc")
    assert command_of(added) == (
        "meshdev fault add 'orders -> payments' latency=p50=300ms,p99=2s@50% "
        "--match method=POST --match 'path=/charges/*'"
    )
    assert all(command_of(one) for one in SOME)
