"""The log pane: what is taken in when, and what a reader sees."""

from textual.app import App, ComposeResult
from textual.events import MouseScrollUp

from meshdev.tui.log_paint import compile_pattern
from meshdev.tui.scrollback import Line
from meshdev.tui.themes import OWN
from meshdev.tui.widgets.log_view import LogView
from support_dashboard import Visiting, healthy


class LogApp(App[None]):
    """Nothing but a log."""

    def __init__(self, capacity: int = 1000) -> None:
        super().__init__()
        self.register_theme(OWN[0])
        self.theme = OWN[0].name
        self._capacity = capacity

    def compose(self) -> ComposeResult:
        """The log."""
        yield LogView(capacity=self._capacity, empty="Nothing yet.")

    @property
    def log_view(self) -> LogView:
        """The log."""
        return self.screen.query_one(LogView)

    def feed(self, *texts: str) -> None:
        """Lines come, and the next frame takes them in."""
        self.log_view.feed([Line(text) for text in texts])
        self.log_view._take_in()

    def lines(self) -> list[str]:
        """What stands on the screen."""
        view = self.log_view
        return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


async def test_the_newest_line_is_at_the_bottom() -> None:
    """While it follows, also when the ring is full."""
    app = LogApp(capacity=50)
    async with app.run_test(size=(40, 10)) as pilot:
        for start in range(0, 200, 20):
            app.feed(*(f"line {number}" for number in range(start, start + 20)))
            await pilot.pause()
            assert app.lines()[-1] == f" line {start + 19}"
        assert len(app.log_view.scrollback) == 50


async def test_scrolling_up_freezes_and_scrolling_down_follows() -> None:
    """With the wheel; what came meanwhile is not lost."""
    app = LogApp()
    async with app.run_test(size=(40, 10)) as pilot:
        app.feed(*(f"line {number}" for number in range(100)))
        await pilot.pause()
        await pilot._post_mouse_events([MouseScrollUp], LogView, (5, 5), 0)
        await pilot.pause()
        assert not app.log_view.status.following
        seen = app.lines()
        app.feed("later")
        await pilot.pause()
        assert app.lines() == seen
        assert app.log_view.status.waiting == 1
        await pilot.press("G")
        await pilot.pause()
        assert app.lines()[-1] == " later"


async def test_lines_that_wait_too_long_are_counted_as_lost() -> None:
    """A paused pane keeps a bounded number of lines."""
    app = LogApp(capacity=10)
    async with app.run_test(size=(40, 10)) as pilot:
        app.feed("first")
        app.log_view.follow(following=False)
        app.feed(*(f"line {number}" for number in range(25)))
        app.log_view.follow(following=True)
        await pilot.pause()
        assert app.log_view.status.lost == 15
        assert app.lines()[-1] == " line 24"


async def test_wrapping_shows_all_of_a_long_line() -> None:
    """In parts, with the gutter only at the first; sideways keys are for unwrapped lines."""
    app = LogApp()
    async with app.run_test(size=(30, 10)) as pilot:
        app.feed("x" * 40 + "決済サービス" * 4 + "END")
        await pilot.pause()
        assert "END" not in "".join(app.lines())
        app.log_view.toggle_wrap()
        await pilot.pause()
        assert "".join(line.strip() for line in app.lines()) == "x" * 40 + "決済サービス" * 4 + "END"
        await pilot.press("right")
        assert app.lines()[0].startswith(" x")
        app.log_view.toggle_wrap()
        await pilot.press("right", "right", "right", "right", "right", "right")
        assert "END" in app.lines()[0]
        await pilot.press("left", "left", "left", "left", "left", "left")
        assert app.lines()[0].startswith(" xxx")


async def test_another_width_keeps_the_place() -> None:
    """Wrapped and frozen, the line on top stays on top."""
    app = LogApp()
    async with app.run_test(size=(60, 10)) as pilot:
        app.feed(*(f"{number:03} " + "word " * 20 for number in range(100)))
        app.log_view.toggle_wrap()
        await pilot.pause()
        app.log_view.action_move(-1)
        app.log_view.action_move(-40)
        app.log_view._scroll(app.log_view.scrollback.row_of(50) or 0)
        await pilot.pause()
        assert app.lines()[0].startswith(" 050")
        await pilot.resize_terminal(35, 12)
        await pilot.pause()
        assert app.lines()[0].startswith(" 050")


async def test_control_characters_never_reach_the_terminal() -> None:
    """Only colours do."""
    app = LogApp()
    async with app.run_test(size=(60, 10)) as pilot:
        app.feed("\x1b[2J\x1b[31mred\x1b[0m\x07 bell", '{"msg":"a\\u001b[2Jb"}')
        await pilot.pause()
        assert app.lines()[:2] == [" red bell", " ab"]
        assert "\x1b" not in "".join(app.lines())


async def test_an_empty_log_says_so() -> None:
    """And clearing brings that back."""
    app = LogApp()
    async with app.run_test(size=(60, 10)) as pilot:
        assert any("Nothing yet." in line for line in app.lines())
        app.feed("something")
        app.log_view.clear("Another one.")
        await pilot.pause()
        assert any("Another one." in line for line in app.lines())
        await pilot.press("up", "n", "N", "pageup", "home")


async def test_text_is_selected_with_the_mouse_and_copied(visit: Visiting) -> None:
    """As it is shown, over several lines; nothing moves meanwhile."""
    async with visit(healthy()) as seen:
        await seen.press("@orders")
        await seen.pilot.mouse_down("#log", offset=(10, 2))
        await seen.pilot.hover("#log", offset=(12, 3))
        await seen.pilot.mouse_up("#log", offset=(20, 4))
        await seen.settle()
        assert "paused" in seen.text()
        await seen.press("ctrl+c")
        assert seen.app.clipboard.startswith("ders/o-1041 200 in 3 ms\n日本語")
        assert seen.app.clipboard.endswith("\nprogress 100%")


def test_a_pattern_that_is_no_regular_expression_is_taken_as_text() -> None:
    """While one is being typed it often is none."""
    assert compile_pattern("[oops").search("an [OOPS here") is not None
    assert compile_pattern("Upper").search("upper") is None
    assert compile_pattern("o+ps").search("OOOPS") is not None
