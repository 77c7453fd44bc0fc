"""Every key of the Traces screen does what the help says."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from meshdev.tui.screens.logs import LogsScreen
from meshdev.tui.screens.traces import TracesScreen
from meshdev.wire.control import ExchangeView
from support_dashboard import NOW, Visit, Visiting
from support_traffic import broken_traffic, call, checkout, healthy_traffic, with_ports


def screen(seen: Visit) -> TracesScreen:
    """The screen under test."""
    found = seen.app.screen
    assert isinstance(found, TracesScreen)
    return found


async def carry(seen: Visit, calls: Sequence[ExchangeView]) -> None:
    """These calls have ended."""
    assert seen.backend.traffic is not None
    seen.backend.traffic.deliver(calls, 0)
    await seen.settle()


@asynccontextmanager
async def at_traces(
    visit: Visiting, calls: Sequence[ExchangeView] = (), size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Visit]:
    """The screen in front, with these calls."""
    async with visit(with_ports(), size=size) as seen:
        await seen.press("4")
        await carry(seen, calls)
        yield seen


def first(seen: Visit) -> str:
    """The first line of the list."""
    return seen.text().splitlines()[4]


async def test_a_trace_is_one_line(visit: Visiting) -> None:
    """What began it, how long it took, how many calls over how many services, how many failed."""
    async with at_traces(visit, checkout(declined=True)) as seen:
        assert first(seen).split() == [
            *("▌08:26:10", "shoppers", "→", "storefront", "✕", "502", "200ms"),
            *("POST", "/checkout", "6", "7", "✕", "2"),
        ]


async def test_the_list_is_sorted_by_the_next_order(visit: Visiting) -> None:
    """Newest, slowest, most failures, most calls; a click on a title does it too."""
    async with at_traces(visit, broken_traffic()) as seen:
        assert "/assets/logo.svg" in first(seen)
        await seen.press("S")
        assert "2.0s" in first(seen)
        await seen.press("S")
        assert "✕ 2" in first(seen)
        await seen.press("S")
        assert "POST /checkout" in first(seen)
        await seen.press("S")
        assert "/assets/logo.svg" in first(seen)


async def test_a_filter_finds_traces_by_any_of_their_calls(visit: Visiting) -> None:
    """A filter that cannot be read is told at the prompt."""
    async with at_traces(visit, broken_traffic()) as seen:
        await seen.press("/", *"callee=shipping error")
        assert len(screen(seen).table.rows) == 1
        await seen.press(*" x=")
        assert "✕ filter 'x=': no field is called 'x'" in seen.text()
        await seen.press("escape")
        assert len(screen(seen).table.rows) == 48
        await seen.press("/", *"callee=nobody", "enter")
        assert "No trace has a call that matches" in seen.text()
        await seen.press("enter", "d", "y", "Y", "l", "escape")
        assert len(screen(seen).table.rows) == 48


async def test_f_pauses_the_list(visit: Visiting) -> None:
    """What comes meanwhile is counted; Escape or f goes on."""
    async with at_traces(visit, healthy_traffic()) as seen:
        await seen.press("f")
        shown = screen(seen).table.rows
        await carry(seen, [call(500, "a", "b"), call(501, "a", "b")])
        assert screen(seen).table.rows == shown
        assert "paused +2" in seen.text()
        await seen.press("escape")
        assert "following" in seen.text()
        assert screen(seen).table.rows[0].key == f"{501:032x}"


async def test_the_cursor_stays_on_the_newest_until_it_is_moved(visit: Visiting) -> None:
    """Then on its trace; at the top again it follows again."""
    async with at_traces(visit, [call(500, "a", "b")]) as seen:
        await carry(seen, [call(501, "a", "b"), call(502, "a", "b")])
        assert screen(seen).table.cursor == f"{502:032x}"
        await seen.press("down")
        await carry(seen, [call(503, "a", "b")])
        assert screen(seen).table.cursor == f"{501:032x}"
        await seen.press("home")
        await carry(seen, [call(504, "a", "b")])
        assert screen(seen).table.cursor == f"{504:032x}"


async def test_enter_opens_the_waterfall_and_then_a_call(visit: Visiting) -> None:
    """Escape goes back step by step."""
    async with at_traces(visit, checkout()) as seen:
        await seen.press("enter")
        text = seen.text()
        assert "critical path" in text
        assert "◆   └ payments POST /charges" in text
        await seen.press("down", "down", "j", "j", "enter")
        assert "payments-0@1" in seen.text()
        await seen.press("up")
        assert "inventory-0@1" in seen.text()
        await seen.press("G", "d")
        assert "shipping-0@1" not in seen.text()
        await seen.press("d", "escape")
        assert "shipping-0@1" not in seen.text()
        await seen.press("escape")
        assert "newest first" in seen.text()
        assert seen.app.focused is screen(seen).table


async def test_an_open_trace_grows_while_its_calls_come(visit: Visiting) -> None:
    """Its root comes last; the cursor stays on the call where it was."""
    calls = checkout()
    async with at_traces(visit, calls[:3]) as seen:
        await seen.press("enter", "G")
        here = screen(seen).call
        await carry(seen, calls[3:])
        assert screen(seen).call == here
        assert "6 calls, 7 services" in seen.text()


async def test_keys_of_a_call(visit: Visiting) -> None:
    """Copy as curl, copy the id, go to the log lines."""
    async with at_traces(visit, checkout()) as seen:
        await seen.press("Y")
        assert seen.app.clipboard == checkout()[0].trace
        await seen.press("enter", "y")
        assert seen.app.clipboard == "curl -X POST http://127.0.0.1:8080/checkout"
        await seen.press("l")
        await seen.until(lambda: isinstance(seen.app.screen, LogsScreen))


async def test_who_does_not_pass_the_trace_on_is_named(visit: Visiting) -> None:
    """From both sides: in the trace that ends there, and in the one that begins there."""
    strays = [
        call(50, "orders", "ledger", at=NOW - 30 + 0.05, ms=1.0),
        call(51, "orders", "ledger", at=NOW - 30 + 0.06, ms=1.0),
    ]
    calls = [each for each in checkout() if each.caller != "orders"]
    async with at_traces(visit, [*strays, *calls]) as seen:
        await seen.press("/", *"caller=shoppers", "enter", "enter")
        assert "▲ 2 calls of orders began meanwhile without traceparent" in seen.text()
        await seen.press("escape", "/", *["backspace"] * 30, *"callee=ledger", "enter", "enter")
        assert "▲ orders was answering POST /orders" in seen.text()


@pytest.mark.parametrize("size", [(20, 6), (40, 10), (240, 70)])
async def test_no_size_breaks_the_screen(size: tuple[int, int], visit: Visiting) -> None:
    """Tiny and huge terminals draw something, and come back from it."""
    async with at_traces(visit, broken_traffic(), size=size) as seen:
        await seen.press("S", "S", "enter", "enter", "G", "g", "pagedown", "pageup")
        await seen.pilot.resize_terminal(120, 40)
        await seen.settle()
        assert "payments POST /charges" in seen.text()


async def test_a_deep_trace_of_many_calls_is_shown(visit: Visiting) -> None:
    """Ten thousand calls below each other."""
    calls = [
        call(
            seq,
            "a",
            "a",
            trace="f" * 32,
            parent=f"{seq - 1:016x}" if seq > 1 else "",
            at=NOW - 60 + seq / 1000,
        )
        for seq in range(1, 10_001)
    ]
    async with at_traces(visit, calls) as seen:
        await seen.press("enter", "G")
        assert "9999 └ a GET /" in seen.text()
        assert screen(seen).call == calls[-1]


async def test_the_mouse_works_in_the_waterfall(visit: Visiting) -> None:
    """A click puts the cursor there, a second one opens the call."""
    async with at_traces(visit, checkout()) as seen:
        await seen.press("enter")
        await seen.pilot.click("#waterfall", offset=(10, 5), times=2)
        await seen.settle()
        assert "inventory-0@1" in seen.text()
