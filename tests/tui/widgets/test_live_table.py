"""The table: what is drawn, and above all what is not drawn again."""

from collections.abc import Sequence

from textual.app import App, ComposeResult
from textual.geometry import Region

from meshdev.tui.columns import Column
from meshdev.tui.model import Cell, Row
from meshdev.tui.themes import OWN
from meshdev.tui.tone import Tone
from meshdev.tui.widgets.live_table import LiveTable

COLUMNS = (
    Column("name", "NAME", 6, 20, 9, always=True),
    Column("value", "VALUE", 5, 8, 8, right=True),
    Column("why", "WHY", 6, 99, 7, flex=True),
)


def rows(count: int, **changed: str) -> list[Row]:
    """Rows r0, r1, …, some with another value."""
    return [
        Row(f"r{n}", (Cell(f"r{n}", Tone.STRONG), Cell(changed.get(f"r{n}", "0")), Cell("fine", Tone.MUTED)))
        for n in range(count)
    ]


class TableApp(App[None]):
    """Nothing but a table that remembers what it was asked to draw again."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(OWN[0])
        self.theme = OWN[0].name
        self.regions: list[Region] = []
        self.messages: list[LiveTable.Highlighted | LiveTable.Chosen] = []

    def compose(self) -> ComposeResult:
        """The table."""
        table = LiveTable(COLUMNS, empty="Nothing.\nTry later.")
        refresh = table.refresh

        def remember(*regions: Region, **options: bool) -> LiveTable:
            self.regions += regions or (Region(),)
            refresh(*regions, **options)
            return table

        table.refresh = remember  # type: ignore[method-assign]
        yield table

    def on_live_table_highlighted(self, message: LiveTable.Highlighted) -> None:
        """Remember it."""
        self.messages.append(message)

    def on_live_table_chosen(self, message: LiveTable.Chosen) -> None:
        """Remember it."""
        self.messages.append(message)

    @property
    def table(self) -> LiveTable:
        """The table."""
        return self.screen.query_one(LiveTable)

    def lines(self) -> list[str]:
        """What the table draws."""
        return [self.table.render_line(y).text for y in range(self.table.size.height)]


def drawn_again(app: TableApp, shown: Sequence[Row]) -> list[int]:
    """The lines that showing ``shown`` makes the table draw again."""
    app.regions.clear()
    app.table.show_rows(shown)
    return [region.y for region in app.regions]


async def test_only_changed_visible_rows_are_drawn_again() -> None:
    """Nothing for the same rows, one line for one change, nothing for what is out of sight."""
    app = TableApp()
    async with app.run_test(size=(40, 12)) as pilot:
        app.table.show_rows(rows(40))
        await pilot.pause()
        assert drawn_again(app, rows(40)) == []
        assert drawn_again(app, rows(40, r3="5")) == [4]
        assert drawn_again(app, rows(40, r3="5", r39="7")) == []


async def test_an_unchanged_row_keeps_its_strip() -> None:
    """The cache is by value: equal rows cost nothing."""
    app = TableApp()
    async with app.run_test(size=(40, 12)) as pilot:
        app.table.show_rows(rows(5))
        await pilot.pause()
        before = [app.table.render_line(y) for y in range(1, 6)]
        app.table.show_rows(rows(5, r2="9"))
        after = [app.table.render_line(y) for y in range(1, 6)]
        assert [old is new for old, new in zip(before, after, strict=True)] == [True, True, False, True, True]


async def test_every_line_is_as_wide_as_the_table() -> None:
    """Header, rows, blanks: with their background to the edge."""
    app = TableApp()
    async with app.run_test(size=(40, 12)) as pilot:
        for count in (0, 3, 40):
            app.table.show_rows(rows(count))
            await pilot.pause()
            width = app.table.scrollable_content_region.width
            strips = [app.table.render_line(y) for y in range(12)]
            assert {strip.cell_length for strip in strips} == {width}
            assert all(segment.style and segment.style.bgcolor for strip in strips for segment in strip)


async def test_the_cursor_goes_with_its_row() -> None:
    """Rows that move, come and go in between don't change the selection."""
    app = TableApp()
    async with app.run_test(size=(40, 8)) as pilot:
        app.table.show_rows(rows(30))
        await pilot.pause()
        await pilot.press("down", "down")
        assert app.table.cursor == "r2"
        app.table.show_rows(list(reversed(rows(30))))
        await pilot.pause()
        assert app.table.cursor == "r2"
        assert any("▌r2" in line for line in app.lines())
        app.table.show_rows(rows(2))
        await pilot.pause()
        assert app.table.cursor == "r1"


async def test_the_cursor_stays_in_sight() -> None:
    """Paging, both ends, and back."""
    app = TableApp()
    async with app.run_test(size=(40, 8)) as pilot:
        app.table.show_rows(rows(30))
        await pilot.pause()
        for key, expected in (
            ("end", "r29"),
            ("pageup", "r23"),
            ("home", "r0"),
            ("pagedown", "r6"),
            ("up", "r5"),
        ):
            await pilot.press(key)
            assert app.table.cursor == expected
            assert any(f"▌{expected} " in line for line in app.lines())
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.messages[-1], LiveTable.Chosen)
        assert app.messages[-1].key == "r5"


async def test_an_empty_table_says_why() -> None:
    """And keys do nothing in it."""
    app = TableApp()
    async with app.run_test(size=(40, 8)) as pilot:
        await pilot.press("down", "enter", "end", "pageup")
        assert any("Nothing." in line for line in app.lines())
        assert any("Try later." in line for line in app.lines())
        assert app.messages == []


async def test_columns_grow_but_never_jump_back() -> None:
    """A long value widens its column once."""
    app = TableApp()
    async with app.run_test(size=(60, 8)) as pilot:
        app.table.show_rows(rows(3))
        await pilot.pause()
        app.table.show_rows(rows(3, r1="1234567"))
        await pilot.pause()
        wide = [fitted.width for fitted in app.table.fitted]
        app.table.show_rows(rows(3))
        await pilot.pause()
        assert [fitted.width for fitted in app.table.fitted] == wide
        assert wide[1] == 7


async def test_the_mark_of_the_order_cuts_no_title() -> None:
    """Where the title fills its column, the mark stands in the gap, and the next column where it was."""
    app = TableApp()
    async with app.run_test(size=(40, 12)) as pilot:
        app.table.show_rows(rows(2))
        await pilot.pause()
        plain = app.lines()[0]
        app.table.show_rows(rows(2), sorted_by="value")
        await pilot.pause()
        assert app.lines()[0] == plain.replace("VALUE ", "VALUE▾")
