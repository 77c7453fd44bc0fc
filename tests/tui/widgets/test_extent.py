"""The length of a scrolled widget, and when it costs a layout."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from textual.app import App, ComposeResult

from meshdev.tui.themes import OWN
from meshdev.tui.tone import Span
from meshdev.tui.widgets.span_view import SpanView


class Lines(App[None]):
    """Nothing but lines, in ten rows."""

    def __init__(self, height: str = "10") -> None:
        super().__init__()
        self.register_theme(OWN[0])
        self.theme = OWN[0].name
        self._height = height

    def compose(self) -> ComposeResult:
        """The lines."""
        view = SpanView()
        view.styles.height = self._height
        yield view

    @property
    def view(self) -> SpanView:
        """The widget."""
        return self.screen.query_one(SpanView)

    def show(self, count: int) -> None:
        """So many lines."""
        self.view.show_lines([[Span(f"line {n}")] for n in range(count)])

    @contextmanager
    def layouts(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
        """What asks for a layout meanwhile."""
        asked: list[bool] = []
        refresh = SpanView.refresh

        def watched(view: SpanView, *regions: object, layout: bool = False, **more: object) -> SpanView:
            if layout:
                asked.append(True)
            return refresh(view, *regions, layout=layout, **more)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(SpanView, "refresh", watched)
            yield asked


@pytest.mark.parametrize(
    ("before", "after", "costs"),
    [(3, 8, False), (8, 3, False), (30, 50, False), (50, 30, False), (3, 30, True), (30, 3, True)],
)
async def test_only_a_scroll_bar_costs_a_layout(
    before: int,
    after: int,
    costs: bool,  # noqa: FBT001 -- a column of the table
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And wherever it leads to, the bar and its reach are those of the lines."""
    app = Lines()
    async with app.run_test(size=(40, 12)) as pilot:
        app.show(before)
        await pilot.pause()
        with app.layouts(monkeypatch) as asked:
            app.show(after)
        await pilot.pause()
        assert bool(asked) == costs
        assert app.view.show_vertical_scrollbar == (after > 10)
        assert app.view.max_scroll_y == max(0, after - 10)


async def test_a_widget_as_high_as_its_lines_is_laid_out() -> None:
    """It would keep its old height."""
    app = Lines("auto")
    async with app.run_test(size=(40, 12)) as pilot:
        app.show(3)
        await pilot.pause()
        app.show(2)
        await pilot.pause()
        assert app.view.size.height == 2
