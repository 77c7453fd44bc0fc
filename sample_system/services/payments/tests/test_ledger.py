"""Whatever is asked in whichever order, a key is charged at most once and refunded at most once."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payments.ledger import KeyReusedError, Ledger, Status
from payments.rules import BROKE_CARD, Rules


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    ledger = Ledger(tmp_path / "ledger.sqlite3", Rules())
    yield ledger
    ledger.close()


def test_a_repeated_charge_gets_the_first_answer(ledger: Ledger) -> None:
    """And moves money once."""
    first, fresh = ledger.charge("k", 500, "card-4242")
    again, repeated = ledger.charge("k", 500, "card-4242")
    assert (first, fresh, repeated) == (again, True, False)
    assert [entry.amount_cents for entry in ledger.entries(0, 10)] == [500]


def test_a_key_belongs_to_one_charge(ledger: Ledger) -> None:
    """Another amount under the same key is a mistake of the caller."""
    ledger.charge("k", 500, "card-4242")
    with pytest.raises(KeyReusedError):
        ledger.charge("k", 501, "card-4242")


def test_a_declined_charge_moves_nothing(ledger: Ledger) -> None:
    """Voiding it changes nothing either."""
    charge, _ = ledger.charge("k", 500, BROKE_CARD)
    assert (charge.status, charge.reason) == (Status.DECLINED, "insufficient funds")
    assert ledger.void("k").status is Status.DECLINED
    assert ledger.entries(0, 10) == []


def test_a_void_pays_back_once(ledger: Ledger) -> None:
    """However often it is asked for."""
    ledger.charge("k", 500, "card-4242")
    assert [ledger.void("k").status for _ in range(2)] == [Status.REFUNDED, Status.REFUNDED]
    assert [entry.amount_cents for entry in ledger.entries(0, 10)] == [500, -500]


def test_a_charge_that_comes_after_its_void_finds_the_door_closed(ledger: Ledger) -> None:
    """Its caller had given up; nobody would ever pay it back."""
    ledger.void("k")
    charge, _ = ledger.charge("k", 500, "card-4242")
    assert charge.status is Status.VOIDED
    assert ledger.entries(0, 10) == []


def test_the_ledger_survives_its_process(tmp_path: Path) -> None:
    """The next incarnation knows what was charged."""
    for fresh in (True, False):
        ledger = Ledger(tmp_path / "ledger.sqlite3", Rules())
        assert ledger.charge("k", 500, "card-4242")[1] is fresh
        ledger.close()


calls = st.tuples(st.sampled_from(["charge", "void"]), st.sampled_from("abc"), st.sampled_from([500, 613]))


@given(st.lists(calls, max_size=12))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_order_of_calls_keeps_the_books_straight(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[str, str, int]]
) -> None:
    """Per key: at most one charge, at most one refund, never more back than was taken, the status says which."""
    ledger = Ledger(tmp_path_factory.mktemp("books") / "ledger.sqlite3", Rules())
    for verb, key, amount in asked:
        if verb == "void":
            ledger.void(key)
            continue
        try:
            ledger.charge(key, amount, "card-4242")
        except KeyReusedError:
            continue
    kinds = Counter((entry.key, entry.kind) for entry in ledger.entries(0, 100))
    balance = Counter[str]()
    for entry in ledger.entries(0, 100):
        balance[entry.key] += entry.amount_cents
    assert all(count == 1 for count in kinds.values())
    for key in "abc":
        charge = ledger.find(key)
        charged = charge is not None and charge.status is Status.CHARGED
        assert balance[key] == (charge.amount_cents if charged and charge else 0)
    ledger.close()
