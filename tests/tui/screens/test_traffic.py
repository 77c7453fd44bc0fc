"""Every key of the Traffic screen does what the help says."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from meshdev.tui.flow_cells import request_of
from meshdev.tui.flow_list import CallOrder
from meshdev.tui.screens.logs import LogsScreen
from meshdev.tui.screens.traces import TracesScreen
from meshdev.tui.screens.traffic import TrafficScreen
from meshdev.wire.control import ExchangeView
from support_dashboard import Visit, Visiting
from support_traffic import broken_traffic, call, checkout, flood, healthy_traffic, with_ports


def screen(seen: Visit) -> TrafficScreen:
    """The screen under test."""
    found = seen.app.screen
    assert isinstance(found, TrafficScreen)
    return found


async def carry(seen: Visit, calls: Sequence[ExchangeView], lost: int = 0) -> None:
    """These calls have ended."""
    assert seen.backend.traffic is not None
    assert not seen.backend.traffic.closed
    seen.backend.traffic.deliver(calls, lost)
    await seen.settle()


@asynccontextmanager
async def at_traffic(
    visit: Visiting, calls: Sequence[ExchangeView] = (), size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Visit]:
    """The screen in front, with these calls."""
    async with visit(with_ports(), size=size) as seen:
        await seen.press("3")
        await carry(seen, calls)
        yield seen


def requests(seen: Visit) -> list[str]:
    """What the list shows."""
    return [request_of(each) for each in screen(seen).listed.calls]


async def test_calls_are_asked_for_only_while_they_are_shown(visit: Visiting) -> None:
    """Another screen needs none; back here it goes on."""

    def heard(seen: Visit) -> bool | None:
        tail = seen.backend.traffic
        return None if tail is None else not tail.closed

    async with visit() as seen:
        assert heard(seen) is None
        await seen.press("3")
        assert heard(seen) is True
        await seen.press("1")
        assert heard(seen) is False
        await seen.press("3", "4")
        assert heard(seen) is True


async def test_the_newest_call_is_followed(visit: Visiting) -> None:
    """It is the last line, and the cursor is on it."""
    async with at_traffic(visit, healthy_traffic()) as seen:
        await carry(seen, [call(500, "orders", "payments", target="/newest")])
        assert screen(seen).call is not None
        assert "GET /newest" in seen.text().splitlines()[-3]
        assert "following" in seen.text()


@pytest.mark.parametrize("key", ["up", "f", "pageup", "g", "enter", "space"])
async def test_who_looks_closer_pauses_the_list(key: str, visit: Visiting) -> None:
    """Nothing moves under the eyes; what comes is counted; f goes on."""
    async with at_traffic(visit, healthy_traffic()) as seen:
        await seen.press(key)
        here = screen(seen).call
        await carry(seen, [call(500, "a", "b"), call(501, "a", "b")])
        assert screen(seen).call == here
        assert "paused +2" in seen.text()
        await seen.press("f")
        assert screen(seen).listed.calls[-1].seq == 501
        assert "following" in seen.text()


async def test_the_end_key_follows_again(visit: Visiting) -> None:
    """As in a log."""
    async with at_traffic(visit, healthy_traffic()) as seen:
        await seen.press("up", "up", "G")
        await carry(seen, [call(500, "a", "b")])
        assert screen(seen).listed.calls[-1].seq == 500


async def test_a_filter_narrows_the_list_while_it_is_typed(visit: Visiting) -> None:
    """In the language of `meshdev traffic --filter`; what comes later is filtered as well."""
    async with at_traffic(visit, broken_traffic()) as seen:
        await seen.press("/", *"callee=payments status=404")
        assert requests(seen) == ["GET /charges/does-not-exist"]
        await seen.press("enter")
        await carry(seen, [call(900, "a", "payments", status=404, target="/later"), call(901, "a", "b")])
        assert requests(seen) == ["GET /charges/does-not-exist", "GET /later"]
        assert "filter callee=payments status=404" in seen.text()
        assert "2 of 106 calls" in seen.text()
        await seen.press("escape")
        assert len(requests(seen)) == 106


async def test_a_filter_that_cannot_be_read_is_told_at_the_prompt(visit: Visiting) -> None:
    """The list stays as the last readable one made it; Enter drops it."""
    async with at_traffic(visit, broken_traffic()) as seen:
        await seen.press("/", *"callee=shipping ms>")
        shown = requests(seen)
        assert {each.callee for each in screen(seen).listed.calls} == {"shipping"}
        await seen.press(*"fast")
        assert requests(seen) == shown
        assert "✕ filter 'ms>fast'" in seen.text().splitlines()[-4]
        await seen.press("enter")
        assert len(requests(seen)) == 104
        assert "✕ filter" not in seen.text()


async def test_a_filter_that_nothing_passes_says_so(visit: Visiting) -> None:
    """And the way back."""
    async with at_traffic(visit, healthy_traffic()) as seen:
        await seen.press("/", *"callee=nobody", "enter")
        assert "Esc clears the filter" in seen.text()
        await seen.press("enter", "space", "D", "y", "Y", "T", "l")
        assert isinstance(seen.app.screen, TrafficScreen)


async def test_details_say_everything_that_is_known(visit: Visiting) -> None:
    """Error in words, instance, usual durations of the edge, trace, what it led to; Escape closes them."""
    async with at_traffic(visit, broken_traffic(), size=(120, 50)) as seen:
        await seen.press("/", *"callee=shipping error", "enter", "enter")
        text = seen.text()
        for said in (
            "POST /parcels",
            "callee-reset: the callee closed the connection before its answer was complete",
            "↻ 2 times",
            "shipping-0@1",
            "4bf92f3577b34da6a3ce9",
            "On behalf of",
            "storefront → orders  POST /orders?customer=ada",
        ):
            assert said in text
        await seen.press("d")
        assert "On behalf of" not in seen.text()
        await seen.press("d", "escape")
        assert "On behalf of" not in seen.text()


async def test_details_follow_the_cursor(visit: Visiting) -> None:
    """They are those of the line where it is."""
    async with at_traffic(visit, broken_traffic()) as seen:
        await seen.press("enter", "up", "up", "up")
        assert "⚡ slow-payments" in seen.text()
        await seen.press("tab", "down", "escape")
        assert seen.app.focused is screen(seen).table


async def test_two_calls_are_compared(visit: Visiting) -> None:
    """Space marks one, D compares it with the one under the cursor, Escape ends it step by step."""
    async with at_traffic(visit, broken_traffic()) as seen:
        await seen.press("D")
        assert "mark a call with Space first" in seen.text()
        await seen.press("m", "up", "up", "up", "D")
        text = seen.text()
        assert "◆ marked" in text
        assert "≠ Status" in text
        assert "→ 304" in text
        assert "✕ 500" in text
        assert "here: 253.8 times as long" in text
        await seen.press("D")
        assert "◆ marked" not in seen.text()
        await seen.press("D", "escape")
        assert "◆ marked" not in seen.text()
        assert "◆ orders → payments" in seen.text()
        await seen.press("escape")
        assert "◆" not in seen.text()


async def test_the_mark_is_taken_away_where_it_was_set(visit: Visiting) -> None:
    """Space is a switch."""
    async with at_traffic(visit, healthy_traffic()) as seen:
        await seen.press("space")
        assert "◆" in seen.text()
        await seen.press("space")
        assert "◆" not in seen.text()


@pytest.mark.parametrize(
    ("caller", "callee", "changes", "command"),
    [
        ("outside", "storefront", {"target": "/a?b=c d"}, "curl 'http://127.0.0.1:8080/a?b=c%20d'"),
        ("orders", "payments", {"method": "POST"}, "curl -X POST http://127.0.0.1:41003/"),
        ("orders", "payments", {"method": "HEAD"}, "curl -I http://127.0.0.1:41003/"),
        ("orders", "x", {"target": "http://x.test/y"}, "curl http://x.test/y"),
    ],
)
async def test_a_call_is_copied_as_curl(
    caller: str, callee: str, changes: dict[str, str], command: str, visit: Visiting
) -> None:
    """Over the same edge."""
    async with at_traffic(visit, [call(1, caller, callee, **changes)]) as seen:
        await seen.press("y")
        assert seen.app.clipboard == command


async def test_a_call_that_nobody_listens_for_cannot_be_copied(visit: Visiting) -> None:
    """The reason is told."""
    async with at_traffic(visit, [call(1, "shipping", "nowhere")]) as seen:
        await seen.press("y")
        assert "nobody listens for shipping on its way to nowhere" in seen.text()


async def test_the_trace_id_is_copied(visit: Visiting) -> None:
    """In full."""
    async with at_traffic(visit, checkout()) as seen:
        await seen.press("Y")
        assert seen.app.clipboard == checkout()[0].trace


async def test_t_shows_the_trace_with_the_cursor_on_the_call(visit: Visiting) -> None:
    """The waterfall, not the list."""
    async with at_traffic(visit, checkout()) as seen:
        await seen.press("/", *"callee=payments", "enter", "T")
        await seen.until(lambda: isinstance(seen.app.screen, TracesScreen))
        await seen.settle()
        found = seen.app.screen
        assert isinstance(found, TracesScreen)
        assert found.call is not None
        assert found.call.callee == "payments"
        assert "critical path" in seen.text()


async def test_l_shows_the_log_lines_of_the_trace(visit: Visiting) -> None:
    """On the Logs screen."""
    async with at_traffic(visit, checkout()) as seen:
        await seen.press("l")
        await seen.until(lambda: isinstance(seen.app.screen, LogsScreen))


async def test_a_flood_is_shown_by_its_newest_calls(visit: Visiting) -> None:
    """More than are kept; skipped ones are counted."""
    calls = flood()
    async with at_traffic(visit) as seen:
        await carry(seen, calls[:15_000], lost=1234)
        await carry(seen, calls[15_000:])
        text = seen.text()
        assert "20,000 calls" in text
        assert "1,234 skipped" in text
        await seen.press("g")
        assert screen(seen).call == calls[5000]


async def test_the_mouse_holds_the_list(visit: Visiting) -> None:
    """Wheel and click take hold; a click puts the cursor there."""
    async with at_traffic(visit, healthy_traffic()) as seen:
        await seen.pilot.click("#calls", offset=(10, 5))
        await seen.settle()
        assert "paused" in seen.text()
        assert screen(seen).call == screen(seen).listed.calls[-34:][4]


async def test_s_sorts_and_what_comes_is_sorted_in(visit: Visiting) -> None:
    """The cursor is on what the order is about; who moves it holds the list; Home goes on."""
    async with at_traffic(visit, healthy_traffic()) as seen:
        await seen.press("S")
        assert "slowest first" in seen.text()
        assert "TOOK▾" in seen.text()
        await carry(seen, [call(500, "a", "b", ms=9000.0), call(501, "a", "b", ms=0.1)])
        assert screen(seen).listed.calls[0].seq == 500
        assert screen(seen).listed.calls[-1].seq == 501
        found = screen(seen).call
        assert found is not None
        assert found.seq == 500
        await seen.press("down")
        await carry(seen, [call(502, "a", "b", ms=9001.0)])
        assert "paused +1" in seen.text()
        await seen.press("g")
        assert screen(seen).listed.calls[0].seq == 502
        assert "following" in seen.text()
        await seen.press("S", "S", "S")
        assert "by edge" in seen.text()
        await seen.press("S")
        assert [each.seq for each in screen(seen).listed.calls][-3:] == [500, 501, 502]
        assert screen(seen).call == screen(seen).listed.calls[-1]


async def test_a_column_title_sorts(visit: Visiting) -> None:
    """A second click takes it back."""
    async with at_traffic(visit, healthy_traffic()) as seen:
        x = next(line.index("TOOK") for line in seen.text().splitlines() if "TOOK" in line)
        await seen.pilot.click("#calls", offset=(x, 0))
        await seen.settle()
        assert screen(seen).listed.order is CallOrder.SLOWEST
        await seen.pilot.click("#calls", offset=(x, 0))
        await seen.settle()
        assert screen(seen).listed.order is CallOrder.ENDED
