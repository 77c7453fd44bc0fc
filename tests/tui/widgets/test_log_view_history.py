"""The log pane over a history: its edges."""

from textual import on
from textual.app import App, ComposeResult

from meshdev.tui.scrollback import Line
from meshdev.tui.themes import OWN
from meshdev.tui.widgets.log_view_history import HistoryLog


class HistoryApp(App[None]):
    """Nothing but a log, and what it asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(OWN[0])
        self.theme = OWN[0].name
        self.asked: list[str] = []

    def compose(self) -> ComposeResult:
        """The log."""
        yield HistoryLog(capacity=100)

    @on(HistoryLog.Wanted)
    def wanted(self, event: HistoryLog.Wanted) -> None:
        """Note it."""
        self.asked.append("older" if event.older else "newer")

    @on(HistoryLog.Beyond)
    def beyond(self, event: HistoryLog.Beyond) -> None:
        """Note it."""
        self.asked.append("find older" if event.older else "find newer")

    @on(HistoryLog.Resumed)
    def resumed(self) -> None:
        """Note it."""
        self.asked.append("resumed")

    @property
    def log_view(self) -> HistoryLog:
        """The log."""
        return self.screen.query_one(HistoryLog)

    def lines(self, first: int, last: int) -> list[Line]:
        """Numbered lines, one a second."""
        return [
            Line(f"line {number}", "orders-0", at=float(number), service="orders")
            for number in range(first, last)
        ]


async def test_the_beginning_is_forgotten_when_the_ring_lets_go_of_it() -> None:
    """Then there is something before the first line again, and searching goes on there."""
    app = HistoryApp()
    async with app.run_test(size=(60, 12)) as pilot:
        view = app.log_view
        view.put_before((), beginning=True)
        view.feed(app.lines(0, 50))
        view.take_in()
        begun = [view.at_beginning]
        view.feed(app.lines(50, 200))
        view.take_in()
        assert [*begun, view.at_beginning] == [True, False]
        view.search("line 3$")
        view.action_find(-1)
        await pilot.pause()
        assert app.asked[-1] == "find older"


async def test_what_comes_before_moves_nothing() -> None:
    """The rows that are read stay where they are; at the edge more is asked for."""
    app = HistoryApp()
    async with app.run_test(size=(60, 12)) as pilot:
        view = app.log_view
        view.feed(app.lines(100, 150))
        view.take_in()
        await pilot.press("home")
        await pilot.pause()
        assert app.asked == ["older"] or set(app.asked) == {"older"}
        before = [view.render_line(y).text for y in range(view.size.height)]
        view.put_before(app.lines(0, 100), beginning=True)
        await pilot.pause()
        assert [view.render_line(y).text for y in range(view.size.height)] == before
        assert view.at_beginning


async def test_a_window_of_the_past_leads_back_to_now() -> None:
    """It asks for newer lines at its end, and following means to begin anew."""
    app = HistoryApp()
    async with app.run_test(size=(60, 12)) as pilot:
        view = app.log_view
        view.show_window(app.lines(0, 60), 30, beginning=True)
        await pilot.pause()
        assert view.detached
        assert view.cursor_line is not None
        assert view.cursor_line.text == "line 30"
        await pilot.press("pagedown", "pagedown", "pagedown", "pagedown")
        await pilot.pause()
        assert "newer" in app.asked
        view.put_after(app.lines(60, 70), end=False)
        view.put_after((), end=True)
        await pilot.pause()
        assert app.asked[-1] == "resumed"
