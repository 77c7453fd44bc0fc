"""Every key of the Chaos screen, and the chaos keys of the others."""

from dataclasses import replace

import msgspec
import pytest
from textual.screen import Screen

from meshdev.errors import UsageError
from meshdev.tui.chaos.trial import Verdict
from meshdev.tui.graph.cursor import Cursor
from meshdev.tui.model import Picture
from meshdev.tui.screens.chaos import ChaosScreen
from meshdev.tui.screens.chaos_form import FaultForm
from meshdev.tui.screens.graph import GraphScreen
from meshdev.tui.screens.question import Question
from support_chaos import PAYMENTS, SLOW, SOME, fault, faulty
from support_dashboard import Visit, Visiting
from support_graph import busy_shop
from support_traffic import healthy_traffic


def chaos(seen: Visit) -> ChaosScreen:
    """The screen in front."""
    screen = seen.app.screen
    assert isinstance(screen, ChaosScreen)
    return screen


def front(seen: Visit, kind: type[Screen[None]]) -> bool:
    """Whether such a screen is in front."""
    return isinstance(seen.app.screen, kind)


def added(seen: Visit) -> list[dict[str, object]]:
    """The tables of the faults that were asked for."""
    requests = [call[1] for call in seen.backend.calls if call[0] == "add_fault"]
    return [msgspec.to_builtins(request)["fault"] for request in requests]


@pytest.mark.parametrize("key", ["space", "enter"])
@pytest.mark.parametrize(
    ("downs", "call"), [(0, ("switch_fault", "slow-payments", False)), (1, ("switch_fault", "no-mail", True))]
)
async def test_space_and_enter_switch(
    key: str, downs: int, call: tuple[object, ...], visit: Visiting
) -> None:
    """On what is off, off what is on."""
    async with visit(faulty()) as seen:
        await seen.press("6", *["down"] * downs, key)
        assert seen.backend.calls == [call]


async def test_a_fault_s_own_key_toggles_it(visit: Visiting) -> None:
    """Wherever the cursor is; a key that the dashboard has itself stays the dashboard's."""
    async with visit(faulty()) as seen:
        await seen.press("6", "n", "p")
        assert seen.backend.calls == [
            ("switch_fault", "no-mail", True),
            ("switch_fault", "slow-payments", False),
        ]
        await seen.press("1")
        assert seen.app.current_mode == "services"
        assert len(seen.backend.calls) == 2


@pytest.mark.parametrize(
    ("key", "call"),
    [
        ("x", ("switch_fault", "slow-payments", False)),
        ("d", ("remove_fault", "slow-payments")),
        ("delete", ("remove_fault", "slow-payments")),
    ],
)
async def test_off_and_end(key: str, call: tuple[object, ...], visit: Visiting) -> None:
    """Each by its key."""
    async with visit(faulty()) as seen:
        await seen.press("6", key)
        assert seen.backend.calls == [call]


async def test_what_is_off_is_not_switched_off_again(visit: Visiting) -> None:
    """The key has nothing to do."""
    async with visit(faulty()) as seen:
        await seen.press("6", "down", "x")
        assert seen.backend.calls == []


async def test_ending_all_asks(visit: Visiting) -> None:
    """Escape leaves them, Enter ends them."""
    async with visit(faulty()) as seen:
        await seen.press("6", "X")
        assert isinstance(seen.app.screen, Question)
        assert "End 4 faults?" in seen.text()
        await seen.press("escape")
        assert seen.backend.calls == []
        await seen.press("X", "enter")
        assert seen.backend.calls == [("clear_faults",)]


async def test_nothing_to_end_is_said(visit: Visiting) -> None:
    """No question then."""
    async with visit(faulty(())) as seen:
        await seen.press("6", "X")
        assert "no fault is on" in seen.text()


async def test_it_filters(visit: Visiting) -> None:
    """By any word; Escape brings all back."""
    async with visit(faulty()) as seen:
        await seen.press("6", "/", *"inv", "enter")
        assert [row.key for row in chaos(seen).table.rows] == ["flaky-inventory", "split-brain"]
        await seen.press("escape")
        assert len(chaos(seen).table.rows) == len(SOME)
        await seen.press("/", *"zzz")
        assert "No fault matches" in seen.text()


async def test_it_leads_to_the_graph(visit: Visiting) -> None:
    """To the edge on which the fault acts."""
    async with visit(replace(busy_shop(), faults=SOME)) as seen:
        await seen.press("6", "i")
        await seen.until(lambda: isinstance(seen.app.screen, GraphScreen))
        screen = seen.app.screen
        assert isinstance(screen, GraphScreen)
        assert screen.cursor.edge == ("orders", "payments")


async def test_the_command_can_be_copied(visit: Visiting) -> None:
    """What the topology names, and what was added."""
    async with visit(faulty()) as seen:
        await seen.press("6", "y")
        assert seen.app.clipboard == "meshdev fault on slow-payments"
        await seen.press(*["down"] * 5, "y")
        assert seen.app.clipboard == "meshdev fault add 'storefront -> carts' status"


async def test_the_countdown_goes_on_between_two_tellings(visit: Visiting) -> None:
    """What was left then, less what has passed since."""
    async with visit(faulty(faults_at=faulty().faults_at - 5)) as seen:
        await seen.press("6")
        assert "1m35" in seen.text()


# --- the form -----------------------------------------------------------------------------------------


async def test_the_form_adds_what_is_typed(visit: Visiting) -> None:
    """Where, what, how long; afterwards it is what the quick key does."""
    async with visit(faulty(())) as seen:
        await seen.press("6", "a")
        assert front(seen, FaultForm)
        await seen.press(*"orders -> payments", "tab", *["backspace"] * 10)
        await seen.press(*"status=503", "at", *"10%", "tab", "backspace", "backspace", *"30s", "enter")
        assert added(seen) == [
            {"edge": "orders -> payments", "status": {"code": "503", "percentage": "10%"}, "duration": "30s"}
        ]
        assert front(seen, ChaosScreen)
        await seen.press("1")
        await seen.press("@carts", "c")
        assert added(seen)[1:] == [
            {"service": "carts", "status": {"code": "503", "percentage": "10%"}, "duration": "30s"}
        ]


async def test_what_is_offered_can_be_chosen(visit: Visiting) -> None:
    """A target, a kind, one of its parameters: with the arrows and Enter."""
    async with visit(faulty(())) as seen:
        await seen.press("6", "a", *"pay", "down", "enter")
        await seen.press("tab", *["backspace"] * 10, *"slow-o", "down", "enter", *"2s")
        await seen.press("down", "down", "enter", *"1s", "enter")
        assert added(seen) == [
            {"edge": PAYMENTS, "slow-open": {"delay": "2s", "jitter": "1s"}, "duration": "2m"}
        ]


async def test_the_form_says_what_is_wrong_while_it_is_typed(visit: Visiting) -> None:
    """And what it comes to once nothing is."""
    async with visit(faulty(())) as seen:
        await seen.press("6", "a", *"payments", "tab", "X")
        assert "✕" in seen.text()
        await seen.press("backspace")
        assert "⚡ latency 1s at payments, for 2m" in seen.text()


async def test_a_refusal_stays_at_the_form(visit: Visiting) -> None:
    """With its hint, until something else is typed."""
    async with visit(faulty(())) as seen:
        seen.backend.refusal = UsageError("nobody calls payment", hint="did you mean payments?")
        await seen.press("6", "a", *"payment", "enter")
        assert front(seen, FaultForm)
        assert "nobody calls payment" in seen.text()
        assert "did you mean payments?" in seen.text()
        await seen.press("s")
        assert "nobody calls" not in seen.text()
        await seen.press("escape")
        assert front(seen, ChaosScreen)


async def test_a_form_without_a_target_asks_for_one(visit: Visiting) -> None:
    """Nothing is sent."""
    async with visit(faulty(())) as seen:
        await seen.press("6", "a", "tab", "enter")
        assert "Where?" in seen.text()
        assert seen.backend.calls == []


async def test_another_one_like_it(visit: Visiting) -> None:
    """The form, with what the fault does."""
    async with visit(faulty()) as seen:
        await seen.press("6", "C", "enter")
        assert added(seen) == [
            {
                "edge": PAYMENTS,
                "latency": {"p50": "300ms", "p99": "2s", "percentage": "50%"},
                "match": {"method": "POST", "path": "/charges/*"},
                "duration": "2m",
            }
        ]


# --- one key, everywhere ------------------------------------------------------------------------------


async def test_one_key_makes_a_service_slow_and_the_same_key_ends_it(visit: Visiting) -> None:
    """On the Services screen."""
    async with visit(faulty(())) as seen:
        await seen.press("@payments", "c")
        assert added(seen) == [{"service": "payments", "latency": {"latency": "1s"}, "duration": "2m"}]
        mine = fault("latency-1", origin="ad hoc", target="payments", edges=[PAYMENTS], services=["payments"])
        await seen.show(faulty((SLOW, mine)))
        assert "⚡ slow-payments, latency-1" in seen.text()
        await seen.press("c")
        assert seen.backend.calls[1:] == [("remove_fault", "latency-1")]


@pytest.mark.parametrize(
    ("cursor", "table"),
    [
        (Cursor("payments"), {"service": "payments"}),
        (Cursor(edge=("orders", "payments")), {"edge": "orders -> payments"}),
    ],
)
async def test_the_graph_has_the_key(cursor: Cursor, table: dict[str, str], visit: Visiting) -> None:
    """For nodes and for edges."""
    async with visit(busy_shop()) as seen:
        await seen.press("2")
        screen = seen.app.screen
        assert isinstance(screen, GraphScreen)
        screen.stand_on(cursor)
        await seen.press("c")
        assert added(seen) == [{**table, "latency": {"latency": "1s"}, "duration": "2m"}]


async def test_the_calls_have_the_key(visit: Visiting) -> None:
    """For their edge."""
    async with visit(faulty(())) as seen:
        await seen.press("3")
        assert seen.backend.traffic is not None
        calls = healthy_traffic()
        seen.backend.traffic.deliver(calls, 0)
        await seen.settle()
        await seen.press("f", "end", "c")
        (table,) = added(seen)
        assert table["edge"] == f"{calls[-1].caller} -> {calls[-1].callee}"


async def test_the_big_key_opens_the_form_with_the_target(visit: Visiting) -> None:
    """The keyboard is on what it shall do."""
    async with visit(faulty(())) as seen:
        await seen.press("@payments", "C")
        assert front(seen, FaultForm)
        await seen.press("enter")
        assert added(seen) == [{"service": "payments", "latency": {"latency": "1s"}, "duration": "2m"}]


async def test_a_refusal_of_the_quick_fault_is_shown(visit: Visiting) -> None:
    """As of any other action."""
    async with visit(faulty(())) as seen:
        seen.backend.refusal = UsageError("nobody calls shoppers")
        await seen.press("@shoppers", "c")
        await seen.until(lambda: "nobody calls shoppers" in seen.text())


async def test_nothing_selected_is_said(visit: Visiting) -> None:
    """Instead of a silent key."""
    async with visit(Picture(system=faulty().system)) as seen:
        await seen.press("c")
        assert "nothing is selected" in seen.text()


# --- experiments --------------------------------------------------------------------------------------


async def test_an_experiment_is_run_and_its_verdict_told(visit: Visiting) -> None:
    """Live, also while another screen is in front; a second one waits for the first."""
    async with visit(faulty(())) as seen:
        await seen.press("6", "E")
        await seen.until(lambda: "Orders are taken while nobody can be charged" in seen.text())
        await seen.press("enter")
        await seen.until(lambda: "the steady state holds" in seen.text())
        await seen.press("enter", "escape")
        assert seen.backend.calls == [("run_experiment", "payments-outage")]
        seen.backend.verdicts.put_nowait(
            Verdict(name="payments-outage", verdict="deviated", summary="errors were 12 %", broke=2.04)
        )
        await seen.until(lambda: "✕ experiment payments-outage: deviated" in seen.text())
        await seen.press("E")
        await seen.until(lambda: "broke after 2.0 s" in seen.text())


async def test_an_experiment_can_be_ended(visit: Visiting) -> None:
    """It undoes what it did."""
    async with visit(faulty(())) as seen:
        await seen.press("6", "E")
        await seen.until(lambda: "payments-outage" in seen.text())
        await seen.press("enter", "x")
        await seen.until(lambda: "ended by you" in seen.text())
        assert seen.app.chaos.trial is not None
        await seen.until(lambda: seen.app.chaos.trial is not None and not seen.app.chaos.trial.running)


async def test_an_experiment_that_cannot_be_run_is_explained(visit: Visiting) -> None:
    """With the daemon's reason."""
    async with visit(faulty(())) as seen:
        seen.backend.refusal = UsageError("the fault payments-down is on already")
        await seen.press("6", "E")
        await seen.until(lambda: "payments-outage" in seen.text())
        await seen.press("enter")
        await seen.until(lambda: "✕ the fault payments-down is on already" in seen.text())
