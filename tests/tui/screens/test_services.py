"""Every key of the Services screen does what the help says."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest
from textual.events import Key

from meshdev.errors import ServiceError
from meshdev.tui.model import Order
from meshdev.tui.screens.services import ServicesScreen
from meshdev.tui.scrollback import Line
from meshdev.tui.widgets.bars import PaneTitle
from support_dashboard import (
    NOW,
    Visit,
    Visiting,
    broken,
    healthy,
    instance,
    logs,
    picture,
    service,
    shop,
    signals,
)


def screen(seen: Visit) -> ServicesScreen:
    """The screen under test."""
    found = seen.app.screen_stack[0]
    assert isinstance(found, ServicesScreen)
    return found


@pytest.mark.parametrize(
    ("keys", "call"),
    [
        (("@shoppers", "s"), ("start", "shoppers")),
        (("@orders", "x"), ("stop", "orders")),
        (("@orders", "r"), ("restart", "orders")),
        (("@orders", "plus"), ("scale", "orders", 3)),
        (("@orders", "minus"), ("scale", "orders", 1)),
    ],
)
async def test_a_key_moves_the_selected_service(
    keys: Sequence[str], call: tuple[object, ...], visit: Visiting
) -> None:
    """Start, stop, restart, scale: asked for at once, and told in the ticker."""
    async with visit(broken()) as seen:
        await seen.press(*keys)
        assert seen.backend.calls == [call]
        assert str(call[1]) in seen.text().splitlines()[-2]


async def test_the_last_replica_is_not_scaled_away(visit: Visiting) -> None:
    """That would be a stop, and there is a key for it."""
    async with visit(healthy()) as seen:
        await seen.press("@catalog", "minus")
        assert seen.backend.calls == []
        assert "x stops it" in seen.text()


async def test_a_refusal_is_shown_with_the_way_out(visit: Visiting) -> None:
    """What the daemon refuses is a toast, not a crash."""
    async with visit(healthy()) as seen:
        seen.backend.refusal = ServiceError("payments cannot be stopped", hint="try later [really]")
        await seen.press("@payments", "x")
        await seen.until(lambda: "Could not stop payments" in seen.text())
        text = seen.text()
        assert "try later [really]" in text
        assert "✕ could not stop payments: payments cannot be stopped" in text


async def test_the_cursor_chooses_whose_log_is_shown(visit: Visiting) -> None:
    """Moving on lets the old log go and follows the new one."""
    async with visit(healthy()) as seen:
        await seen.press("down")
        assert seen.backend.tails["brokers.events"].closed
        assert not seen.backend.tails["storefront"].closed
        await seen.press("G")
        assert screen(seen).table.cursor == "shoppers"
        await seen.press("g", "j", "k")
        assert screen(seen).table.cursor == "brokers.events"


async def test_late_lines_of_another_service_are_not_mixed_in(visit: Visiting) -> None:
    """A tail that delivers after it was closed is not heard."""
    async with visit(healthy()) as seen:
        old = seen.backend.tails["brokers.events"]
        await seen.press("down")
        old.deliver([Line("too late")], 0)
        await seen.settle()
        assert "too late" not in seen.text()


async def test_a_filter_narrows_the_table_while_it_is_typed(visit: Visiting) -> None:
    """Enter keeps it, Escape in the table clears it, Escape while typing drops it."""
    async with visit(broken()) as seen:
        await seen.press("/", *"unhealthy")
        assert [row.key for row in screen(seen).table.rows] == ["inventory"]
        await seen.press("enter")
        assert screen(seen).table.has_focus
        assert "filter unhealthy" in seen.text()
        await seen.press("escape")
        assert len(screen(seen).table.rows) == 11
        await seen.press("/", "x", "escape")
        assert len(screen(seen).table.rows) == 11


async def test_a_filter_without_a_match_says_so(visit: Visiting) -> None:
    """An empty table explains itself."""
    async with visit(healthy()) as seen:
        await seen.press("/", *"nobody")
        assert "No service matches 'nobody'." in seen.text()
        assert "Esc clears the filter." in seen.text()


async def test_sorting_keeps_the_cursor_on_its_service(visit: Visiting) -> None:
    """S goes through the orders; the row moves, the selection stays with it."""
    async with visit(broken()) as seen:
        await seen.press("@inventory", "S")
        assert [row.key for row in screen(seen).table.rows][:2] == ["payments", "inventory"]
        assert screen(seen).table.cursor == "inventory"
        assert "sorted by trouble first" in seen.text()
        await seen.press(*("S" * (len(Order) - 1)))
        assert screen(seen).table.rows[0].key == "brokers.events"


async def test_details_and_events_are_a_key_away(visit: Visiting) -> None:
    """The same key comes back to the log."""
    async with visit(broken()) as seen:
        await seen.press("@payments", "d")
        assert "Instances 1" in seen.text()
        await seen.press("v")
        assert "saga.py changed, rolled back" in seen.text()
        assert "Instances 1" not in seen.text()
        await seen.press("v")
        assert "Started server process" in seen.text()


async def test_zoom_gives_the_log_the_whole_screen(visit: Visiting) -> None:
    """z, and Escape or z back."""
    async with visit(healthy()) as seen:
        await seen.press("z")
        assert "STATE" not in seen.text()
        assert screen(seen).log_view.has_focus
        await seen.press("escape")
        assert "STATE" in seen.text()
        assert screen(seen).table.has_focus


async def test_enter_goes_into_the_log_and_escape_back(visit: Visiting) -> None:
    """The hints change with the keyboard's place."""
    async with visit(healthy()) as seen:
        await seen.press("enter")
        assert screen(seen).log_view.has_focus
        assert "& only matching" in seen.text()
        await seen.press("escape")
        assert screen(seen).table.has_focus
        assert "x stop" in seen.text()
        await seen.press("tab")
        assert not screen(seen).table.has_focus


async def test_pause_freezes_the_log_and_counts_what_comes(visit: Visiting) -> None:
    """Nothing moves under the reader's eyes; following again shows all of it."""
    async with visit(healthy(), size=(100, 30)) as seen:
        await seen.press("l", "f")
        seen.backend.tails["brokers.events"].deliver([Line(f"fresh {n}") for n in range(1200)], 0)
        await seen.settle()
        assert "paused +1,200" in seen.text()
        assert "fresh" not in seen.text()
        await seen.press("f")
        assert "fresh 1199" in seen.text()
        assert "following" in seen.text()


async def test_a_flood_is_shown_in_part_and_says_so(visit: Visiting) -> None:
    """What was skipped is counted in the title."""
    async with visit(healthy()) as seen:
        seen.backend.tails["brokers.events"].deliver([Line("newest")], 123_456)
        await seen.settle()
        assert "123,456 skipped" in seen.text()
        assert "newest" in seen.text()


async def test_search_marks_and_walks_through_the_matches(visit: Visiting) -> None:
    """/ finds the newest match, N goes up, n down, Escape clears."""
    async with visit(healthy(), size=(100, 50)) as seen:
        await seen.press("@orders", "l", "/", *"declined", "enter")
        log = screen(seen).log_view
        first = log.current()
        assert first is not None
        assert "Declined" in first.text
        await seen.press("N")
        second = log.current()
        assert second is not None
        assert "raise Declined" in second.text
        await seen.press("n")
        assert log.current() == first
        await seen.press("escape")
        assert not log.status.pattern


async def test_only_matching_lines(visit: Visiting) -> None:
    """& hides the others, and the title counts what is left."""
    async with visit(healthy()) as seen:
        await seen.press("@orders", "l", "&", *"order placed", "enter")
        assert screen(seen).log_view.status.only
        assert "&order placed 3 lines" in seen.text()
        assert "Traceback" not in seen.text()


async def test_the_logs_switches(visit: Visiting) -> None:
    """Wrap, fold, times."""
    async with visit(healthy(), size=(80, 40)) as seen:
        await seen.press("l", "J")
        assert '"msg":"listening"' in seen.text()
        await seen.press("J", "T")
        assert "INFO  listening" in seen.text()
        assert "08:2" in seen.text()
        await seen.press("w")
        assert "wrap" in seen.text()


async def test_copying_takes_the_line_or_the_address(visit: Visiting) -> None:
    """As it was written, through the terminal."""
    async with visit(healthy()) as seen:
        await seen.press("@storefront", "y")
        assert seen.app.clipboard == "http://127.0.0.1:8080"
        await seen.press("l", "y")
        assert seen.app.clipboard == logs()["storefront"][-1].text


async def test_opening_without_a_browser_copies_the_address(visit: Visiting) -> None:
    """Over SSH there is none."""
    async with visit(healthy()) as seen:
        await seen.press("@storefront", "o")
        assert seen.app.clipboard == "http://127.0.0.1:8080"
        assert "no browser here" in seen.text()


@pytest.mark.parametrize(
    ("name", "there", "missing"),
    [
        ("orders", ["x stop", "r restart"], ["s start", "o open"]),
        ("shoppers", ["s start"], ["x stop", "r restart"]),
        ("payments", ["s start", "r restart"], ["x stop"]),
        ("storefront", ["o open"], []),
    ],
)
async def test_only_keys_that_are_of_use_are_offered(
    name: str, there: list[str], missing: list[str], visit: Visiting
) -> None:
    """Nothing dead in the line of hints."""
    async with visit(broken(), size=(160, 40)) as seen:
        await seen.press(f"@{name}")
        hints = seen.text().splitlines()[-1]
        for hint in there:
            assert hint in hints
        for hint in missing:
            assert hint not in hints


async def test_a_selected_service_that_vanishes_hands_over(visit: Visiting) -> None:
    """The cursor goes to a neighbour, and to nobody when all are gone."""
    services = shop()
    async with visit(picture(services.values())) as seen:
        await seen.press("@orders")
        services.pop("orders")
        await seen.show(picture(services.values()))
        assert screen(seen).table.cursor == "payments"
        await seen.show(picture(()))
        assert screen(seen).table.cursor is None
        assert "shop has no services." in seen.text()
        await seen.press("s", "x", "r", "plus", "y", "o", "d")
        assert seen.backend.calls == []


async def test_a_change_is_on_the_screen_with_the_next_picture(visit: Visiting) -> None:
    """A new phase, a new reason, a new instance."""
    async with visit(healthy()) as seen:
        services = shop()
        services["carts"] = msgspec.structs.replace(
            services["carts"],
            phase="backoff",
            health="unknown",
            why="restarts in 2 s",
            restarts=12,
            since=NOW - 3,
        )
        await seen.show(picture(services.values()))
        line = next(line for line in seen.text().splitlines() if "carts" in line)
        assert "↻ backoff" in line
        assert "restarts in 2 s" in line
        assert " 12 " in line


async def test_a_click_selects_sorts_and_presses(visit: Visiting) -> None:
    """The mouse works: rows, titles, tabs, hints."""
    async with visit(broken()) as seen:
        assert await seen.pilot.click("#table", offset=(20, 3))
        await seen.settle()
        assert screen(seen).table.cursor == "catalog"
        assert await seen.pilot.click("#table", offset=(15, 0))
        await seen.settle()
        assert [row.key for row in screen(seen).table.rows][:2] == ["brokers.events", "carts"]
        assert await seen.pilot.click("#title", offset=(10, 0))
        await seen.settle()
        assert "Instances 1" in seen.text()
        assert await seen.pilot.click("#keys", offset=(1, 0))
        await seen.settle()
        assert seen.backend.calls == [("stop", "catalog")]


async def test_several_instances_are_told_apart_in_the_log(visit: Visiting) -> None:
    """A gutter names the instance as soon as there are two."""
    services = {
        "orders": service("orders", replicas=2, instances=[instance("orders"), instance("orders", 1)])
    }
    async with visit(picture(services.values())) as seen:
        assert "0│" in seen.text()
        assert "1│" in seen.text()


async def test_wide_terminals_show_log_and_details_side_by_side(visit: Visiting) -> None:
    """Below 150 columns one of them."""
    async with visit(healthy(), size=(170, 40)) as seen:
        assert "Started server process" in seen.text()
        assert "Instances 1" in seen.text()
        await seen.pilot.resize_terminal(120, 40)
        await seen.settle()
        assert "Instances 1" not in seen.text()


async def test_long_and_wide_names_stay_in_their_column(visit: Visiting) -> None:
    """A name of 60 characters or in Chinese moves nothing."""
    name = "a-service-whose-name-is-as-long-as-anybody-would-ever-write"
    shown = picture((service(name), service("決済サービス"), service("b")))
    async with visit(shown, size=(80, 24)) as seen:
        rows = [line for line in seen.text().splitlines() if "● healthy" in line and "GET" not in line][:3]
        assert all("12m" in row for row in rows)


async def test_what_is_typed_ahead_is_text(visit: Visiting) -> None:
    """Keys that arrive in one burst after / go into the prompt, not to the services."""
    async with visit(healthy()) as seen:
        for key in ("slash", "r", "x", "s", "q"):
            seen.app.post_message(Key(key, "/" if key == "slash" else key))
        await seen.settle()
        assert seen.backend.calls == []
        assert "filter rxsq" in seen.text()
        await seen.press("escape")
        for key in ("l", "slash", "r", "x"):
            seen.app.post_message(Key(key, "/" if key == "slash" else key))
        await seen.settle()
        assert seen.backend.calls == []
        assert screen(seen).log_view.status.pattern == "rx"


async def test_a_burst_acts_on_the_row_that_was_meant(visit: Visiting) -> None:
    """Cursor keys and actions keep their order."""
    async with visit(healthy()) as seen:
        for key in ("down", "down", "r", "down", "x"):
            seen.app.post_message(Key(key, None))
        await seen.settle()
        assert seen.backend.calls == [("restart", "catalog"), ("stop", "carts")]


async def test_secrets_are_shown_on_demand_and_not_of_the_next_service(visit: Visiting) -> None:
    """They come with u; whoever looks at another service has not asked for its secrets."""
    async with visit(healthy(), size=(120, 60)) as seen:
        await seen.press("@orders", "d", "z")
        await seen.until(lambda: "PAYMENTS_SECRET=••••••" in seen.text())
        assert "postgres://shop:••••••@127.0.0.1:5432/shop" in seen.text()
        await seen.press("u")
        assert "PAYMENTS_SECRET=s3cr3t-value" in seen.text()
        await seen.press("@payments")
        await seen.until(lambda: "PAYMENTS_SECRET=••••••" in seen.text())
        assert "s3cr3t-value" not in seen.text()


async def test_an_environment_that_cannot_be_had_is_told_in_its_place(visit: Visiting) -> None:
    """Not as a toast: nobody asked for it."""
    async with visit(healthy(), size=(120, 60)) as seen:
        seen.backend.refusal = ServiceError("no environment now")
        await seen.press("@orders", "d", "z")
        await seen.until(lambda: "no environment now" in seen.text())


async def test_signals_sort_the_table(visit: Visiting) -> None:
    """By key and by the column's title; the busiest, the most failing, the slowest first."""
    edges = (
        signals("shoppers", "storefront", rps=9.0, p99_ms=5.0),
        signals("storefront", "orders", rps=1.0, eps=0.5, p99_ms=7.0),
        signals("orders", "payments", rps=2.0, p99_ms=900.0),
    )
    async with visit(replace(healthy(), signals=edges)) as seen:
        await seen.press("S", "S", "S")
        assert screen(seen).table.rows[0].key == "storefront"
        await seen.press("S")
        assert screen(seen).table.rows[0].key == "orders"
        await seen.press("S")
        assert screen(seen).table.rows[0].key == "payments"
        assert "P99▾" in seen.text()
        assert "50%" in seen.text()


async def test_no_line_stands_below_the_title_of_another_service(visit: Visiting) -> None:
    """Between the cursor's step and the lines of the log that it leads to there are none."""
    async with visit(size=(120, 40)) as seen:
        screen = seen.app.screen
        assert isinstance(screen, ServicesScreen)
        view = screen.log_view

        def shown() -> list[str]:
            return [text for y in range(view.size.height) if (text := view.render_line(y).text.strip())]

        await seen.press("@orders")
        assert shown()
        screen.select("payments")
        await seen.pilot.pause()
        assert "payments" in screen.query_one("#title", PaneTitle).text
        assert shown() == []
        assert view.current() is None
        await seen.settle()
        assert shown()
