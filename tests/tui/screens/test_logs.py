"""The Logs screen, over real files."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from meshdev.storage.store import LogStore
from meshdev.telemetry.logline import Level
from meshdev.tui.log_paint import MARK
from meshdev.tui.model import Picture
from meshdev.tui.screens.logs import LogsScreen
from meshdev.tui.widgets.log_view_history import HistoryLog
from support_dashboard import NOW, Visit, Visiting, broken, healthy, picture, starting, system

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEBACK = (
    "Traceback (most recent call last):",
    '  File "orders/saga.py", line 48, in charge',
    "    raise Declined(answer.json()['reason'])",
    "orders.saga.Declined: card expired",
)


class Writer:
    """The logs of a run, written at a time that the test turns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = NOW - 1000
        self.store = LogStore(folder, clock=lambda: self.now)

    def write(self, service: str, *texts: str, instance: int = 0, after: float = 1.0) -> None:
        """Lines of one service in one moment."""
        self.now += after
        stream = self.store.stream(service, f"{service}-{instance}", 1, "stdout")
        stream.feed("".join(f"{text}\n" for text in texts).encode())
        self.store.flush()

    def shop(self) -> None:
        """A little of everything."""
        self.write("brokers.events", "[12] 2026/11/22 09:41:00.000000 [INF] Server is ready")
        self.write("orders", "\x1b[32mINFO\x1b[0m:     Started server process [41237]")
        self.write("payments", 'ts=1 level=info msg="listening" port=33651')
        self.write(
            "orders",
            json.dumps({"level": "info", "msg": "order placed", "order": "o-1041", "trace_id": TRACE_ID}),
            instance=1,
        )
        self.write("payments", f'level=warning msg="card declined" order=o-1041 trace_id={TRACE_ID}')
        self.write("orders", "ERROR saga failed", *TRACEBACK)
        self.write("catalog", "日本語のログも正しく表示されます: 注文 o-1042 を受け付けました")
        self.write("storefront", "GET /orders/o-1041 200 in 3 ms")


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    """Logs to write to."""
    made = Writer(tmp_path / "logs")
    yield made
    made.store.close()


def many(writer: Writer, count: int, replaced: dict[int, str] | None = None) -> None:
    """Numbered lines of two services in turn, twenty in a moment; some are ``replaced``."""
    for start in range(0, count, 20):
        lines = [(replaced or {}).get(number, f"INFO line {number}") for number in range(start, start + 20)]
        writer.write("orders" if start % 40 else "carts", *lines, after=0.02)


@pytest.fixture
def reading(visit: Visiting, writer: Writer, tmp_path: Path) -> Callable[..., object]:
    """The dashboard on the Logs screen of these logs."""

    @asynccontextmanager
    async def open_logs(
        shown: Picture | None = None, size: tuple[int, int] = (120, 40), *, wait: bool = True
    ) -> AsyncIterator[Visit]:
        shown = shown or healthy()
        here = system(root=str(tmp_path), log_dir=str(writer.folder))
        async with visit(replace(shown, system=here), size=size) as seen:
            await seen.press("5")
            if wait:
                await seen.until(lambda: log_of(seen).at_beginning or log_of(seen).full)
                await seen.settle()
            yield seen

    return open_logs


def screen_of(seen: Visit) -> LogsScreen:
    """The screen in front."""
    screen = seen.app.screen
    assert isinstance(screen, LogsScreen)
    return screen


def log_of(seen: Visit) -> HistoryLog:
    """Its lines."""
    return screen_of(seen).log_view


def texts(seen: Visit) -> list[str]:
    """All lines that are there, as they were written."""
    back = log_of(seen).scrollback
    return [back.line(back.first + at).text for at in range(len(back))]


async def filtered(seen: Visit, words: str) -> None:
    """Type a filter and wait until it is in force."""
    await seen.press("&", *(["ctrl+u"]), *words, "enter")
    await seen.until(lambda: log_of(seen).at_beginning or log_of(seen).full)


async def test_all_services_stand_interleaved_by_time(reading: Callable[..., object], writer: Writer) -> None:
    """Each line with its time, its service (the instance where there are several), and folded."""
    writer.shop()
    async with reading() as seen:  # type: ignore[attr-defined]
        shown = seen.text()
        assert "orders-1      │  INFO  order placed  order=o-1041" in shown
        assert "payments      │▲ WARN  card declined  order=o-1041" in shown
        assert "✕ orders.saga.Declined: card expired  ⋯ 4 lines" in shown
        assert "following" in shown
        order = [line for line in shown.split("\n") if "│" in line]
        assert order[0].split("│")[0].split()[-1] == "brokers.events"


async def test_a_stack_trace_unfolds_and_folds(
    reading: Callable[..., object], writer: Writer, tmp_path: Path
) -> None:
    """By Enter; `y` copies all of it, `e` opens the line that it names."""
    writer.shop()
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "saga.py").write_text("\n" * 60)
    edited: list[tuple[Path, int | None]] = []
    async with reading() as seen:  # type: ignore[attr-defined]
        seen.app.edit = lambda path, line=None: edited.append((path, line))
        await seen.press("up", "up", "up")
        assert "⋯ 4 lines" in seen.text()
        await seen.press("enter")
        assert "line 48, in charge" in seen.text()
        assert "⋯" not in seen.text()
        await seen.press("y")
        assert seen.app.clipboard == "\n".join(TRACEBACK)
        await seen.press("e")
        await seen.until(lambda: bool(edited))
        assert edited == [(tmp_path / "orders" / "saga.py", 48)]
        await seen.press("enter")
        assert "⋯ 4 lines" in seen.text()
        await seen.press("up", "e")
        await seen.until(lambda: "names no source file" in seen.text())


async def test_levels_go_round(reading: Callable[..., object], writer: Writer) -> None:
    """All, info, warn, error; a click picks one; the hidden ones are counted."""
    writer.shop()
    async with reading() as seen:  # type: ignore[attr-defined]
        counts = []
        for _ in range(3):
            await seen.press("L")
            await seen.until(lambda: log_of(seen).at_beginning)
            counts.append(len(texts(seen)))
        assert screen_of(seen).wanted.level is Level.ERROR
        assert counts == [7, 3, 2]
        assert "2 of 12" in seen.text()
        await seen.press("L")
        assert screen_of(seen).wanted.level is Level.UNKNOWN
        await seen.pilot.click("#title", offset=(15, 0))
        await seen.settle()
        assert screen_of(seen).wanted.level is Level.WARN


async def test_a_filter_is_typed(reading: Callable[..., object], writer: Writer) -> None:
    """It counts while it is typed; what is wrong is said; Esc brings the one before back; an empty one clears."""
    writer.shop()
    async with reading() as seen:  # type: ignore[attr-defined]
        await filtered(seen, "service=pay* level>=warn")
        assert [line.split()[0] for line in texts(seen)] == ["level=warning"]
        assert "service=pay* level>=warn" in seen.text()
        await seen.press("&", *" /(")
        await seen.until(lambda: "missing )" in seen.text())
        await seen.press("escape")
        await seen.until(lambda: str(screen_of(seen).wanted) == "service=pay* level>=warn")
        await filtered(seen, "nobody-says-this")
        await seen.until(lambda: "No line passes nobody-says-this" in seen.text())
        await seen.press("escape")
        assert not screen_of(seen).wanted
        await filtered(seen, "!/GET/ o-104[12]")
        await filtered(seen, "/o-104[12]/ !GET")
        assert len(texts(seen)) == 3
        await seen.press("&", "ctrl+u", "enter")
        assert not screen_of(seen).wanted
        await seen.press("&", *"level>=loud", "enter")
        assert "no level is called" in seen.text()


async def test_services_are_chosen(reading: Callable[..., object], writer: Writer) -> None:
    """From a list, or by the line under the cursor."""
    writer.shop()
    async with reading() as seen:  # type: ignore[attr-defined]
        await seen.press("o")
        await seen.until(lambda: log_of(seen).at_beginning)
        assert screen_of(seen).wanted.services == ("storefront",)
        await seen.press("o")
        assert screen_of(seen).wanted.services == ()
        await seen.press("space")
        assert "Whose lines" in seen.text()
        await seen.press("a", "space", "down", "space", "enter")
        await seen.until(lambda: log_of(seen).at_beginning)
        assert screen_of(seen).wanted.services == ("brokers.events", "storefront")
        assert len(texts(seen)) == 2
        await seen.press("space", "down", "o")
        assert screen_of(seen).wanted.services == ("storefront",)
        await seen.press("space", "escape")
        assert screen_of(seen).wanted.services == ("storefront",)
        await seen.press("space", "a", "enter")
        assert screen_of(seen).wanted.services == ()


async def test_scrolling_up_brings_what_is_on_the_disk(
    reading: Callable[..., object], writer: Writer
) -> None:
    """Without moving what is looked at, as far as the beginning; and the newest line again."""
    many(writer, 4000)
    async with reading() as seen:  # type: ignore[attr-defined]
        held = len(texts(seen))
        assert held < 4000
        await seen.press("home")
        at = log_of(seen).cursor_line
        assert at is not None
        await seen.until(lambda: len(texts(seen)) > held)
        assert log_of(seen).cursor_line == at
        assert at.text in seen.text()
        for _ in range(40):
            await seen.press("home")
            if log_of(seen).at_beginning:
                break
        await seen.until(lambda: log_of(seen).at_beginning)
        assert texts(seen) == [f"INFO line {number}" for number in range(4000)]
        await seen.press("G")
        assert "INFO line 3999" in seen.text()


async def test_a_search_reaches_the_whole_history(reading: Callable[..., object], writer: Writer) -> None:
    """A match far away is shown with what surrounds it; down again to the newest line."""
    many(writer, 3000, {321: "needle in the past"})
    async with reading() as seen:  # type: ignore[attr-defined]
        await seen.press("/", *"needle", "enter")
        await seen.until(lambda: log_of(seen).detached)
        assert "needle in the past" in seen.text()
        assert "INFO line 320" in seen.text()
        assert "INFO line 322" in seen.text()
        assert "past " in seen.text()
        await seen.press("N")
        await seen.until(lambda: "no match for /needle/ before" in seen.text())
        await seen.press("n")
        await seen.until(lambda: "no match for /needle/ after" in seen.text())
        await seen.press("escape")
        for _ in range(20):
            await seen.press(*["pagedown"] * 8)
            if not log_of(seen).detached:
                break
        await seen.until(lambda: log_of(seen).status.following and "INFO line 2999" in seen.text())
        assert not log_of(seen).detached


async def test_a_search_finds_the_inside_of_a_folded_trace(
    reading: Callable[..., object], writer: Writer
) -> None:
    """And unfolds it."""
    writer.shop()
    async with reading() as seen:  # type: ignore[attr-defined]
        await seen.press("/", *"in charge", "enter")
        assert "line 48, in charge" in seen.text()
        await seen.press("/", "ctrl+u", *"[oops", "enter")
        await seen.press("escape")
        assert log_of(seen).status.pattern == ""


async def test_marks_stand_where_they_were_put(reading: Callable[..., object], writer: Writer) -> None:
    """Between what was before and what came after, also when the filter changes."""
    writer.shop()
    async with reading() as seen:  # type: ignore[attr-defined]
        await seen.press("m")
        assert "── mark 1 · 02:13:20 ───" in seen.text() or "── mark 1 · " in seen.text()
        writer.now = NOW + 5
        writer.write("orders", "INFO after the mark")
        await seen.until(lambda: "INFO after the mark" in texts(seen))
        back = log_of(seen).scrollback
        streams = [back.line(back.first + at).stream for at in range(len(back))]
        assert streams[-2:] == [MARK, "stdout"]
        await seen.press("L")
        await seen.until(lambda: log_of(seen).at_beginning and "mark 1 · " in seen.text())
        assert texts(seen)[-2].startswith("mark 1")
        await seen.press("f", "m")
        assert "the mark stands after the newest line" in seen.text()
        await seen.press("f")
        await seen.until(lambda: "mark 2" in seen.text())


async def test_a_line_leads_to_its_trace_and_back(reading: Callable[..., object], writer: Writer) -> None:
    """To the Traces screen if there is one; a trace's lines are those of all services."""
    writer.shop()
    async with reading() as seen:  # type: ignore[attr-defined]
        asked: list[str] = []
        seen.app.open_trace = asked.append
        await seen.press("enter")
        assert "names no trace" in seen.text()
        await seen.press("/", *"card declined", "enter", "i", "enter")
        assert asked == [TRACE_ID] * 2
        screen_of(seen).show_trace(TRACE_ID)
        await seen.until(lambda: log_of(seen).at_beginning)
        assert len(texts(seen)) == 2
        assert f"trace={TRACE_ID}" in seen.text()


async def test_the_switches(reading: Callable[..., object], writer: Writer) -> None:
    """Raw, times, wrap, pause."""
    writer.shop()
    async with reading(size=(80, 24)) as seen:  # type: ignore[attr-defined]
        assert "INFO  order placed" in seen.text()
        await seen.press("J")
        assert '{"level": "info", "msg"' in seen.text()
        await seen.press("J", "T")
        assert " orders-1   │" in seen.text()
        await seen.press("w")
        assert "wrap" in seen.text()
        await seen.press("f")
        assert "paused" in seen.text()
        writer.write("orders", "INFO while paused")
        await seen.until(lambda: "paused +1" in seen.text())
        await seen.press("f")
        assert "INFO while paused" in seen.text()
        await seen.press("y")
        assert seen.app.clipboard == "INFO while paused"


async def test_a_trace_that_comes_in_pieces_is_one_entry(
    reading: Callable[..., object], writer: Writer
) -> None:
    """Also when its end comes later."""
    writer.write("orders", *TRACEBACK[:2])
    async with reading() as seen:  # type: ignore[attr-defined]
        writer.write("orders", *TRACEBACK[2:])
        await seen.until(lambda: "Declined: card expired" in seen.text())
        writer.write("orders", "next")
        await seen.until(lambda: "next" in texts(seen))


async def test_another_run_has_other_logs(
    reading: Callable[..., object], writer: Writer, tmp_path: Path
) -> None:
    """The daemon was started anew: what was shown is forgotten."""
    writer.shop()
    other = Writer(tmp_path / "other")
    other.write("orders", "INFO a new run")
    async with reading() as seen:  # type: ignore[attr-defined]
        await seen.press("m")
        await seen.show(replace(healthy(), system=system(log_dir=str(other.folder)), seq=121))
        await seen.until(lambda: texts(seen) == ["INFO a new run"])
    other.store.close()


def flooded(writer: Writer) -> None:
    """Many lines of one, few of the others."""
    writer.shop()
    for number in range(40):
        lines = [f"INFO request {number * 100 + line} took {line % 7} ms" for line in range(100)]
        writer.write("shoppers", *lines, after=0.01)
        if number % 10 == 9:
            writer.write("orders", f"WARN queue is {number} long", after=0.001)


SCENES: dict[str, tuple[Picture, Callable[[Writer], None] | None, Sequence[str]]] = {
    "empty": (picture(()), None, ()),
    "starting": (starting(), lambda writer: writer.write("brokers.events", "[INF] Server is ready"), ()),
    "healthy": (healthy(), Writer.shop, ()),
    "broken": (broken(), Writer.shop, ("up", "up", "up", "enter", "L")),
    "flooded": (healthy(), flooded, ("m",)),
    "filter": (healthy(), Writer.shop, ("&", *"service=pay*,orders !GET", "enter")),
    "unfolded": (healthy(), Writer.shop, ("/", *"in charge", "enter")),
    "services": (healthy(), Writer.shop, ("space", "down")),
}
_THUMB = "▁▂▃▄▅▆▇█"
SIZES = [(80, 24), (120, 40), (200, 50)]


@pytest.mark.parametrize(
    ("scene", "size"),
    [(scene, size) for scene in SCENES for size in SIZES[: 2 + (scene == "healthy")]],
)
async def test_the_screen_is_as_it_was(
    scene: str,
    size: tuple[int, int],
    reading: Callable[..., object],
    writer: Writer,
    snapshot: Callable[[str, str], None],
) -> None:
    """Characters and their places, as somebody looked at them."""
    shown, write, keys = SCENES[scene]
    if write is not None:
        write(writer)
    async with reading(shown, size) as seen:  # type: ignore[attr-defined]
        await seen.press(*keys)
        if isinstance(seen.app.screen, LogsScreen):
            await seen.until(lambda: log_of(seen).at_beginning or log_of(seen).full)
        else:
            await seen.until(lambda: "Whose lines" in seen.text())  # a dialog is laid out after it is there
        await seen.settle()
        # How much of a flood has been read when the picture is taken only the thumb of the scroll bar tells.
        text = "\n".join(line.rstrip(_THUMB).rstrip() for line in seen.text().split("\n"))
        snapshot(f"logs-{scene}-{size[0]}x{size[1]}.txt", text if scene == "flooded" else seen.text())
