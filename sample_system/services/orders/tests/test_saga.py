"""The saga's rules: which step is due when, and that every story ends well or is undone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders import saga
from orders.order import Fact, Order, Status, apply, fold
from orders.saga import Call, Step
from shopkit.events import Event

LINES = [{"sku": "mug", "name": "Mug", "unit_price_cents": 1450, "quantity": 2}]
PLACED = (
    Fact.PLACED,
    {"cart_id": "c1", "shopper": "ann", "card": "card-1", "lines": LINES, "total_cents": 2900},
)

RESERVED: tuple[int, dict[str, Any]] = (200, {"status": "held", "expires_at": 1.0})
CHARGED: tuple[int, dict[str, Any]] = (201, {"status": "charged", "amount_cents": 2900})
SHIPPED: tuple[int, dict[str, Any]] = (201, {"tracking": "TRK1"})
FINE: tuple[int, dict[str, Any]] = (200, {"status": "released"})
DECLINED: tuple[int, dict[str, Any]] = (402, {"status": "declined", "reason": "insufficient funds"})
SHORT: tuple[int, dict[str, Any]] = (409, {"status": "refused", "short": ["mug"]})
EXPIRED: tuple[int, dict[str, Any]] = (409, {"status": "expired"})
AWAY = None


def after(order: Order, fact: saga.FactData) -> Order:
    """The order after a fact, and after its end when that is due."""
    order = apply(order, Event.now(fact[0], order.id, order.version + 1, fact[1]))
    last = saga.ending(order)
    return order if last is None else after(order, last)


def placed() -> Order:
    """A new order."""
    order = fold([Event.now(*PLACED[:1], "ord-1", 1, PLACED[1])])
    assert order is not None
    return order


def played(**answers: tuple[int, dict[str, Any]] | None) -> tuple[Order, list[Step]]:
    """Play the saga with the neighbours' answers by step (None: away for ever); returns the end and the steps taken."""
    order, taken = placed(), []
    while not order.finished and (steps := saga.due(order)):
        step = steps[0]
        taken.append(step)
        answer = answers.get(step.name, FINE)
        fact = saga.given_up(step, "gone") if answer is AWAY else saga.answered(step, *answer)
        if fact is None:
            break
        order = after(order, fact)
    return order, taken


HAPPY = {"RESERVE": RESERVED, "CHARGE": CHARGED, "CONFIRM": FINE, "SHIP": SHIPPED}


def test_the_straight_way() -> None:
    """Four steps, and the order is complete."""
    order, taken = played(**HAPPY)
    assert taken == [Step.RESERVE, Step.CHARGE, Step.CONFIRM, Step.SHIP]
    assert (order.status, order.tracking) == (Status.COMPLETED, "TRK1")


@pytest.mark.parametrize(
    ("answers", "steps", "reason"),
    [
        ({"RESERVE": SHORT}, [], "out of stock: mug"),
        ({"RESERVE": AWAY}, [Step.RELEASE], "stock could not be reserved (gone)"),
        ({"CHARGE": DECLINED}, [Step.CHARGE, Step.RELEASE], "payment declined: insufficient funds"),
        ({"CHARGE": AWAY}, [Step.CHARGE, Step.RELEASE, Step.VOID], "payment could not be taken (gone)"),
        (
            {"CONFIRM": EXPIRED},
            [Step.CHARGE, Step.CONFIRM, Step.RELEASE, Step.VOID],
            "the reservation ran out before the payment went through",
        ),
    ],
)
def test_every_failure_is_undone(
    answers: dict[str, tuple[int, dict[str, Any]] | None], steps: list[Step], reason: str
) -> None:
    """What may have taken effect is taken back, what can't have isn't; the reason is kept."""
    order, taken = played(**(HAPPY | answers))
    assert taken == [Step.RESERVE, *steps]
    assert (order.status, order.reason) == (Status.CANCELLED, reason)


@pytest.mark.parametrize("step", [Step.CONFIRM, Step.SHIP, Step.RELEASE, Step.VOID])
def test_after_the_point_of_no_return_nothing_is_given_up(step: Step) -> None:
    """Nor is a compensation: it is tried until it works."""
    assert saga.given_up(step, "gone") is None


def test_compensations_do_not_wait_for_each_other() -> None:
    """With both owed, both are due; the order is cancelled only after the second."""
    order = after(after(placed(), (Fact.STOCK_RESERVED, {})), (Fact.PAYMENT_UNAVAILABLE, {"reason": "gone"}))
    assert saga.due(order) == (Step.RELEASE, Step.VOID)
    order = after(order, (Fact.PAYMENT_VOIDED, {}))
    assert (saga.due(order), order.status) == ((Step.RELEASE,), Status.CANCELLING)
    assert after(order, (Fact.STOCK_RELEASED, {})).status is Status.CANCELLED


def test_every_call_is_keyed_by_the_order() -> None:
    """So that a repetition has no second effect."""
    order = placed()
    for step in Step:
        call = saga.call(order, step)
        assert order.id in call.path or call.idempotency_key == order.id
    charge = Call(
        "payments", "POST", "/charges", {"amount_cents": 2900, "card": "card-1"}, idempotency_key="ord-1"
    )
    assert saga.call(order, Step.CHARGE) == charge


answers = st.fixed_dictionaries(
    {
        "RESERVE": st.sampled_from([RESERVED, SHORT, AWAY]),
        "CHARGE": st.sampled_from([CHARGED, DECLINED, (409, {}), AWAY]),
        "CONFIRM": st.sampled_from([FINE, EXPIRED]),
        "SHIP": st.just(SHIPPED),
    }
)


@given(answers)
def test_every_story_has_an_end(chosen: dict[str, tuple[int, dict[str, Any]] | None]) -> None:
    """Completed with everything done, or cancelled with nothing owed."""
    order, taken = played(**chosen)
    assert order.finished
    assert (order.release_due, order.void_due) == (False, False)
    if order.status is Status.COMPLETED:
        assert taken == [Step.RESERVE, Step.CHARGE, Step.CONFIRM, Step.SHIP]
    else:
        assert order.reason


@given(
    st.sampled_from(list(Step)), st.integers(100, 499), st.dictionaries(st.text(max_size=5), st.integers())
)
def test_no_answer_confuses_the_saga(step: Step, status: int, body: dict[str, Any]) -> None:
    """Whatever a neighbour says is a fact of this step, or is tried again."""
    fact = saga.answered(step, status, body)
    assert fact is None or fact[0] in list(Fact)
