"""Recordings in Traffic: made by key, looked at, compared, copied, verified, played, removed."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec
import pytest

from meshdev.errors import UsageError
from meshdev.recording.model import Exchange
from meshdev.tui.screens.choice import Choice
from meshdev.tui.screens.record_form import RecordForm
from meshdev.tui.screens.recordings import RecordingsPanel
from meshdev.tui.screens.replay_report import ReplayReport
from meshdev.tui.screens.traffic import TrafficScreen
from meshdev.wire.control import ServiceView
from meshdev.wire.recording_views import RecordRequest
from support_dashboard import Visit, Visiting, healthy
from support_recorded import (
    charge,
    checkout_recording,
    dialogue,
    events,
    passed,
    recorded,
    stale_outcome,
    true_outcome,
)
from support_traffic import with_ports

BIG = (140, 60)


@asynccontextmanager
async def at_traffic(
    visit: Visiting, exchanges: Sequence[Exchange] = (), size: tuple[int, int] = BIG
) -> AsyncIterator[Visit]:
    """Traffic in front; the mesh still has these calls, the library has one recording."""
    async with visit(with_ports(), size=size) as seen:
        seen.backend.library["checkout"] = checkout_recording()
        seen.backend.wholes = {one.span: one for one in exchanges}
        await seen.press("3")
        assert seen.backend.traffic is not None
        seen.backend.traffic.deliver([passed(one, number) for number, one in enumerate(exchanges, 1)], 0)
        await seen.settle()
        yield seen


def replace_stand_in(service: ServiceView, target: str) -> ServiceView:
    """The service, played by ``target``."""
    return msgspec.structs.replace(service, stand_in=target, swapped=True)


def copied(seen: Visit) -> str:
    """What is on the clipboard."""
    return seen.app.clipboard


async def test_two_keys_record_everything(visit: Visiting) -> None:
    """R asks of what, Enter takes what stands there; the ticker tells the name and the way to stop."""
    async with at_traffic(visit) as seen:
        await seen.press("R")
        assert isinstance(seen.app.screen, RecordForm)
        await seen.press("enter")
        assert ("start_recording", RecordRequest()) in seen.backend.calls
        assert "recording 20251122-082640: every call; R in Traffic stops it" in seen.text()


async def test_the_edge_under_the_cursor_is_offered_and_a_name_can_be_given(visit: Visiting) -> None:
    """Tab, down, Enter write it; what it comes to is told before."""
    async with at_traffic(visit, [charge()]) as seen:
        await seen.press("R", *"till", "tab", "down", "down", "enter")
        assert "records orders → payments, without secrets" in seen.text()
        await seen.press("enter")
        request = RecordRequest(name="till", edges=["orders -> payments"])
        assert ("start_recording", request) in seen.backend.calls


async def test_what_is_refused_is_told_in_the_form(visit: Visiting) -> None:
    """And can be put right there; Escape leaves."""
    async with at_traffic(visit) as seen:
        seen.backend.refusal = UsageError("no service is called 'nobody'", hint="did you mean orders?")
        await seen.press("R", "tab", *"nobody", "enter")
        assert "✕ no service is called 'nobody'" in seen.text()
        assert "did you mean orders?" in seen.text()
        await seen.press("escape")
        assert isinstance(seen.app.screen, TrafficScreen)


async def test_the_same_key_stops_and_tells_where_it_is(visit: Visiting) -> None:
    """The mark is there while it is under way, on every screen."""
    async with at_traffic(visit) as seen:
        await seen.show(replace(seen.app.picture, recordings=(recorded("till", exchanges=41, bytes=16_800),)))
        assert "● rec till 41 calls 16K" in seen.text()
        await seen.press("1")
        assert "● rec till 41 calls 16K" in seen.text()
        await seen.press("3", "R")
        assert ("stop_recording", "till") in seen.backend.calls
        assert "till: 42 calls in .meshdev/recordings/till (17KB)" in seen.text()


async def test_of_several_recordings_one_is_chosen(visit: Visiting) -> None:
    """R leads to the list, R there stops the one under the cursor."""
    async with at_traffic(visit) as seen:
        for name in ("a", "b"):
            seen.backend.library[name] = checkout_recording(name, ended=None)
        await seen.show(replace(seen.app.picture, recordings=(recorded("a"), recorded("b"))))
        await seen.press("R")
        assert isinstance(seen.app.screen, RecordingsPanel)
        assert seen.text().count("● recording") == 2
        await seen.press("g", "R")
        assert [call for call in seen.backend.calls if call[0] == "stop_recording"] == [
            ("stop_recording", "a")
        ]


async def test_the_last_minutes_are_kept_by_one_key(visit: Visiting) -> None:
    """How many calls that were is told, and where they are."""
    async with at_traffic(visit) as seen:
        await seen.press("K")
        assert ("save_last", 300.0) in seen.backend.calls
        assert "311 calls in .meshdev/recordings/20251122-082640" in seen.text()


async def test_details_have_headers_and_bodies_without_secrets(visit: Visiting) -> None:
    """JSON laid out, placeholders marked, what took how long; asked for once."""
    async with at_traffic(visit, [charge()]) as seen:
        await seen.press("enter", "z")
        text = seen.text()
        for said in (
            "→ POST /charges?trace=full HTTP/1.1",
            "Authorization: ◇ Bearer",
            '"note": "注文です"',
            "◇ placeholders for secrets: request.header.authorization",
            '", ◇',
            "← HTTP/1.1 201 Created",
            '"status": "accepted"',
            "send 1.2ms",
            "wait 38ms",
        ):
            assert said in text
        assert "Zx81" not in text
        assert "4111 1111 1111 1111" not in text
        await seen.press("z", "escape", "enter")
        assert [call for call in seen.backend.calls if call[0] == "recall"] == [("recall", charge().span)]


async def test_a_call_that_nobody_has_any_more_says_so(visit: Visiting) -> None:
    """And a daemon that refuses is quoted."""
    async with at_traffic(visit, [charge(1), charge(2)]) as seen:
        seen.backend.wholes.clear()
        await seen.press("enter", "z")
        assert "no recording has this one" in seen.text()
        seen.backend.refusal = UsageError("the recorder does not answer", hint="`meshdev doctor` looks why")
        await seen.press("z", "up")
        await seen.press("z")
        assert "the recorder does not answer" in seen.text()


@pytest.mark.parametrize(
    ("exchange", "said"),
    [
        (events(), ["+20ms", "+270ms", "+520ms", 'data: {"mug": 890}']),
        (dialogue(), ["→ ", '{"subscribe": "orders"}', "binary 00 01 02", "close 1000 bye", "4 messages"]),
    ],
)
async def test_what_comes_bit_by_bit_has_its_times(
    exchange: Exchange, said: list[str], visit: Visiting
) -> None:
    """Server-sent events, messages of a WebSocket."""
    async with at_traffic(visit, [exchange]) as seen:
        await seen.press("enter", "z")
        for text in said:
            assert text in seen.text()


async def test_two_calls_are_compared_with_their_bodies(visit: Visiting) -> None:
    """Headers and fields of JSON that differ, by their places; the others are counted."""
    async with at_traffic(visit, [charge(1), charge(2, amount="12.00", status=402)]) as seen:
        await seen.press("space", "up", "D")
        text = seen.text()
        for said in ("body/amount", '"59.70"', '"12.00"', "body/status", "header.x-request-id", "the same"):
            assert said in text


async def test_a_call_is_copied_with_its_body(visit: Visiting) -> None:
    """As curl and as httpx; when the body is gone, without, and that is said."""
    async with at_traffic(visit, [charge()]) as seen:
        await seen.press("y")
        assert copied(seen).startswith("curl 'http://127.0.0.1:")
        assert "--data-raw" in copied(seen)
        assert "o-101" in copied(seen)
        await seen.press("H")
        assert "import httpx" in copied(seen)
        assert "o-101" in copied(seen)
    async with at_traffic(visit, [charge()]) as seen:
        seen.backend.wholes.clear()
        await seen.press("y")
        assert "--data-raw" not in copied(seen)
        assert "its body is gone" in seen.text()


async def test_a_recording_is_opened_in_the_same_list(visit: Visiting) -> None:
    """With details, filter, marks; nothing is asked of the mesh; Escape leads back."""
    async with at_traffic(visit, [charge(7)]) as seen:
        await seen.press("B", "enter")
        assert isinstance(seen.app.screen, TrafficScreen)
        assert "◉ checkout  5 calls" in seen.text()
        await seen.press("enter", "z")
        assert '"order": "o-101"' in seen.text()
        await seen.press("z", "escape", "/", *"status=402", "enter")
        assert "1 of 5 calls" in seen.text()
        await seen.press("escape", "g", "space", "down", "D")
        assert "body/status" in seen.text()
        assert not [call for call in seen.backend.calls if call[0] == "recall"]
        await seen.press("escape", "escape", "escape")
        assert "following" in seen.text()
        assert "◉" not in seen.text()


async def test_calls_that_pass_meanwhile_are_there_when_the_recording_is_closed(visit: Visiting) -> None:
    """And none of them gets into the recording."""
    async with at_traffic(visit, [charge(1)]) as seen:
        await seen.press("B", "enter")
        assert seen.backend.traffic is not None
        seen.backend.traffic.deliver([passed(charge(9), 2)], 0)
        await seen.settle()
        assert "5 calls" in seen.text()
        await seen.press("escape")
        assert "2 calls" in seen.text()


async def test_a_recording_is_verified_and_its_report_shown(visit: Visiting) -> None:
    """How far it is, then differences by route and field; the report can be closed meanwhile."""
    async with at_traffic(visit) as seen:
        await seen.press("B", "v")
        assert isinstance(seen.app.screen, ReplayReport)
        await seen.until(lambda: "6/12" in seen.text())
        await seen.press("escape")
        seen.backend.outcomes.put_nowait([("storefront", stale_outcome()), ("carts", true_outcome())])
        await seen.until(lambda: seen.app.recordings.run is not None and not seen.app.recordings.run.running)
        assert ("replay", "checkout") in seen.backend.calls
        seen.app.push_screen(ReplayReport(seen.app.recordings))
        await seen.settle()
        for said in ("✕ storefront", "4 of 12 answers differ", "body/reason", "✓ carts", "all as recorded"):
            assert said in seen.text()


async def test_a_replay_goes_to_the_service_that_is_chosen_and_can_be_ended(visit: Visiting) -> None:
    """The services that are called in it are offered, the most called first."""
    async with at_traffic(visit) as seen:
        await seen.press("B", "p")
        assert isinstance(seen.app.screen, Choice)
        assert "payments" in seen.text()
        await seen.press("down", "enter")
        assert ("replay", "checkout", "catalog") in seen.backend.calls
        await seen.press("x")
        await seen.until(lambda: "ended by you" in seen.text())


async def test_a_recording_is_exported_and_the_path_told(visit: Visiting) -> None:
    """The format is chosen; what could not be said in it is told."""
    async with at_traffic(visit) as seen:
        await seen.press("B", "e")
        assert "HAR 1.2" in seen.text()
        await seen.press("enter", "escape")
        assert ("export_recording", "checkout", "har") in seen.backend.calls
        assert "/home/ada/shop/checkout.har: HAR, 5 calls" in seen.text()
        assert "2 calls were left out" in seen.text()


async def test_a_recording_plays_a_service_and_gives_it_back(visit: Visiting) -> None:
    """The same choice a second time ends it."""
    async with at_traffic(visit) as seen:
        await seen.press("B", "s", "enter")
        assert ("swap", "payments", "recording:checkout") in seen.backend.calls
        services = [
            replace_stand_in(one, "recording:checkout") if one.name == "payments" else one
            for one in healthy().services
        ]
        await seen.show(replace(seen.app.picture, services=tuple(services)))
        await seen.press("s")
        assert "◫ recording:checkout now" in seen.text()
        await seen.press("enter")
        assert ("swap", "payments", "file") in seen.backend.calls


async def test_a_recording_is_removed_only_after_a_question(visit: Visiting) -> None:
    """What is under way cannot be."""
    async with at_traffic(visit) as seen:
        await seen.press("B", "d")
        assert "Remove checkout?" in seen.text()
        await seen.press("escape")
        assert "checkout" in seen.backend.library
        await seen.press("d", "enter")
        assert not seen.backend.library
        await seen.until(lambda: "There is no recording yet" in seen.text())
        seen.backend.library["day"] = checkout_recording("day", ended=None)
        await seen.show(replace(seen.app.picture, recordings=(recorded("day"),)))
        await seen.press("escape", "B", "d")
        assert "day" in seen.backend.library
        assert not isinstance(seen.app.screen, Choice)


async def test_everything_is_in_the_palette(visit: Visiting) -> None:
    """From any screen, by name."""
    async with at_traffic(visit) as seen:
        await seen.press("1", "ctrl+p", *"verify recording")
        await seen.until(lambda: "Verify recording checkout" in seen.text())
        await seen.press("enter")
        await seen.until(lambda: ("replay", "checkout") in seen.backend.calls)
        await seen.press("escape", "ctrl+p", *"open recording")
        await seen.until(lambda: "Open recording checkout" in seen.text())
        await seen.press("enter")
        await seen.until(lambda: "◉ checkout" in seen.text())
